// SPDX-License-Identifier: MIT
// The window is closed, the connection drops, the shell is killed: nothing of polter is left.
#include <csignal>

#include <catch2/catch.hpp>

#include "polter/watching.h"
#include "support/processor_time.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::test;
using namespace std::chrono_literals;

namespace {

const std::string kWatch = kPolter + " app --watch ";

// For each way in which a terminal ends.
int all_rounds() {
  return rounds(1, 50);
}

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

}  // namespace

TEST_CASE("when the terminal is closed, everything is gone") {
  for (int round = 0; round < all_rounds(); ++round) {
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
}

TEST_CASE("a shell whose terminal is closed takes its jobs with it, wherever they are") {
  for (int round = 0; round < 3 * all_rounds(); ++round) {
    Job job(static_cast<Job::Place>(round % 3));
    job.shell()->hang_up();
    CHECK(job.await_nobody());
  }
}

TEST_CASE("a shell that is hung up takes its jobs with it") {
  for (int round = 0; round < 3 * all_rounds(); ++round) {
    Job job(static_cast<Job::Place>(round % 3));
    job.shell()->signal(SIGHUP);
    CHECK(job.await_nobody());
  }
}

TEST_CASE("a shell that is killed takes the job in the foreground with it, and a stopped one") {
  for (int round = 0; round < 2 * all_rounds(); ++round) {
    Job job(round % 2 == 0 ? Job::Place::Foreground : Job::Place::Stopped);
    job.shell()->signal(SIGKILL);
    CHECK(job.await_nobody());
  }
}

// The kernel tells it nothing; the window goes with the shell.
TEST_CASE("a job in the background whose shell was killed goes with the terminal") {
  for (int round = 0; round < all_rounds(); ++round) {
    Job job(Job::Place::Background);
    job.shell()->signal(SIGKILL);
    REQUIRE(await_death(job.shell()->pid()));
    job.shell()->hang_up();
    CHECK(job.await_nobody());
  }
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
  // Half of what a circle would have taken.
  CHECK(processor_time_of(polter.pid()) - before <= 200ms);
  polter.signal(SIGTERM);
  CHECK(polter.await_end() == Exit::by_code(143));
}
