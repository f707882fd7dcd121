// SPDX-License-Identifier: MIT
#include "cli/timing_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist::cli;
using nlohmann::json;

namespace {

std::string plain(const char* targets) {
  return timing_text(json::parse(targets), Style{});
}

}  // namespace

TEST_CASE("timing shows a table of steps for each target") {
  CHECK(plain(R"({
    "app": {"builds": 42, "steps": [
      {"from": "event", "to": "windowClosed", "builds": 40, "p50": 20.1144, "p99": 2000.5},
      {"from": "queued", "to": "spawned", "builds": 42, "p50": 0.871, "p99": 9.9994},
      {"from": "runnerSignalled", "to": "runnerUp", "builds": 7, "p50": 12, "p99": 125000}]},
    "docs": {"builds": 1, "steps": [
      {"from": "spawned", "to": "ended", "builds": 1, "p50": 999.94, "p99": 999.94}]},
    "lib": {"builds": 0, "steps": []}})") ==
        "app: the last 42 builds\n"
        "STEP                           P50      P99      BUILDS\n"
        "event to window closed         20.1ms   2.0s     40\n"
        "queued to spawned              0.871ms  9.999ms  42\n"
        "runner signalled to runner up  12.0ms   2m 5s    7\n"
        "\n"
        "docs: the last build\n"
        "STEP              P50      P99      BUILDS\n"
        "spawned to ended  999.9ms  999.9ms  1\n"
        "\n"
        "lib: no builds yet\n");
}

TEST_CASE("timing of a newer daemon, or of none, is shown as far as it is understood") {
  CHECK(plain(R"({"a\u001b[31m": {"builds": 2, "steps": [
      {"from": "event", "to": "linked\u001b", "builds": 2, "p50": "soon"}, 7, null]}})")
            .find('\x1b') == std::string::npos);
  CHECK(plain(R"({"app": {"builds": 2, "steps": [{"from": "event", "to": "linked"}]}})")
            .find("event to linked") != std::string::npos);
  CHECK(plain("[]").empty());
  CHECK(plain(R"({"app": 7})") == "app: no builds yet\n");
}
