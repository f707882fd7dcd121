// SPDX-License-Identifier: MIT
#include "cli/doctor/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::doctor;

namespace {

const std::vector<Finding> kFindings = {
    {.section = Section::Limits,
     .name = "inotify watches",
     .level = Level::Warning,
     .found = "20, of which at least 20 are taken",
     .advice = "raise the limit",
     .command = "sudo sysctl x=1",
     .figures = {{"limit", 20}}},
    {.section = Section::Project,
     .name = "configuration",
     .level = Level::Problem,
     .found = "refused\na.json:1:2: \x1b[31mno",
     .advice = "mend it"},
    {.section = Section::Limits, .name = "open files", .found = "1024"},
};

Facts some_facts() {
  Facts facts;
  facts.root = "/home/me/p";
  facts.version = "0.1.0";
  facts.events = {{.time = "2026-01-31T12:00:00.000Z", .kind = "changed", .path = "src/a.c"},
                  {.time = "2026-01-31T12:00:01.000Z", .kind = "directory-gone", .path = ""}};
  return facts;
}

}  // namespace

TEST_CASE("findings stand in sections, and again under what to do if they are not ok") {
  CHECK(to_text(some_facts(), kFindings, ShowEvents::No, Style{}) ==
        "project\n"
        "  problem  configuration    refused\n"
        "                            a.json:1:2: no\n"
        "limits\n"
        "  warning  inotify watches  20, of which at least 20 are taken\n"
        "  ok       open files       1024\n"
        "\n"
        "What to do\n"
        "  warning  inotify watches: 20, of which at least 20 are taken\n"
        "           raise the limit\n"
        "             sudo sysctl x=1\n"
        "  problem  configuration: refused\n"
        "           a.json:1:2: no\n"
        "           mend it\n");
}

TEST_CASE("where all is ok nothing is to be done") {
  CHECK(to_text(some_facts(), {kFindings.back()}, ShowEvents::No, Style{}) ==
        "limits\n"
        "  ok       open files  1024\n");
}

TEST_CASE("the events are shown on demand, the root by a dot") {
  CHECK(to_text(some_facts(), {}, ShowEvents::Yes, Style{}) ==
        "events\n"
        "  2026-01-31T12:00:00.000Z  changed         src/a.c\n"
        "  2026-01-31T12:00:01.000Z  directory-gone  .\n");
  CHECK(to_text(Facts{}, {}, ShowEvents::Yes, Style{}) == "events\n  none\n");
}

TEST_CASE("levels are coloured on a terminal") {
  const auto text = to_text(some_facts(), kFindings, ShowEvents::No, Style{.colour = true});
  CHECK(text.find("\x1b[31mproblem\x1b[0m  configuration") != std::string::npos);
}

TEST_CASE("as JSON all of it has keys, the events included") {
  const auto json = to_json(some_facts(), kFindings);
  CHECK(json.at("version") == "0.1.0");
  CHECK(json.at("project") == "/home/me/p");
  CHECK(json.at("level") == "problem");
  CHECK(json.at("findings").size() == 3);
  CHECK(json.at("findings")[0] == nlohmann::ordered_json::parse(R"({
    "section": "limits", "name": "inotify watches", "level": "warning",
    "found": "20, of which at least 20 are taken", "advice": "raise the limit",
    "command": "sudo sysctl x=1", "figures": {"limit": 20}})"));
  CHECK_FALSE(json.at("findings")[2].contains("advice"));
  CHECK(json.at("findings")[2].at("figures") == nlohmann::ordered_json::object());
  CHECK(json.at("events")[0] ==
        nlohmann::ordered_json::parse(
            R"({"time": "2026-01-31T12:00:00.000Z", "kind": "changed", "path": "src/a.c"})"));
}
