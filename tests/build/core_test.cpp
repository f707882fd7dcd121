// SPDX-License-Identifier: MIT
#include "build/core.h"

#include <catch2/catch.hpp>

#include "build/core_driver.h"
#include "build/stages.h"

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

const Lines kNothing;

config::BuildScheduling cancelling() {
  return {.on_change = config::OnChange::Cancel};
}

config::BuildScheduling slots(int count) {
  return {.parallelization = count};
}

}  // namespace

// ---- Clocks

TEST_CASE("a change is built one quiet period after the last change of its burst") {
  Driver d({target("app")});
  d.all_fresh();
  CHECK(d.edit({"app"}) == kNothing);
  CHECK(d.after(15ms) == kNothing);
  CHECK(d.edit({"app"}) == kNothing);
  CHECK(d.after(19ms) == kNothing);
  CHECK(d.hold("app") == "window");
  CHECK(d.after(1ms) == Lines{"start app#1"});
}

TEST_CASE("a burst that never pauses is built at the latest maxSettlingDelay after it began") {
  Driver d({target("app")});
  d.all_fresh();
  Lines started;
  for (int i = 0; i < 250 && started.empty(); ++i) {
    d.edit({"app"});
    started = d.after(10ms);
  }
  CHECK(started == Lines{"start app#1"});
  CHECK(d.why("app").started - *d.why("app").first_event == 2000ms);
}

TEST_CASE("a settling delay of 0 builds at once") {
  auto app = target("app");
  app.settling_delay = 0ms;
  Driver d({app});
  d.all_fresh();
  CHECK(d.edit({"app"}) == Lines{"start app#1"});
}

TEST_CASE("an edit during a build is built once more when that has ended, and then no more") {
  Driver d({target("app")});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({"app"});
  CHECK(d.after(1s) == kNothing);
  CHECK(d.verdict("app").stale);
  CHECK(d.succeeded(1) == Lines{"start app#2"});
  CHECK(d.succeeded(2) == kNothing);
  CHECK(d.standing("app") == "fresh");
  CHECK(d.after(1h) == kNothing);
  CHECK_FALSE(d.core.deadline());
}

TEST_CASE("a batch that touches other targets leaves a target as it was") {
  Driver d({target("app"), target("lib")});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({"app"});
  d.edit({"lib"});
  d.after(20ms);
  CHECK(d.succeeded(1) == Lines{"start app#3"});
}

TEST_CASE("the built clock is that of the build's start, for failures too") {
  Driver d({target("app")});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({});
  d.edit({});
  d.failed(1);
  CHECK(d.verdict("app").built_clock == 1);
  CHECK(d.verdict("app").dirty_clock == 1);
  CHECK(d.standing("app") == "failed");
}

TEST_CASE("a target that was not evaluated is unknown, fresh ones are not built, stale ones are") {
  Driver d({target("a"), target("b"), target("c")});
  CHECK(d.standing("a") == "unknown");
  CHECK(d.evaluated("a", Evaluation::Fresh) == kNothing);
  CHECK(d.evaluated("b", Evaluation::Stale) == Lines{"start b#1"});
  CHECK(d.why("b").cause == Cause::Initial);
  CHECK(d.standing("a") == "fresh");
  CHECK(d.core.unevaluated() == std::vector<TargetId>{TargetId("c")});
}

TEST_CASE("an evaluation older than a change does not hide the change") {
  Driver d({target("app")});
  d.edit({"app"});
  static_cast<void>(d.core.on_evaluated(TargetId("app"), Evaluation::Fresh, 0, d.now));
  CHECK(d.after(20ms) == Lines{"start app#1"});
}

TEST_CASE("build ids go on where the caller's count stands") {
  Core core(42);
  const auto now = Instant{} + 1h;
  static_cast<void>(core.configure({.targets = {target("app")}}, now));
  const auto actions = core.on_evaluated(TargetId("app"), Evaluation::Stale, 1, now);
  REQUIRE(actions.size() == 1);
  CHECK(std::get<StartBuild>(actions[0]).build == BuildId(42));
  CHECK(core.next_build_id() == 43);
}

// ---- Slots and order

TEST_CASE(
    "no more builds run at once than may, and a cancelled one keeps its slot until it is gone") {
  auto scheduling = cancelling();
  scheduling.parallelization = 1;
  Driver d({target("a"), target("b")}, scheduling);
  d.all_fresh();
  d.edit({"a"});
  d.after(20ms);
  d.edit({"b"});
  CHECK(d.edit({"a"}) == Lines{"cancel a#1 (newer changes)"});
  CHECK(d.after(1s) == kNothing);
  CHECK(d.hold("b") == "slot");
  CHECK(d.ended(1, Outcome::Cancelled).size() == 1);
}

TEST_CASE("whoever somebody waits for goes first") {
  Driver d({target("busy"), target("a"), target("b")}, slots(1));
  d.all_fresh();
  d.edit({"busy"});
  d.after(20ms);
  d.edit({"a"});
  d.after(5s);
  d.edit({"b"});
  d.hurry("b");
  CHECK(d.core.queue(d.now) == std::vector<TargetId>{TargetId("b"), TargetId("a")});
}

TEST_CASE("the target that is worked on goes before one that a shared header touched") {
  Driver d({target("busy"), target("far"), target("near")}, slots(1));
  d.all_fresh();
  for (int i = 0; i < 3; ++i) {
    d.edit({"near"}, "near/main.c");
    d.after(1s);
    d.succeeded(static_cast<std::uint64_t>(i) + 1);
  }
  d.edit({"busy"});
  d.after(20ms);
  d.edit({"far", "near"}, "include/shared.h");
  d.after(1s);
  CHECK(d.succeeded(4) == Lines{"start near#5"});
}

TEST_CASE("waiting counts more than any score in the end") {
  Driver d({target("loud"), target("quiet")}, slots(1));
  d.all_fresh();
  d.edit({"quiet"});  // it wins the first slot
  d.after(20ms);
  d.edit({"quiet"});
  Lines started;
  std::uint64_t build = 1;
  int rounds = 0;
  for (; rounds < 100 && (started.empty() || started[0].rfind("start quiet", 0) != 0); ++rounds) {
    for (int i = 0; i < 10; ++i) d.edit({"loud"}, "loud/" + std::to_string(i));
    d.after(2s);
    started = d.succeeded(build++);
  }
  CHECK(rounds < 40);
}

TEST_CASE("a target whose edit is undone has not waited when its dependency makes it stale again") {
  Driver d({target("busy"), target("lib"), target("app", {"lib"}), target("late")}, slots(1));
  d.all_fresh();
  d.edit({"busy"});
  d.after(20ms);
  d.edit({"app"});
  d.after(20ms);
  CHECK(d.hold("app") == "slot");
  d.edit({"lib"});
  d.after(20ms);
  const Touched undone{
      .target = TargetId("app"), .paths = {RelPath::parse("src/a.c").value()}, .restored = true};
  static_cast<void>(d.core.on_changes({undone}, ++d.clock, d.now));
  CHECK(d.hold("app") == "dependency");
  d.after(10min);
  CHECK(d.succeeded(1) == Lines{"start lib#2"});
  d.edit({"late"});
  d.after(1min);
  CHECK(d.succeeded(2) == Lines{"start late#3"});
}

TEST_CASE("targets that share a build directory are not built at the same time") {
  auto a = target("a");
  auto b = target("b");
  a.exclusive_key = b.exclusive_key = "cmake:build";
  Driver d({a, b, target("c")}, slots(3));
  d.all_fresh();
  d.edit({"a", "b", "c"});
  CHECK(d.after(20ms).size() == 2);
  const auto waiting = d.hold("a") == "exclusive" ? "a" : "b";
  CHECK(d.hold(waiting) == "exclusive");
  CHECK(d.succeeded(d.core.running()[0].build.value()).size() == 1);
}

// ---- Cancelling

TEST_CASE("a change cancels the running build, but after three in a row one is let through") {
  Driver d({target("app")}, cancelling());
  d.all_fresh();
  d.edit({"app"}, "a.c");
  d.after(20ms);
  for (std::uint64_t build = 1; build <= 3; ++build) {
    CHECK(d.edit({"app"}, "b.c").size() == 1);
    CHECK(d.edit({"app"}, "c.c") == kNothing);  // it is being cancelled already
    CHECK(d.ended(build, Outcome::Cancelled) == kNothing);
    CHECK(d.after(20ms).size() == 1);
  }
  CHECK(d.edit({"app"}) == kNothing);
  CHECK(d.verdict("app").built_clock == 0);
  d.after(20ms);
  CHECK(d.succeeded(4) == Lines{"start app#5"});
  CHECK(d.edit({"app"}) == Lines{"cancel app#5 (newer changes)"});
}

TEST_CASE(
    "a build that rewrites a file itself is not cancelled for it, and its habit is remembered") {
  Driver d({target("app")}, cancelling());
  d.all_fresh();
  d.rewrite("app");
  CHECK(d.after(20ms) == kNothing);  // nobody had read it
  d.edit({"app"}, "a.c");
  CHECK(d.after(20ms) == Lines{"start app#1"});
  CHECK(d.rewrite("app") == kNothing);
  CHECK(d.edit({"app"}, "a.c") == Lines{"cancel app#1 (newer changes)"});
  CHECK(d.ended(1, Outcome::Cancelled) == kNothing);
  CHECK(d.after(20ms) == Lines{"start app#2"});
  CHECK(d.rewrite("app") == kNothing);
  CHECK(d.failed(2) == kNothing);
  d.edit({"app"}, "a.c");
  CHECK(d.after(20ms) == Lines{"start app#3"});
  CHECK(d.rewrite("app") == kNothing);
  CHECK(d.succeeded(3) == kNothing);
  CHECK(d.after(1h) == kNothing);
  CHECK(d.standing("app") == "fresh");
}

TEST_CASE("what a cancelled build started for is among the reasons of the next one") {
  Driver d({target("app")}, cancelling());
  d.all_fresh();
  d.edit({"app"}, "first.c");
  d.after(20ms);
  d.edit({"app"}, "second.c");
  d.ended(1, Outcome::Cancelled);
  d.after(20ms);
  CHECK(d.why("app").paths ==
        std::vector<RelPath>{*RelPath::parse("first.c"), *RelPath::parse("second.c")});
  CHECK(d.why("app").total_paths == 2);
}

TEST_CASE("a build that ends well before its cancellation reached it counts") {
  Driver d({target("app")}, cancelling());
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({"app"});
  d.succeeded(1);
  CHECK(d.verdict("app").built_clock == 1);
  CHECK(d.after(20ms) == Lines{"start app#2"});
}

// ---- Retries

TEST_CASE("a failed build is tried again with growing delays, and no more often than configured") {
  auto app = target("app");
  app.max_retries = 2;
  Driver d({app});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.failed(1);
  CHECK(d.standing("app") == "failed");
  CHECK(d.hold("app") == "retry");
  CHECK(d.after(999ms) == kNothing);
  CHECK(d.after(1ms) == Lines{"start app#2 attempt 2"});
  CHECK(d.why("app").cause == Cause::Retry);
  d.failed(2);
  CHECK(d.after(1999ms) == kNothing);
  CHECK(d.after(1ms) == Lines{"start app#3 attempt 3"});
  d.failed(3);
  CHECK(d.after(1h) == kNothing);
  CHECK(d.core.verdict(TargetId("app")).attempts == 3);
  d.edit({"app"});
  d.after(20ms);
  d.succeeded(4);
  CHECK(d.core.verdict(TargetId("app")).attempts == 0);
}

TEST_CASE("a retry is dropped as soon as something newer is to be built") {
  auto app = target("app");
  app.max_retries = 1;
  Driver d({app});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.failed(1);
  d.edit({"app"});
  CHECK(d.after(20ms) == Lines{"start app#2"});
  d.failed(2);
  CHECK(d.after(1s) == Lines{"start app#3 attempt 2"});
}

TEST_CASE("a failure of a build whose inputs changed meanwhile is not tried again but built anew") {
  auto app = target("app");
  app.max_retries = 3;
  Driver d({app});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({"app"});
  d.after(20ms);
  CHECK(d.failed(1) == Lines{"start app#2"});
}

TEST_CASE("a failure that newer changes supersede leaves the target anything but failed") {
  Driver d({target("app")});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  d.edit({"app"});
  d.after(20ms);
  d.failed(1);
  CHECK(d.standing("app") == "building");
  d.edit({"app"});
  d.failed(2);
  CHECK(d.standing("app") == "pending");
  d.after(20ms);
  d.failed(3);
  CHECK(d.standing("app") == "failed");
}

TEST_CASE("no retry waits longer than 30 s, and one that cannot help is not made") {
  auto app = target("app");
  app.max_retries = 10;
  app.backoff_multiplier = 100;
  Driver d({app});
  d.evaluated("app", Evaluation::Stale);
  d.failed(1);
  d.after(1s);
  d.failed(2);
  CHECK(d.after(30s) == Lines{"start app#3 attempt 3"});
  d.ended(3, Outcome::Impossible);
  CHECK(d.after(1h) == kNothing);
}

// ---- Dependencies

TEST_CASE("a dependency is built first, and then its dependents once") {
  Driver d({target("app", {"lib"}), target("lib")});
  d.all_fresh();
  d.edit({"app", "lib"});
  CHECK(d.after(20ms) == Lines{"start lib#1"});
  CHECK(d.standing("app") == "pending");
  CHECK(d.hold("app") == "dependency");
  CHECK(d.verdict("app").blocked_by == TargetId("lib"));
  CHECK(d.succeeded(1) == Lines{"start app#2"});
  CHECK(d.succeeded(2) == kNothing);
  CHECK(d.standing("app") == "fresh");
}

TEST_CASE("a rebuilt dependency makes its dependents stale though none of their files changed") {
  Driver d({target("app", {"mid"}), target("mid", {"lib"}), target("lib")});
  d.all_fresh();
  d.edit({"lib"});
  CHECK(d.standing("app") == "pending");
  CHECK(d.after(20ms) == Lines{"start lib#1"});
  CHECK(d.succeeded(1) == Lines{"start mid#2"});
  CHECK(d.why("mid").cause == Cause::Dependency);
  CHECK(d.why("mid").dependency == TargetId("lib"));
  CHECK(d.standing("app") == "pending");
  CHECK(d.succeeded(2) == Lines{"start app#3"});
}

TEST_CASE("the two ways of a diamond lead to one build") {
  Driver d({target("top", {"left", "right"}), target("left", {"lib"}), target("right", {"lib"}),
            target("lib")});
  d.all_fresh();
  d.edit({"lib"});
  d.after(20ms);
  CHECK(d.succeeded(1).size() == 2);
  CHECK(d.succeeded(2) == kNothing);
  CHECK(d.succeeded(3) == Lines{"start top#4"});
  CHECK(d.succeeded(4) == kNothing);
}

TEST_CASE("a failed dependency blocks its dependents, who name it, until it is mended") {
  Driver d({target("app", {"mid"}), target("mid", {"lib"}), target("lib")});
  d.all_fresh();
  d.edit({"lib", "app"});
  d.after(20ms);
  CHECK(d.failed(1) == kNothing);
  CHECK(d.standing("app") == "blocked");
  CHECK(d.verdict("app").blocked_by == TargetId("lib"));
  CHECK(d.standing("mid") == "blocked");
  CHECK_FALSE(d.core.deadline());
  d.edit({"lib"});
  d.after(20ms);
  CHECK(d.succeeded(2) == Lines{"start mid#3"});
}

TEST_CASE("a disabled dependency counts as fresh, unless it is being built") {
  auto lib = target("lib");
  lib.enabled = false;
  Driver d({target("app", {"lib"}), lib});
  d.all_fresh();
  d.edit({"app", "lib"});
  CHECK(d.after(20ms) == Lines{"start app#1"});
  d.succeeded(1);
  CHECK(d.standing("app") == "fresh");
  CHECK(d.request("lib") == Lines{"start lib#2"});
  CHECK(d.standing("app") == "pending");
  CHECK(d.succeeded(2) == Lines{"start app#3"});
}

TEST_CASE("targets that depend on each other do not hang the scheduler") {
  Driver d({target("a", {"b"}), target("b", {"a"})});
  d.all_fresh();
  d.edit({"a", "b"});
  CHECK(d.after(20ms) == Lines{"start b#1"});
  CHECK(d.succeeded(1) == Lines{"start a#2"});
  CHECK(d.succeeded(2) == kNothing);
}

// ---- People

TEST_CASE("paused, nothing is built by itself, and resuming builds what is stale") {
  Driver d({target("app")});
  d.pause();
  d.evaluated("app", Evaluation::Stale);
  CHECK(d.hold("app") == "paused");
  CHECK(d.after(1h) == kNothing);
  CHECK_FALSE(d.core.deadline());
  CHECK(d.resume() == Lines{"start app#1"});
}

TEST_CASE("a request builds a paused target, its stale dependencies first, and leaves the pause") {
  Driver d({target("app", {"lib"}), target("lib"), target("other")});
  d.all_fresh();
  d.pause();
  d.edit({"lib", "other"});
  CHECK(d.request("app") == Lines{"start lib#1"});
  CHECK(d.succeeded(1) == Lines{"start app#2"});
  CHECK(d.succeeded(2) == kNothing);
  d.edit({"app"});
  CHECK(d.after(1h) == kNothing);
}

TEST_CASE("a request builds a disabled target once") {
  auto app = target("app");
  app.enabled = false;
  Driver d({app});
  CHECK(d.evaluated("app", Evaluation::Stale) == kNothing);
  CHECK(d.hold("app") == "disabled");
  CHECK(d.request("app") == Lines{"start app#1"});
  CHECK(d.why("app").cause == Cause::Requested);
  d.succeeded(1);
  d.edit({"app"});
  CHECK(d.after(1s) == kNothing);
}

TEST_CASE("a request leaves a fresh target alone unless it is forced") {
  Driver d({target("app")});
  d.all_fresh();
  CHECK(d.request("app") == kNothing);
  CHECK(d.request("app", Force::Yes) == Lines{"start app#1"});
  CHECK(d.request("app") == kNothing);  // the running build answers it
  CHECK(d.request("app", Force::Yes) == kNothing);
  CHECK(d.succeeded(1) == Lines{"start app#2"});
  CHECK(d.succeeded(2) == kNothing);
}

TEST_CASE("a request builds again what failed") {
  Driver d({target("app")});
  d.evaluated("app", Evaluation::Stale);
  d.failed(1);
  CHECK(d.request("app") == Lines{"start app#2"});
}

TEST_CASE("a request survives the cancellation of the build that answered it") {
  auto app = target("app");
  app.enabled = false;
  Driver d({app}, cancelling());
  d.all_fresh();
  d.request("app", Force::Yes);
  CHECK(d.edit({"app"}) == Lines{"cancel app#1 (newer changes)"});
  d.ended(1, Outcome::Cancelled);
  CHECK(d.after(20ms) == Lines{"start app#2"});
}

TEST_CASE("whoever waits closes the window, of the dependencies too") {
  Driver d({target("app", {"lib"}), target("lib")});
  d.all_fresh();
  d.edit({"lib"});
  CHECK(d.hurry("app") == Lines{"start lib#1"});
}

TEST_CASE("no build starts while its artifact is about to be executed, nor one of a dependency") {
  Driver d({target("app", {"lib"}), target("lib")});
  d.all_fresh();
  const auto first = d.lease("app");
  const auto second = d.lease("app");
  d.edit({"lib"});
  CHECK(d.after(20ms) == kNothing);
  CHECK(d.hold("lib") == "lease");
  CHECK(d.release(first) == kNothing);
  CHECK(d.release(second) == Lines{"start lib#1"});
}

TEST_CASE("a lease that nobody releases ends after two seconds") {
  Driver d({target("app")});
  d.all_fresh();
  const auto lease = d.lease("app");
  d.edit({"app"});
  CHECK(d.after(1999ms) == kNothing);
  CHECK(d.after(1ms) == Lines{"start app#1"});
  CHECK(d.release(lease) == kNothing);
}

// ---- git

TEST_CASE("no build starts while git rewrites the tree, and one when it is done") {
  Driver d({target("app")});
  d.all_fresh();
  d.git(GitOperation::Running);
  for (int i = 0; i < 50; ++i) {
    d.edit({"app"});
    CHECK(d.after(100ms) == kNothing);
  }
  CHECK(d.hold("app") == "git");
  CHECK(d.git(GitOperation::Over) == kNothing);  // its last events may be on their way
  CHECK(d.after(20ms) == Lines{"start app#1"});
}

TEST_CASE("a git operation that never ends holds builds for 30 s") {
  Driver d({target("app")});
  d.all_fresh();
  d.git(GitOperation::Running);
  d.edit({"app"});
  CHECK(d.after(30s - 1ms) == kNothing);
  CHECK(d.after(1ms) == Lines{"start app#1"});
  d.edit({"app"});
  d.succeeded(1);
  CHECK(d.after(20ms) == Lines{"start app#2"});  // it is not believed any more
}

TEST_CASE("whoever waits does not wait for git") {
  Driver d({target("app")});
  d.all_fresh();
  d.git(GitOperation::Running);
  d.edit({"app"});
  CHECK(d.hurry("app") == Lines{"start app#1"});
}

// ---- Reload

TEST_CASE("a reload starts nothing of a target that it does not change") {
  Driver d({target("app")});
  d.all_fresh();
  auto app = target("app");
  app.max_retries = 3;
  app.settling_delay = 0ms;
  CHECK(d.configure({app}) == kNothing);
  CHECK(d.edit({"app"}) == Lines{"start app#1"});
  CHECK(d.configure({app}) == kNothing);
}

TEST_CASE("a target whose definition changed is built from the new one, whatever was running") {
  Driver d({target("app")});
  d.evaluated("app", Evaluation::Stale);
  auto app = target("app");
  app.definition.cwd = "sub";
  CHECK(d.configure({app}) == Lines{"cancel app#1 (the target's definition changed)"});
  CHECK(d.ended(1, Outcome::Cancelled) == Lines{"start app#2"});
  CHECK(d.why("app").cause == Cause::Configuration);
}

TEST_CASE("a removed target's build is cancelled and keeps its slot until it is gone") {
  Driver d({target("app")}, slots(1));
  d.evaluated("app", Evaluation::Stale);
  CHECK(d.configure({target("new")}, slots(1)) == Lines{"cancel app#1 (the target was removed)"});
  CHECK(d.evaluated("new", Evaluation::Stale) == kNothing);
  CHECK(d.standing("app") == "unknown");
  CHECK(d.ended(1, Outcome::Cancelled) == Lines{"start new#2"});
  CHECK(d.core.running().size() == 1);
}

TEST_CASE("a target that is removed and comes back does not believe its old build") {
  Driver d({target("app")});
  d.evaluated("app", Evaluation::Stale);
  d.configure({});
  d.configure({target("app")});
  d.edit({"app"});
  CHECK(d.after(1s) == kNothing);  // the old build is not gone
  CHECK(d.succeeded(1) == Lines{"start app#2"});
}

// ---- Loops

TEST_CASE(
    "a target whose own builds set it off is slowed down and named, and a person's edit is not") {
  Driver d({target("app")});
  d.evaluated("app", Evaluation::Stale);
  std::uint64_t build = 1;
  for (; build <= 2; ++build) {
    d.edit({"app"}, "gen/version.h");
    d.after(20ms);
    CHECK(d.succeeded(build).size() == 1);
  }
  d.edit({"app"}, "gen/version.h");
  d.after(20ms);
  CHECK(d.succeeded(build) == kNothing);
  CHECK(d.hold("app") == "loop");
  CHECK(d.verdict("app").loop == std::vector<RelPath>{*RelPath::parse("gen/version.h")});
  CHECK(d.after(999ms) == kNothing);
  CHECK(d.after(1ms) == Lines{"start app#4"});
  d.edit({"app"}, "gen/version.h");
  d.succeeded(4);
  CHECK(d.after(1900ms) == kNothing);
  d.edit({"app"}, "src/main.c");
  CHECK(d.after(20ms) == Lines{"start app#5"});
}

TEST_CASE("a loop of its own builds ends after six pauses, but not for a person or a request") {
  Driver d({target("app")});
  d.evaluated("app", Evaluation::Stale);
  std::uint64_t build = 1;
  const auto build_and_change = [&] {
    d.edit({"app"}, "gen/version.h");
    d.succeeded(build++);
    d.after(20ms);
  };
  for (int i = 0; i < 3; ++i) build_and_change();
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s}) {
    CHECK(d.after(pause - 21ms) == kNothing);
    CHECK(d.after(21ms).size() == 1);
    build_and_change();
  }
  CHECK(d.after(24h) == kNothing);
  CHECK(d.hold("app") == "loop");
  CHECK_FALSE(d.core.deadline());

  SECTION("a request builds it once") {
    CHECK(d.request("app").size() == 1);
    build_and_change();
    CHECK(d.after(24h) == kNothing);
  }
  SECTION("an edit while nothing runs starts anew") {
    d.edit({"app"}, "gen/version.h");
    CHECK(d.after(20ms).size() == 1);
    for (int i = 0; i < 2; ++i) build_and_change();
    CHECK(d.standing("app") == "building");
  }
}

// ---- Why

TEST_CASE("the reasons of a build are kept: paths without repetition, how many, and when") {
  Driver d({target("app")});
  d.all_fresh();
  const auto begin = d.now;
  for (int i = 0; i < 30; ++i) d.edit({"app"}, "src/" + std::to_string(i / 1) + ".c");
  d.edit({"app"}, "src/0.c");
  d.after(20ms);
  const auto& why = d.why("app");
  CHECK(why.cause == Cause::Changed);
  CHECK(why.paths.size() == 20);
  CHECK(why.total_paths == 31);
  CHECK(why.clock == 31);
  CHECK(why.first_event == begin);
  CHECK(why.window_closed == begin + 20ms);
  CHECK(why.queued == begin + 20ms);
  CHECK(why.started == begin + 20ms);
}

// ---- Stages

namespace {

const WallTime kWall = *from_iso8601("2026-01-31T12:00:00.000Z");

Timing stages_of(const Driver& d, const std::string& name) {
  return stages_before(d.why(name), d.now, kWall).timing();
}

}  // namespace

TEST_CASE("the stages of an edit begin when its first hint was noticed") {
  Driver d({target("app")});
  d.all_fresh();
  const auto told = [&](Duration ago) {
    static_cast<void>(d.core.on_changes(
        {{.target = TargetId("app"), .paths = {*RelPath::parse("a.c")}, .noticed = d.now - ago}},
        ++d.clock, d.now));
  };
  told(3ms);
  d.after(5ms);
  told(1ms);
  CHECK(d.after(20ms) == Lines{"start app#1"});
  d.now += 7ms;
  const auto timing = stages_of(d, "app");
  CHECK(timing[Stage::Event] == 0us);
  CHECK(timing[Stage::WindowClosed] == 28ms);
  CHECK(timing[Stage::Queued] == 28ms);
  CHECK_FALSE(timing[Stage::Spawned]);
  CHECK(timing.at == kWall - 35ms);
}

TEST_CASE("whoever waits for a blocked target's next attempt waits no longer than until its time") {
  auto lib = target("lib", {"base"});
  lib.enabled = false;
  lib.max_retries = 1;
  Driver d({target("base"), lib, target("app", {"lib"})});
  d.all_fresh();
  CHECK(d.request("lib", Force::Yes) == Lines{"start lib#1"});
  d.failed(1);
  d.edit({"base", "app"});
  CHECK(d.after(20ms) == Lines{"start base#2"});
  d.failed(2);
  CHECK(d.standing("app") == "blocked");
  // Nobody will build lib again by himself: it is disabled, and keeps nobody else from building.
  CHECK(d.after(1min) == Lines{"start app#3"});
}

TEST_CASE("a build that waits for a slot has a queued stage before its start") {
  Driver d({target("a"), target("b")}, slots(1));
  d.all_fresh();
  d.edit({"a"});
  d.after(20ms);
  d.edit({"b"});
  d.after(500ms);
  CHECK(d.succeeded(1) == Lines{"start b#2"});
  const auto& why = d.why("b");
  CHECK(*why.queued - *why.first_event == 20ms);
  CHECK(why.started - *why.queued == 480ms);
}

TEST_CASE("what changes while it is queued queues it anew, also with a settling delay of 0") {
  auto b = target("b");
  b.settling_delay = 0ms;
  Driver d({target("a"), b}, slots(1));
  d.all_fresh();
  d.edit({"a"});
  d.after(20ms);
  const auto first = d.now;
  d.edit({"b"});
  d.after(30ms);
  d.edit({"b"});
  d.after(5ms);
  CHECK(d.succeeded(1) == Lines{"start b#2"});
  const auto& why = d.why("b");
  CHECK(why.first_event == first);
  CHECK(why.window_closed == first + 30ms);
  CHECK(why.queued == first + 30ms);
}

TEST_CASE("a build that no change asked for has no event and no window") {
  Driver d({target("app"), target("dependent", {"app"})});
  SECTION("the initial one") {
    CHECK(d.evaluated("app", Evaluation::Stale) == Lines{"start app#1"});
  }
  SECTION("a forced one") {
    d.all_fresh();
    CHECK(d.request("app", Force::Yes) == Lines{"start app#1"});
  }
  const auto timing = stages_of(d, "app");
  CHECK_FALSE(timing[Stage::Event]);
  CHECK_FALSE(timing[Stage::WindowClosed]);
  CHECK(timing[Stage::Queued] == 0us);
}

TEST_CASE("a build that a dependency asked for has no event: the dependency has it") {
  Driver d({target("lib"), target("app", {"lib"})});
  d.all_fresh();
  d.edit({"lib"});
  d.after(20ms);
  CHECK(d.succeeded(1) == Lines{"start app#2"});
  CHECK(stages_of(d, "lib")[Stage::Event]);
  CHECK_FALSE(stages_of(d, "app")[Stage::Event]);
}

TEST_CASE("a build that was cancelled hands its event on, a failed one does not") {
  auto app = target("app");
  app.max_retries = 1;
  Driver d({app}, cancelling());
  d.all_fresh();
  const auto begin = d.now;
  d.edit({"app"});
  d.after(20ms);
  SECTION("a change cancelled it") {
    d.after(30ms);
    d.edit({"app"});
    d.ended(1, Outcome::Cancelled);
    CHECK(d.after(20ms) == Lines{"start app#2"});
    CHECK(d.why("app").first_event == begin);
    CHECK(d.why("app").window_closed == begin + 70ms);
  }
  SECTION("its definition changed: the window of then is the last that closed") {
    auto changed = app;
    changed.definition.cwd = "elsewhere";
    d.configure({changed}, cancelling());
    CHECK(d.ended(1, Outcome::Cancelled) == Lines{"start app#2"});
    CHECK(d.why("app").first_event == begin);
    CHECK(d.why("app").window_closed == begin + 20ms);
  }
  SECTION("it failed and is tried again") {
    d.failed(1);
    CHECK(d.after(1s) == Lines{"start app#2 attempt 2"});
    CHECK_FALSE(stages_of(d, "app")[Stage::Event]);
  }
}

TEST_CASE("a wall clock that jumps moves no stage, only the time that is shown") {
  Driver d({target("app")});
  d.all_fresh();
  d.edit({"app"});
  d.after(20ms);
  auto before = stages_before(d.why("app"), d.now, kWall);
  auto after = stages_before(d.why("app"), d.now, kWall - std::chrono::hours(24 * 365));
  for (auto* clock : {&before, &after}) clock->reached(Stage::Spawned, d.now + 1ms);
  CHECK(before.timing().after == after.timing().after);
  CHECK(before.timing().at - after.timing().at == std::chrono::hours(24 * 365));
}
