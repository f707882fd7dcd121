// SPDX-License-Identifier: MIT
#include "state/event_bus.h"

#include <optional>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::state;
using nlohmann::json;

namespace {

const WallTime kNow = *from_iso8601("2026-01-31T12:00:00.000Z");
const TargetId kApp("app");
const TaskId kTask("notify");
const ExecutionId kExecution(17);

std::uint64_t pause(EventBus& bus, bool paused = true) {
  return bus.publish(PauseChanged{paused}, kNow);
}

}  // namespace

TEST_CASE("events are numbered from 1 in their scope, without gaps") {
  EventBus bus;
  std::vector<std::pair<std::string, std::uint64_t>> heard;
  const auto subscription =
      bus.subscribe([&](const Event& event) { heard.emplace_back(event.scope, event.seq); });
  pause(bus);
  bus.publish(TargetAdded{kApp}, kNow);
  bus.publish(BuildQueued{kApp, "a.c changed"}, kNow);
  bus.publish(TargetAdded{TargetId("lib")}, kNow);
  CHECK(pause(bus) == 2);
  CHECK(heard ==
        decltype(heard){
            {"daemon", 1}, {"target:app", 1}, {"target:app", 2}, {"target:lib", 1}, {"daemon", 2}});
  CHECK(bus.journal().last_seq("target:app") == 2);
  CHECK(bus.journal().last_seq("target:none") == 0);
}

TEST_CASE("events are numbered also while nobody listens") {
  EventBus bus;
  pause(bus);
  CHECK(pause(bus) == 2);
}

TEST_CASE("a subscription ends with its handle, and may outlive the bus") {
  std::optional<EventBus> bus(std::in_place);
  int heard = 0;
  auto first = bus->subscribe([&](const Event&) { ++heard; });
  auto second = bus->subscribe([&](const Event&) { heard += 10; });
  pause(*bus);
  first.reset();
  pause(*bus);
  CHECK(heard == 21);
  bus.reset();
  second.reset();
}

TEST_CASE("a moved subscription is still one subscription") {
  EventBus bus;
  int heard = 0;
  Subscription kept;
  {
    auto subscription = bus.subscribe([&](const Event&) { ++heard; });
    kept = std::move(subscription);
  }
  pause(bus);
  CHECK(heard == 1);
}

TEST_CASE("a listener may end its own subscription, and others that come after it") {
  EventBus bus;
  std::string heard;
  Subscription second;
  Subscription first;
  // Large enough to live outside the function object: a use after its end is seen by the sanitizer.
  const std::string word(100, 'a');
  first = bus.subscribe([&, word](const Event&) {
    first.reset();
    second.reset();
    heard += word[99];
  });
  second = bus.subscribe([&](const Event&) { heard += 'b'; });
  const auto third = bus.subscribe([&](const Event&) { heard += 'c'; });
  pause(bus);
  pause(bus);
  CHECK(heard == "acc");
}

TEST_CASE("who subscribes while an event is delivered hears the next one") {
  EventBus bus;
  int heard = 0;
  std::vector<Subscription> late;
  const auto subscription = bus.subscribe([&](const Event&) {
    if (late.empty()) late.push_back(bus.subscribe([&](const Event&) { ++heard; }));
  });
  pause(bus);
  CHECK(heard == 0);
  pause(bus);
  CHECK(heard == 1);
}

TEST_CASE("a listener that throws does not stop the others") {
  EventBus bus;
  int heard = 0;
  const auto bad = bus.subscribe([](const Event&) { throw std::runtime_error("mine"); });
  const auto worse = bus.subscribe([](const Event&) { throw 42; });
  const auto good = bus.subscribe([&](const Event&) { ++heard; });
  pause(bus);
  pause(bus);
  CHECK(heard == 2);
}

TEST_CASE("what a listener publishes reaches everybody after what it heard") {
  EventBus bus;
  std::vector<std::uint64_t> heard;
  const auto echo = bus.subscribe([&](const Event& event) {
    if (event.seq < 3) pause(bus, false);
  });
  const auto last = bus.subscribe([&](const Event& event) { heard.push_back(event.seq); });
  pause(bus);
  CHECK(heard == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("an event has one form in the journal and on the socket") {
  const Event event{"target:app", 7, kNow,
                    BuildEnded{.target = kApp,
                               .build = BuildId(42),
                               .verdict = BuildVerdict::Failure,
                               .duration = Milliseconds(1500),
                               .exit_code = 1,
                               .error_summary = "a.c:1: no\xff",
                               .diagnostics = {{"a.c", 1, 2, Severity::Error, "", "no"}}}};
  CHECK(json::parse(to_json_text(record_of(event))) == json::parse(R"({
    "scope": "target:app", "seq": 7, "type": "build_ended", "createdAt": "2026-01-31T12:00:00.000Z",
    "data": {"id": 42, "verdict": "failure", "duration": 1500, "exitCode": 1,
             "errorSummary": "a.c:1: no\ufffd",
             "diagnostics": [{"file": "a.c", "line": 1, "column": 2, "severity": "error",
                              "message": "no"}]}})"));
}

TEST_CASE("each kind of event has a name of its own, a scope and an object of data") {
  const std::vector<EventBody> bodies = {BuildQueued{kApp, ""},
                                         BuildStarted{.target = kApp},
                                         BuildProgress{.target = kApp},
                                         BuildStalled{.target = kApp},
                                         BuildLogged{.target = kApp},
                                         BuildEnded{.target = kApp},
                                         HookStarted{.target = kApp},
                                         HookEnded{.target = kApp},
                                         RunnerChanged{kApp, {}},
                                         SidecarStarted{kApp, ""},
                                         SidecarExited{.target = kApp},
                                         FreshnessChanged{kApp, {}},
                                         TargetAdded{kApp},
                                         TargetRemoved{kApp},
                                         TargetQuarantined{kApp, ""},
                                         ExecutionQueued{kExecution, kTask, "", ""},
                                         ExecutionStarted{kExecution},
                                         ExecutionLogged{.execution = kExecution},
                                         ExecutionProgress{.execution = kExecution},
                                         ExecutionHeartbeat{.execution = kExecution},
                                         ExecutionRetried{.execution = kExecution},
                                         ExecutionEnded{.execution = kExecution, .task = kTask},
                                         DaemonStarted{},
                                         DaemonStopping{},
                                         WatchChanged{},
                                         ConfigurationChanged{},
                                         PauseChanged{},
                                         StateDegraded{}};
  REQUIRE(bodies.size() == std::variant_size_v<EventBody>);
  std::map<std::string, int> types;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    CHECK(bodies[i].index() == i);
    const auto [type, data] = told(bodies[i]);
    ++types[std::string(type)];
    CHECK(data.is_object());
    CHECK(scope_of(bodies[i]) == (i < 15 ? "target:app" : i < 22 ? "execution:17" : "daemon"));
  }
  CHECK(types.size() == bodies.size());
}
