// SPDX-License-Identifier: MIT
// The window is closed, the connection drops, the shell is killed: nothing of polter is left.
#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "polter/watching.h"

using namespace poltergeist;
using namespace poltergeist::test;
using namespace std::chrono_literals;

namespace {

const std::string kWatch = kPolter + " app --watch ";

// A job of a shell whose program ends for no signal and has a descendant in another session.
class Job {
 public:
  enum class Place { Foreground, Background, Stopped };

  explicit Job(Place place) {
    project_.daemon().settle(quick(Project::fresh(1), 50ms));
    shell_.emplace(project_);
    shell().say(kWatch + "clinging" + (place == Place::Background ? " &" : ""));
    if (!shell()->await_output("up ")) throw std::runtime_error("no program");
    if (place != Place::Stopped) return;
    shell()->type(kCtrlZ);
    if (!shell()->await_output("Stopped") || !shell().await_prompt()) {
      throw std::runtime_error("not stopped");
    }
  }

  Shell& shell() { return *shell_; }
  // The shell included.
  [[nodiscard]] bool await_nobody() const {
    return await([&] { return processes_mentioning(project_.dir().string()).empty(); });
  }

 private:
  Project project_;
  std::optional<Shell> shell_;
};

// In ticks of the clock.
long processor_time_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  for (int i = 3; i < 14; ++i) fields >> field;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

// Has the processor for so long. Whoever turns in circles meanwhile has as much of it.
void compute_for(std::chrono::milliseconds time) {
  const auto until = std::clock() + time.count() * CLOCKS_PER_SEC / 1000;
  while (std::clock() < until) {
  }
}

}  // namespace

TEST_CASE("when the terminal is closed, everything is gone") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1), 100ms));
  Watching polter(project, {"grandchild"});
  const pid_t pid = polter.await_up();
  const pid_t grandchild = number_behind("grandchild ", polter->output());
  polter->hang_up();
  CHECK(polter->await_end() == Exit::by_code(129));
  CHECK_FALSE(is_alive(pid));
  CHECK_FALSE(is_alive(grandchild));
}

TEST_CASE("a shell whose terminal is closed takes its jobs with it, wherever they are") {
  for (const auto place : {Job::Place::Foreground, Job::Place::Background, Job::Place::Stopped}) {
    Job job(place);
    job.shell()->hang_up();
    CHECK(job.await_nobody());
  }
}

TEST_CASE("a shell that is hung up takes its jobs with it") {
  for (const auto place : {Job::Place::Foreground, Job::Place::Background, Job::Place::Stopped}) {
    Job job(place);
    job.shell()->signal(SIGHUP);
    CHECK(job.await_nobody());
  }
}

TEST_CASE("a shell that is killed takes the job in the foreground with it, and a stopped one") {
  for (const auto place : {Job::Place::Foreground, Job::Place::Stopped}) {
    Job job(place);
    job.shell()->signal(SIGKILL);
    CHECK(job.await_nobody());
  }
}

// The kernel tells it nothing; the window goes with the shell.
TEST_CASE("a job in the background whose shell was killed goes with the terminal") {
  Job job(Job::Place::Background);
  job.shell()->signal(SIGKILL);
  REQUIRE(await_death(job.shell()->pid()));
  job.shell()->hang_up();
  CHECK(job.await_nobody());
}

TEST_CASE("a hang-up that was ignored when polter was started stays so") {
  Project project;
  project.daemon().settle(Project::fresh());
  auto plan = project.plan({"app", "-w", "serve"});
  plan.before_exec = [] {
    ::setsid();
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGINT, SIG_IGN);
  };
  Program polter(plan);
  REQUIRE(polter.await_output("up "));
  polter.signal(SIGHUP);
  polter.signal(SIGINT);  // sent by a process: meant for us, ignored or not
  CHECK(polter.await_end() == Exit::by_code(130));
  CHECK(polter.output().find("interrupt 1") != std::string::npos);
}

TEST_CASE("with nohup polter outlives its terminal, and does not turn in circles for it") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  auto plan = Watching::plan(project, {"linger"});
  plan.before_exec = [] { ::signal(SIGHUP, SIG_IGN); };
  Program polter(plan);
  REQUIRE(polter.await_output("up "));
  const pid_t first = await_program(polter.pid());
  REQUIRE(await_feed(project, 1));
  polter.hang_up();
  REQUIRE(await_death(first));  // its keyboard is gone, and it knows no better
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(await_feed(project, 2));
  const auto before = processor_time_of(polter.pid());
  compute_for(400ms);
  // A tenth of what a circle would have taken.
  CHECK(processor_time_of(polter.pid()) - before <= 4);
  polter.signal(SIGTERM);
  CHECK(polter.await_end() == Exit::by_code(143));
}
