// SPDX-License-Identifier: MIT
// One Ctrl+C is one interrupt, whenever it is pressed.
#include <fcntl.h>
#include <sched.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "polter/watching.h"
#include "support/dice.h"
#include "support/pending_signal.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::test;

namespace {

enum class Moment { Waiting, Starting, Running, InDelay, Stopping, Launching };

// What polter does to programs comes as SIGTERM here, so that an interrupt is one that was typed.
api::TargetAnswer told_by_sigterm(std::uint64_t build, Milliseconds delay) {
  auto answer = Project::fresh(build);
  answer.restart = api::RestartSettings{SIGTERM, delay, Milliseconds(60'000)};
  return answer;
}

void await_or_throw(bool came, const char* what) {
  if (!came) throw std::runtime_error(std::string("never: ") + what);
}

// Brings polter to that moment, or close to it. True if a program is certainly up and on its own.
bool bring_to(Moment moment, Project& project, Watching& polter) {
  const auto delay = Milliseconds(moment == Moment::InDelay ? 60'000 : 0);
  await_or_throw(project.daemon().await_waits(1), "a wait");
  if (moment == Moment::Waiting) return false;
  project.daemon().settle(told_by_sigterm(1, delay));
  if (moment == Moment::Starting) return false;
  polter.await_up();
  if (moment == Moment::Running) return true;
  await_or_throw(await_feed(project, 1), "the next wait");
  project.daemon().settle(told_by_sigterm(2, delay));
  if (moment == Moment::InDelay) return true;
  await_or_throw(polter->await_output("told 1"), "the old program is told");
  if (moment == Moment::Stopping) return true;
  polter->type("end\n");
  return false;
}

// Presses Ctrl+C once around that moment, and lets what is up then end by itself.
void press_once(Moment moment, Dice& dice) {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  Watching polter(project, {"--verbose", "linger"});
  // Ours, for what is so after polter's end.
  const UniqueFd terminal(::fcntl(polter->terminal(), F_DUPFD_CLOEXEC, 0));
  const auto before = settings_of(terminal.get());
  const bool is_up = bring_to(moment, project, polter);
  for (auto turns = dice.below(3000); turns > 0; --turns) ::sched_yield();
  polter->type(kCtrlC);
  // Once it says so, it has told the program whatever it had to tell it.
  const bool waits = polter->await_output("SIGINT: ending");
  if (waits) polter->type("end\n");
  const auto end = polter->await_end();
  INFO(polter->output());
  CHECK(end.shell_code() == 130);
  CHECK(same(before, settings_of(terminal.get())));
  if (waits) CHECK(end == Exit::by_code(130));
  if (is_up) {
    CHECK(polter.count("interrupt") == 1);
    CHECK(polter.count("told") == (moment == Moment::Stopping ? 1 : 0));
  } else {
    CHECK(polter.count("interrupt") <= 1);
  }
  CHECK(await([&] { return processes_mentioning(project.dir().string()).empty(); }));
}

}  // namespace

TEST_CASE("whenever Ctrl+C is pressed it is one interrupt, 130, and nobody is left") {
  const int count = rounds(24, 200);
  constexpr int kMoments = 6;
  for (int round = 0; round < count; ++round) {
    Dice dice(static_cast<std::uint64_t>(round));
    press_once(static_cast<Moment>(round % kMoments), dice);
  }
}

TEST_CASE("Ctrl+C that is typed before the program is there ends polter and starts nothing") {
  Project project;
  run_from_path(project);
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"serve"});
  polter.await_up();
  REQUIRE(await_feed(project, 1));
  const auto is_lease = [](const api::WaitParams& wait) { return wait.lease; };
  project.daemon().hold(is_lease);
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter->await_output("interrupt 1"));
  REQUIRE(project.daemon().await_resting(is_lease));
  // The answer that lets it launch comes first, then Ctrl+C: it learns of both when it goes on.
  polter->signal(SIGSTOP);
  REQUIRE(await([&] { return state_of(polter->pid()) == 'T'; }));
  project.daemon().hold(nullptr);
  polter->type(kCtrlC);
  REQUIRE(await([&] { return is_pending(polter->pid(), SIGINT); }));
  polter->signal(SIGCONT);
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK(polter.count("up ") == 1);
  CHECK(polter.count("killed") == 0);
}
