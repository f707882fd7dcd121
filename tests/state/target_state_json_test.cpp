// SPDX-License-Identifier: MIT
#include "state/target_state_json.h"

#include <sys/stat.h>

#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "full_state.h"
#include "support/rounds.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::state;
using nlohmann::json;

namespace {

// What the original's readers ask of a record before they use it.
void check_valid_for_upstream(const json& record) {
  for (const auto* key :
       {"version", "projectPath", "projectName", "target", "targetType", "configPath"}) {
    INFO(key);
    CHECK(record.at(key).is_string());
  }
  CHECK(record.at("target") != "");
  const auto& process = record.at("process");
  CHECK(process.at("pid").is_number());
  CHECK(process.at("hostname").is_string());
  CHECK(process.at("isActive").is_boolean());
  CHECK(process.at("startTime").is_string());
  CHECK(process.at("lastHeartbeat").is_string());
}

std::string documentation() {
  const auto text =
      read_file(std::filesystem::path(POLTERGEIST_SOURCE_DIR) / "docs/state-format.md");
  REQUIRE(text);
  return *text;
}

std::string documented_example() {
  const auto text = documentation();
  const auto start = text.find("```json\n") + 8;
  return text.substr(start, text.find("```", start) - start);
}

Errc error_of(std::string_view text) {
  const auto state = parse_state(text);
  REQUIRE_FALSE(state);
  return state.error().code;
}

}  // namespace

TEST_CASE("a state is read as it was written") {
  const auto state = full_state();
  const auto read = parse_state(state_text(state));
  REQUIRE(read);
  CHECK(*read == state);
}

TEST_CASE("a state that knows nothing claims nothing") {
  TargetState state;
  state.identity = {TargetId("app"), "executable", "/p", "p", "/p/poltergeist.config.json"};
  const auto record = json::parse(state_text(state));
  check_valid_for_upstream(record);
  for (const auto* key : {"watch", "lastBuild", "lastBuildError", "buildStats", "freshness",
                          "appInfo", "postBuildResults", "runner"}) {
    CHECK_FALSE(record.contains(key));
  }
  CHECK(*parse_state(state_text(state)) == state);
}

TEST_CASE("the original's readers find every key that they ask for") {
  const auto record = to_json(full_state());
  check_valid_for_upstream(record);
  const auto& build = record.at("lastBuild");
  CHECK(build.at("targetName") == "app");
  CHECK(build.at("status") == "failure");
  CHECK(build.at("timestamp") == "2026-01-31T12:00:00.123Z");
  CHECK(build.at("gitHash") == "abc1234");
  CHECK(build.at("builder") == "executable");
  CHECK(build.at("duration") == 1234);
  CHECK(build.at("buildTime") == 1.234);
  CHECK(record.at("buildStats").at("averageDuration") == 150);
  CHECK(record.at("lastBuildError").at("errorOutput").is_array());
  CHECK(record.at("postBuildResults").at("tests").at("durationMs") == 77);
}

TEST_CASE("the text is for people, too: version first, two spaces, a final newline") {
  const auto text = state_text(full_state());
  CHECK(text.starts_with("{\n  \"version\": \"1.0\",\n  \"seq\": 41,\n  \"projectPath\""));
  CHECK(text.ends_with("}\n"));
}

TEST_CASE("bytes that are no UTF-8 never spoil a file") {
  auto state = full_state();
  state.last_build->error = "caf\xe9 \xff";
  state.last_build->diagnostics[0].message = "\xc3";
  state.hooks["t\xe9st"] = state.hooks["tests"];
  state.identity.project_root = "/caf\xe9";
  std::string text;
  REQUIRE_NOTHROW(text = state_text(state));
  const auto record = json::parse(text);
  CHECK(record.at("lastBuild").at("error") == "caf\ufffd \ufffd");
  CHECK(record.at("projectPath") == "/caf\ufffd");
}

TEST_CASE("missing, torn and newer are three different errors") {
  const test::TempDir dir;
  CHECK(load_state(dir / "none").error().code == Errc::NotFound);
  CHECK(error_of("") == Errc::Invalid);
  CHECK(error_of("null") == Errc::Invalid);
  CHECK(error_of("[]") == Errc::Invalid);
  CHECK(error_of("{}") == Errc::Invalid);
  CHECK(error_of(R"({"version": "1.0"})") == Errc::Invalid);
  CHECK(error_of(R"({"version": "x", "projectPath": "/p", "target": "a"})") == Errc::Invalid);
  CHECK(error_of(R"({"version": 1, "projectPath": "/p", "target": "a"})") == Errc::Invalid);
  CHECK(error_of(R"({"version": "2.0", "projectPath": "/p", "target": "a"})") == Errc::Unavailable);
}

TEST_CASE("what is no regular file is no state, and is not waited for") {
  const test::TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(load_state(dir / "fifo").error().code == Errc::Invalid);
  CHECK_FALSE(load_state(dir.path()));
}

TEST_CASE("a text torn at any place is an error, never half a state") {
  const auto text = state_text(full_state());
  // Without its last byte, the newline, it is whole.
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    if (parse_state(std::string_view(text).substr(0, size))) FAIL("torn at " << size);
  }
}

TEST_CASE("keys of a later version are ignored") {
  auto record = to_json(full_state());
  record["version"] = "1.7";
  record["invented"] = {{"later", true}};
  record["lastBuild"]["invented"] = 1;
  const auto read = parse_state(record.dump());
  REQUIRE(read);
  CHECK(*read == full_state());
}

TEST_CASE("a value of the wrong type is absent, the rest is read") {
  auto record = to_json(full_state());
  record["seq"] = "many";
  record["process"]["pid"] = 1e300;
  record["lastBuild"]["duration"] = -5;
  record["lastBuild"]["trigger"] = {1, "a.c", nullptr};
  record["buildStats"]["successfulBuilds"] = "none";
  record["freshness"] = 7;
  record["runner"]["status"] = "dancing";
  const auto read = parse_state(record.dump());
  REQUIRE(read);
  CHECK(read->seq == 0);
  CHECK(read->process.pid == 0);
  CHECK_FALSE(read->last_build->duration);
  CHECK(read->last_build->trigger == std::vector<std::string>{"a.c"});
  CHECK(read->stats.recent.empty());
  CHECK_FALSE(read->freshness);
  CHECK_FALSE(read->runner);
  CHECK(read->last_build_error == full_state().last_build_error);
}

TEST_CASE("a ledger that is missing or garbage takes nothing else with it") {
  auto expected = full_state();
  expected.last_build->timing.reset();
  auto record = to_json(full_state());
  SECTION("missing, as in files of before") {
    record["lastBuild"].erase("timing");
  }
  SECTION("garbage") {
    record["lastBuild"]["timing"] =
        GENERATE(json(7), json("x"), json::array({1}), json::object({{"at", 3}, {"event", {}}}));
  }
  SECTION("backwards") {
    record["lastBuild"]["timing"]["runnerUp"] = 0.5;
  }
  const auto read = parse_state(record.dump());
  REQUIRE(read);
  CHECK(*read == expected);
}

TEST_CASE("a record of the original is read") {
  const auto read = parse_state(R"({
    "version": "1.0", "projectPath": "/p", "projectName": "p", "target": "app",
    "targetType": "executable", "configPath": "/p/.poltergeist.json",
    "process": {"pid": 1, "hostname": "h", "isActive": true,
                "startTime": "2025-08-01T10:00:00.000Z", "lastHeartbeat": "2025-08-01T10:00:10.000Z"},
    "lastBuild": {"targetName": "app", "status": "failed", "timestamp": "2025-08-01T10:00:05.000Z",
                  "gitHash": "abc", "builder": "Executable", "duration": 3210, "buildTime": 3.21},
    "buildStats": {"successfulBuilds": [{"duration": 100, "timestamp": "2025-08-01T10:00:05.000Z"}],
                   "averageDuration": 100, "minDuration": 100, "maxDuration": 100}})");
  REQUIRE(read);
  CHECK(read->status() == BuildStatus::Failure);
  CHECK(read->last_build->duration == Milliseconds(3210));
  CHECK(read->stats.count == 1);
}

TEST_CASE("odd numbers and doubled keys are read without harm") {
  const auto with = [](const std::string& members) {
    return R"({"version": "1.0", "projectPath": "/p", "target": "a", )" + members + "}";
  };
  CHECK(error_of(with(R"("seq": NaN)")) == Errc::Invalid);
  CHECK(error_of(with(R"("seq": Infinity)")) == Errc::Invalid);
  CHECK(error_of(with(R"("seq": 1e400)")) == Errc::Invalid);
  for (const std::string number :
       {"-1", "1.5", "1e300", "18446744073709551615", "-0", "99999999999999999999999"}) {
    INFO(number);
    const auto state = parse_state(with("\"seq\": " + number));
    REQUIRE(state);
    CHECK(state->seq == 0);
  }
  CHECK(parse_state(with(R"("seq": 7.0)"))->seq == 7);
  CHECK(parse_state(with(R"("seq": 1, "seq": 2)"))->seq == 2);
  CHECK(
      parse_state(with("\"invented\": " + std::string(100'000, '[') + std::string(100'000, ']'))));
}

TEST_CASE("no mutation of a state file crashes its reader") {
  const auto record = to_json(full_state());
  const auto values = json::parse(
      R"([null, true, -1, 0, 1e300, 9223372036854775807, 18446744073709551615, "", "\u0000", [], {},
          [[]], [null], {"a": {}}, "2026-13-45T99:99:99.999Z", -9223372036854775808, 0.5])");
  const auto places = record.flatten();
  int read = 0;
  for (const auto& [place, ignored] : places.items()) {
    for (auto pointer = json::json_pointer(place); !pointer.empty(); pointer.pop_back()) {
      for (const auto& value : values) {
        auto mutated = record;
        mutated[pointer] = value;
        if (parse_state(mutated.dump())) ++read;
      }
    }
  }
  CHECK(read > 1000);
}

TEST_CASE("no flipped byte crashes the reader of a state file") {
  const auto text = state_text(full_state());
  std::mt19937 random(20260131);
  int read = 0;
  for (int i = 0; i < test::rounds(5'000, 50'000); ++i) {
    auto broken = text;
    for (int flips = 0; flips < 3; ++flips) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    if (parse_state(broken)) ++read;
  }
  CHECK(read > 0);
}

TEST_CASE("the documented example is a state file that we would write") {
  const auto example = documented_example();
  const auto state = parse_state(example);
  REQUIRE(state);
  CHECK(state_text(*state) == example);
}

TEST_CASE("every key of a state file is documented") {
  const auto text = documentation();
  const auto places = to_json(full_state()).flatten();
  for (const auto& [place, ignored] : places.items()) {
    for (auto pointer = json::json_pointer(place); !pointer.empty(); pointer.pop_back()) {
      const auto key = pointer.back();
      if (key.find_first_not_of("0123456789") == std::string::npos || key == "tests") continue;
      INFO(key);
      CHECK(text.find("`" + key + "`") != std::string::npos);
    }
  }
}
