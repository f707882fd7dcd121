// SPDX-License-Identifier: MIT
#include "build/hooks.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::build;
using namespace std::chrono_literals;
using config::Hook;
using config::HookTrigger;

namespace {

using Lines = std::vector<std::string>;

const TargetId kApp("app");

std::string shown(const HookAction& action) {
  if (const auto* start = std::get_if<StartHook>(&action)) return "start " + start->hook.name;
  if (const auto* format = std::get_if<StartFormatter>(&action)) {
    return "format " + format->hook.name + " < " + format->input;
  }
  if (const auto* cancel = std::get_if<CancelHook>(&action)) {
    return std::string("cancel ") + std::to_string(cancel->id.value()) +
           (cancel->timed_out ? " (time)" : "");
  }
  const auto& ended = std::get<HookEnded>(action);
  return ended.result.summary;
}

Lines shown(const HookActions& actions) {
  Lines lines;
  for (const auto& action : actions) lines.push_back(shown(action));
  return lines;
}

struct Driver {
  Hooks hooks;
  Instant now = Instant{} + 1h;

  Lines built(std::uint64_t build, HookTrigger trigger, const std::vector<Hook>& list) {
    return shown(hooks.on_build_ended(kApp, BuildId(build), trigger, list, now));
  }
  Lines building() { return shown(hooks.on_build_started(kApp, now)); }
  Lines ended(std::uint64_t id, HookExit exit = {}) {
    return shown(hooks.on_ended(HookId(id), std::move(exit), now));
  }
};

}  // namespace

TEST_CASE("hooks run one after another, those that are bound to the outcome") {
  Driver d;
  const Hook on_failure{.name = "alarm", .on_success = false, .on_failure = true};
  CHECK(d.built(1, HookTrigger::Success, {{.name = "lint"}, on_failure, {.name = "test"}}) ==
        Lines{"start lint"});
  CHECK(d.ended(1) == Lines{"lint: passed (exit 0)", "start test"});
  CHECK(d.ended(2, {.exit_code = 3}) == Lines{"test: failed (exit 3)"});
  CHECK(d.hooks.is_idle());
  CHECK(d.built(2, HookTrigger::Failure, {{.name = "lint"}, on_failure}) == Lines{"start alarm"});
}

TEST_CASE("a newer build cancels the hooks of an older one, which have no result") {
  Driver d;
  d.built(1, HookTrigger::Success, {{.name = "lint"}, {.name = "test"}});
  CHECK(d.building() == Lines{"cancel 1"});
  CHECK(d.building() == Lines{});
  CHECK(d.built(2, HookTrigger::Success, {{.name = "lint"}}) == Lines{});  // the old one still runs
  CHECK(d.ended(1, {.exit_code = 143}) == Lines{"start lint"});
  CHECK(d.ended(3) == Lines{"lint: passed (exit 0)"});
  CHECK(d.hooks.is_idle());
}

TEST_CASE("a hook that takes too long is stopped and failed, and the next one runs") {
  Driver d;
  d.built(1, HookTrigger::Success, {{.name = "slow", .timeout = 2s}, {.name = "next"}});
  CHECK(d.hooks.deadline() == d.now + 2s);
  d.now += 2s;
  CHECK(shown(d.hooks.on_time(d.now)) == Lines{"cancel 1 (time)"});
  CHECK_FALSE(d.hooks.deadline());
  CHECK(d.ended(1, {.exit_code = 143}) == Lines{"slow: failed (timed out)", "start next"});
}

TEST_CASE("a formatter gets the output of its hook and its own output is the result") {
  Driver d;
  const std::vector<Hook> list = {{.name = "test", .formatter = "fmt"}};
  d.built(1, HookTrigger::Success, list);
  CHECK(d.ended(1, {.exit_code = 1, .standard_output = "raw"}) == Lines{"format test < raw"});
  CHECK(d.ended(1, {.standard_output = R"({"summary":"3 tests"})"}) == Lines{"3 tests"});
  d.built(2, HookTrigger::Success, list);
  CHECK(d.ended(2, {.standard_output = "[\"line\"]"}) == Lines{"test: passed (exit 0)"});
  d.built(3, HookTrigger::Success, list);
  d.ended(3, {.standard_output = "raw"});
  CHECK(d.ended(3, {.exit_code = 1, .standard_output = "[\"no\"]"}) ==
        Lines{"test: passed (exit 0)"});
}

TEST_CASE("hooks of different targets do not wait for each other") {
  Driver d;
  d.built(1, HookTrigger::Success, {{.name = "one"}});
  CHECK(shown(d.hooks.on_build_ended(TargetId("lib"), BuildId(2), HookTrigger::Success,
                                     {{.name = "two"}}, d.now)) == Lines{"start two"});
  CHECK(shown(d.hooks.on_target_removed(TargetId("lib"), d.now)) == Lines{"cancel 2"});
  CHECK(d.ended(2) == Lines{});
  CHECK(d.ended(99) == Lines{});
  CHECK_FALSE(d.hooks.is_idle());
}
