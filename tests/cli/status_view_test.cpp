// SPDX-License-Identifier: MIT
#include "cli/status_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/table.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using nlohmann::json;

namespace {

const WallTime kNow = *from_iso8601("2026-01-31T12:10:00.000Z");

std::string plain(const json& document, Detail detail = Detail::Short) {
  return status_text(document, kNow, detail, Style{});
}

json document() {
  return json::parse(R"({
    "daemon": {"pid": 4711, "version": "0.1.0", "startTime": "2026-01-31T12:00:00.000Z"},
    "watch": {"state": "ok", "clock": 17, "backend": "inotify", "files": 1234},
    "paused": false,
    "queue": {"building": ["web"], "waiting": ["docs"]},
    "configuration": {"valid": true},
    "targets": {
      "app": {"standing": "fresh", "enabled": true, "type": "executable",
              "lastBuild": {"status": "success", "duration": 1240,
                            "timestamp": "2026-01-31T12:07:00.000Z"},
              "runner": {"status": "running", "pid": 12}},
      "lib": {"standing": "failed", "enabled": true, "type": "library",
              "lastBuild": {"status": "failure", "duration": 800, "errorSummary": "it broke",
                            "timestamp": "2026-01-31T12:09:50.000Z",
                            "diagnostics": [
                              {"file": "a.c", "line": 1, "severity": "warning", "message": "hm"},
                              {"file": "b.c", "line": 3, "column": 5, "severity": "error",
                               "message": "expected ';'"}]}},
      "web": {"standing": "building", "enabled": true, "type": "npm",
              "lastBuild": {"status": "building", "timestamp": "2026-01-31T12:09:48.000Z",
                            "progress": {"percent": 42, "label": "main.js"}}}}})");
}

}  // namespace

TEST_CASE("status shows the daemon, then a line per target with the first error under it") {
  CHECK(plain(document()) ==
        "daemon         pid 4711, version 0.1.0, up 10m 0s\n"
        "watching       ok, 1234 files, inotify\n"
        "queue          building web; waiting docs\n"
        "\n"
        "TARGET  STATUS    LAST BUILD                RUNNER\n"
        "app     fresh     1.2s, 3m ago              running (pid 12)\n"
        "lib     failed    800ms, 10s ago\n"
        "    b.c:3:5: error: expected ';'\n"
        "web     building  for 12.0s, 42 %, main.js\n");
}

TEST_CASE("a build that does nothing any more is said with where to look") {
  auto changed = document();
  changed["targets"]["web"]["lastBuild"]["stalledSince"] = "2026-01-31T12:04:00.000Z";
  CHECK(plain(changed).find("web     building  for 12.0s, 42 %, main.js\n"
                            "    stalled: nothing printed and hardly any processor time used for "
                            "6m 0s; it may wait for something: `poltergeist logs web`\n") !=
        std::string::npos);
}

TEST_CASE("a runner is shown with its port, and in detail with what stands beside it") {
  auto changed = document();
  changed["targets"]["app"]["runner"] = {
      {"status", "running"}, {"pid", 12}, {"port", 3000}, {"postRun", "tunnel {port}"}};
  changed["targets"]["app"]["cleanup"] = "./free {port}";
  CHECK(plain(changed).find("running (pid 12, port 3000)\n") != std::string::npos);
  const auto verbose = plain(changed, Detail::Verbose);
  CHECK(verbose.find("    post-run  tunnel {port}\n") != std::string::npos);
  CHECK(verbose.find("    cleanup   ./free {port}\n") != std::string::npos);
}

TEST_CASE("an older program that runs in the place of a newer one is said") {
  auto changed = document();
  changed["targets"]["app"]["runner"] = {{"status", "running"},
                                         {"pid", 12},
                                         {"generation", 12},
                                         {"rolledBackFrom", 13},
                                         {"rolledBackBecause", "exit 1 after 300ms"}};
  CHECK(plain(changed).find("    running build 12, rolled back from 13: exit 1 after 300ms\n") !=
        std::string::npos);
}

TEST_CASE("what the worker does is said while it does something") {
  auto changed = document();
  changed["worker"] = {{"name", "poltergeist"}, {"executing", 0}, {"waiting", 0}};
  CHECK(plain(changed) == plain(document()));
  changed["worker"]["waiting"] = 3;
  CHECK(plain(changed).find("tasks          3 waiting (worker poltergeist)\n") !=
        std::string::npos);
  changed["worker"]["executing"] = 2;
  CHECK(plain(changed).find("tasks          2 executing, 3 waiting (worker poltergeist)\n") !=
        std::string::npos);
}

TEST_CASE("a configuration that is not applied and paused builds are said first") {
  auto changed = document();
  changed["paused"] = true;
  changed["configuration"] = {{"valid", false}, {"problems", {"/p/c.json:3:5: no"}}};
  changed["watch"] = {{"state", "degraded"}, {"reason", "too few watches"}};
  const auto text = plain(changed);
  CHECK(text.find("watching       degraded: too few watches\n") != std::string::npos);
  CHECK(text.find("paused         `poltergeist resume` builds again\n") != std::string::npos);
  CHECK(text.find("    /p/c.json:3:5: no\n") != std::string::npos);
}

TEST_CASE("without a daemon the last result is all that is claimed") {
  const json last = {{"targets",
                      {{"app", {{"lastBuild", {{"status", "success"}}}}},
                       {"new", json::object()},
                       {"off", {{"enabled", false}}}}}};
  CHECK(plain(last) ==
        "daemon         not running\n"
        "\n"
        "TARGET  STATUS     LAST BUILD\n"
        "app     built\n"
        "new     not built\n"
        "off     disabled\n");
}

TEST_CASE("a target's standing is one word") {
  const std::vector<std::pair<json, std::string>> table = {
      {{{"standing", "fresh"}}, "fresh"},
      {{{"standing", "pending"}, {"hold", "window"}}, "waiting"},
      {{{"standing", "pending"}, {"hold", "paused"}}, "stale"},
      {{{"standing", "blocked"}}, "blocked"},
      {{{"standing", "building"}, {"enabled", false}}, "building"},
      {{{"standing", "fresh"}, {"enabled", false}}, "disabled"},
      {{{"standing", "unknown"}}, "unknown"},
      {{{"standing", "unknown"}, {"lastBuild", {{"status", "success"}}}}, "built"},
      {{{"lastBuild", {{"status", "failure"}}}}, "failed"},
      {json::object(), "not built"},
  };
  for (const auto& [target, word] : table) {
    CAPTURE(target.dump());
    CHECK(standing_word(target) == word);
  }
}

TEST_CASE("a document of wrong types is shown as far as it makes sense") {
  for (const auto* text : {"null", "[]", "{}", R"({"targets":[]})", R"({"targets":{"a":7}})",
                           R"({"targets":{"a":{"lastBuild":"x","runner":[1],"enabled":"no"}}})",
                           R"({"daemon":7,"watch":[],"queue":{"building":3}})"}) {
    CAPTURE(text);
    CHECK_FALSE(plain(json::parse(text), Detail::Verbose).empty());
  }
}

TEST_CASE("escape sequences from outside do not reach the terminal") {
  const json bad = {
      {"targets",
       {{"a\x1b[2Jb",
         {{"blockedBy", "\x1b]0;x\x07"},
          {"lastBuild", {{"status", "failure"}, {"errorSummary", "\x1b[31mred"}}}}}}}};
  const auto text = plain(bad, Detail::Verbose);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("red") != std::string::npos);
}

TEST_CASE("status --json keeps upstream's keys, and narrows to one target") {
  const auto all = status_json(document(), "");
  CHECK(all.size() == 9);
  CHECK(all["app"]["type"] == "executable");
  CHECK(all["_daemon"]["pid"] == 4711);
  CHECK(all["_paused"] == false);
  CHECK(all["_buildQueue"]["building"][0] == "web");
  const auto one = status_json(document(), "lib");
  CHECK(one.contains("lib"));
  CHECK_FALSE(one.contains("app"));
}

TEST_CASE("ages are told in the largest whole unit") {
  const std::vector<std::pair<int, std::string>> table = {
      {0, "just now"}, {59, "59s ago"}, {60, "1m ago"}, {3600, "1h ago"}, {200'000, "2d ago"}};
  for (const auto& [seconds, text] : table) {
    CHECK(age_text(to_iso8601(kNow - Seconds(seconds)), kNow) == text);
  }
  CHECK(age_text("yesterday", kNow).empty());
}

TEST_CASE("columns are as wide as their widest cell, in characters") {
  CHECK(table_text({"A", "B"}, {{{{"äöü", {}}, {"x", {}}}, {}}, {{{"a", {}}, {"", {}}}, {"u"}}},
                   Style{}) ==
        "A    B\n"
        "äöü  x\n"
        "a\n"
        "    u\n");
}
