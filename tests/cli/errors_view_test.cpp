// SPDX-License-Identifier: MIT
#include "cli/errors_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;
using nlohmann::json;

namespace {

const json kTargets = json::parse(R"({
  "app": {"lastBuild": {"status": "failure", "errorSummary": "expected ';'", "diagnostics": [
    {"file": "a.c", "line": 3, "column": 5, "severity": "error", "message": "expected ';'"},
    {"file": "a.c", "line": 9, "severity": "warning", "code": "-Wx", "message": "unused"}]}},
  "doc": {"lastBuild": {"status": "failure", "errorSummary": "exited with code 2"}},
  "lib": {"lastBuild": {"status": "success"}}})");

}  // namespace

TEST_CASE("errors are lines that editors read, and a failure without any says its summary") {
  CHECK(errors_text(errors_in(kTargets)) ==
        "a.c:3:5: error: expected ';'\n"
        "a.c:9: warning: unused [-Wx]\n"
        "error: doc: exited with code 2\n");
}

TEST_CASE("a quickfix list holds located lines only") {
  CHECK(errors_quickfix(errors_in(kTargets)) ==
        "a.c:3:5: error: expected ';'\n"
        "a.c:9: warning: unused [-Wx]\n");
}

TEST_CASE("a failed build is an error even if nothing located it; a warning is none") {
  CHECK(any_error(errors_in(kTargets)));
  CHECK(any_error(errors_in({{"a", {{"lastBuild", {{"status", "failure"}}}}}})));
  const json warned = {
      {"lastBuild",
       {{"status", "success"}, {"diagnostics", {{{"severity", "warning"}, {"message", "hm"}}}}}}};
  CHECK_FALSE(any_error(errors_in({{"a", warned}})));
  CHECK_FALSE(any_error(errors_in(json::object())));
}

TEST_CASE("errors as JSON keep each target apart") {
  const auto all = errors_json(errors_in(kTargets));
  REQUIRE(all["targets"].size() == 3);
  CHECK(all["targets"][0]["target"] == "app");
  CHECK(all["targets"][0]["failed"] == true);
  CHECK(all["targets"][0]["diagnostics"].size() == 2);
  CHECK(all["targets"][2]["failed"] == false);
}

TEST_CASE("SARIF has a result for every diagnostic and for a failure that left none") {
  const auto log = errors_sarif(errors_in(kTargets), "/p", "0.1.0");
  CHECK(log["version"] == "2.1.0");
  CHECK(log["runs"][0]["results"].size() == 3);
}

TEST_CASE("targets of wrong types have no errors") {
  for (const auto* text : {"null", "[]", R"({"a":7})", R"({"a":{"lastBuild":[]}})",
                           R"({"a":{"lastBuild":{"diagnostics":[1,{"line":"x"}]}}})"}) {
    CAPTURE(text);
    CHECK_FALSE(any_error(errors_in(json::parse(text))));
  }
}
