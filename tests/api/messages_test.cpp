// SPDX-License-Identifier: MIT
#include "api/messages.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::api;
using namespace std::chrono_literals;

TEST_CASE("an answer travels with all that it says") {
  const TargetAnswer sent{.target = "app",
                          .type = "executable",
                          .answer = Answer::Failed,
                          .reason = "main.c:1:1: error",
                          .output_path = "/p/app",
                          .build = BuildId(4),
                          .duration = 12ms,
                          .exit_code = 2,
                          .error_summary = "error",
                          .diagnostics = Json::array({{{"file", "main.c"}}}),
                          .last_output = {"a", "b"},
                          .log_file = "/s/app.log"};
  const auto result =
      from_json<WaitResult>(to_json(WaitResult{{sent}, {"degraded", "limit", 9}})).value();
  const auto& got = result.targets.at(0);
  CHECK(got.answer == Answer::Failed);
  CHECK(got.build == BuildId(4));
  CHECK(got.duration == 12ms);
  CHECK(got.exit_code == 2);
  CHECK_FALSE(got.signal);
  CHECK(got.diagnostics == sent.diagnostics);
  CHECK(got.last_output == sent.last_output);
  CHECK(result.watch.state == "degraded");
  CHECK(result.watch.clock == 9);
}

TEST_CASE("parameters travel, and what is absent stays at its default") {
  const auto wait = from_json<WaitParams>(
      to_json(WaitParams{.target = "app", .timeout = 5s, .after = BuildId(3), .lease = true}));
  CHECK(wait->target == "app");
  CHECK(wait->timeout == 5s);
  CHECK(wait->after == BuildId(3));
  CHECK(wait->lease);
  CHECK_FALSE(wait->follow);
  CHECK_FALSE(from_json<WaitParams>(Json::object())->target);
}

TEST_CASE("restart settings travel with a signal by name, a real-time one by number") {
  const auto arrived = [](const RestartSettings& settings) {
    const TargetAnswer answer{.target = "app", .restart = settings};
    return from_json<TargetAnswer>(to_json(answer))->restart;
  };
  const RestartSettings settings{SIGTERM, 0ms, 100ms};
  CHECK(to_json(settings).at("signal") == "SIGTERM");
  CHECK(arrived(settings) == settings);
  CHECK(arrived({40, 250ms, 5s}) == RestartSettings{40, 250ms, 5s});
  CHECK_FALSE(from_json<TargetAnswer>(to_json(TargetAnswer{.target = "app"}))->restart);
  CHECK(from_json<RestartSettings>({{"signal", "SIGNONE"}}).error().message ==
        "restart: \"SIGNONE\" is no signal");
}

TEST_CASE("a wrong field is named") {
  const auto message_of = [](const Json& json) {
    return from_json<BuildParams>(json).error().message;
  };
  CHECK(message_of(Json::object()) == "\"target\" is missing");
  CHECK(message_of({{"target", 1}}) == "\"target\" must be a string");
  CHECK(message_of({{"target", "a"}, {"force", "yes"}}) == "\"force\" must be true or false");
  CHECK(message_of(Json::array()) == "must be an object");
  CHECK(from_json<WaitParams>({{"timeoutMs", -1}}).error().message ==
        "\"timeoutMs\" must be a whole number, not negative");
  CHECK_FALSE(from_json<WaitParams>({{"timeoutMs", 1e300}}));
  CHECK_FALSE(from_json<WaitParams>({{"timeoutMs", 18446744073709551615ULL}}));
}

TEST_CASE("what the daemon knows of itself travels whole") {
  const DoctorResult result{.pid = 4711,
                            .version = "0.1.0",
                            .start_time = "2026-01-31T12:00:00.000Z",
                            .degraded = "no space",
                            .cgroup = "/sys/fs/cgroup/poltergeist-1",
                            .no_cgroup = "not ours",
                            .watch = {.state = "degraded", .reason = "few watches", .clock = 17},
                            .backend = "inotify",
                            .choice = "the usual one cannot be had",
                            .files = 1,
                            .directories = 2,
                            .watches = 3,
                            .polled = 4,
                            .watches_needed = 5,
                            .hints = 6,
                            .overflows = 7,
                            .rescans = 8,
                            .rewritten = 9,
                            .unheard = 10,
                            .events = {{"2026-01-31T12:00:01.000Z", "changed", "src/a.c"}}};
  const auto json = to_json(result);
  const auto arrived = from_json<DoctorResult>(json);
  REQUIRE(arrived);
  CHECK(to_json(*arrived) == json);
  CHECK(arrived->pid == 4711);
  CHECK(arrived->cgroup == "/sys/fs/cgroup/poltergeist-1");
  CHECK(arrived->no_cgroup == "not ours");
  CHECK(arrived->watch.reason == "few watches");
  CHECK(arrived->watches_needed == 5);
  CHECK(arrived->events == result.events);

  auto wrong = json;
  wrong["events"] = "none";
  CHECK(from_json<DoctorResult>(wrong).error().message == "\"events\" must be a list");
  wrong = json;
  wrong["watch"]["polled"] = "many";
  CHECK_FALSE(from_json<DoctorResult>(wrong));
  wrong = json;
  wrong["daemon"].erase("version");
  CHECK(from_json<DoctorResult>(wrong).error().message == "daemon: \"version\" is missing");
}
