// SPDX-License-Identifier: MIT
// UPDATE=1 rewrites tests/build/output/*.found; the difference is for review.
#include "build/diagnostics.h"

#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "build/diagnostic_formats.h"
#include "build/tool_output.h"

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

std::vector<Diagnostic> scanned(std::string_view output) {
  DiagnosticScanner scanner;
  for (const auto line : lines_of(output)) scanner.feed(line);
  scanner.finish();
  return scanner.diagnostics();
}

std::string quickfix(std::string_view output) {
  std::string text;
  for (const auto& diagnostic : scanned(output)) text += to_quickfix(diagnostic) + "\n";
  return text;
}

}  // namespace

TEST_CASE("what real tools complain about is found in their output") {
  for (const auto& name : recorded_outputs()) {
    INFO(name);
    const auto file = output_directory() / (name + ".found");
    const auto found = quickfix(recorded(name));
    if (std::getenv("UPDATE")) std::ofstream(file, std::ios::binary) << found;
    CHECK(found == text_of(file));
  }
}

TEST_CASE("errors come first in the order they came, each once, and no more than 50") {
  std::string output = "a.c:1:1: warning: w [-Wx]\n";
  for (int i = 0; i < 100; ++i) output += "a.c:" + std::to_string(1 + i % 60) + ":1: error: e\n";
  const auto found = scanned(output);
  REQUIRE(found.size() == kMostDiagnostics);
  CHECK(found.front() == Diagnostic{.file = "a.c", .line = 1, .column = 1, .message = "e"});
  CHECK(found.back().line == 50);
}

TEST_CASE("a warning keeps its place behind the errors") {
  const auto found = scanned("a.c:1:1: warning: w [-Wx]\na.c:2:1: error: e\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].severity == Severity::Error);
  CHECK(found[1].code == "-Wx");
}

TEST_CASE("colours, carriage returns and bytes that are no text do not hide a message") {
  CHECK(quickfix("\x1b[1m\x1b[Ka.c:3:5:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kno\n") ==
        "a.c:3:5: error: no\n");
  CHECK(quickfix("[1/2] building\r[2/2] building\ra.c:3:5: error: no\r\n") ==
        "a.c:3:5: error: no\n");
  CHECK(quickfix("a.c:3:5: error: \xff\xfe\n") == "a.c:3:5: error: \xEF\xBF\xBD\xEF\xBF\xBD\n");
}

TEST_CASE("what only repeats that something failed is kept where nothing says why") {
  CHECK(quickfix("make: *** [Makefile:12: app] Error 1\n") == "Makefile:12: error: app: Error 1\n");
  CHECK(quickfix("a.c:1:1: error: e\nmake: *** [Makefile:12: app] Error 1\n") ==
        "a.c:1:1: error: e\n");
}

TEST_CASE("ordinary lines are no diagnostics") {
  for (const auto* line :
       {"-- Configuring done", "gcc -c error.c -o error.o", "12:30:01: all is well",
        "0 errors, 0 warnings", "In file included from a.c:1:", "http://x:80: fine",
        "  error = compute();", "note: run with `RUST_BACKTRACE=1`", "Error", "FAILED (failures=1)",
        "{\"reason\":\"compiler-artifact\",\"error\":1}", "{\"reason\":\"compiler-message\""}) {
    INFO(line);
    CHECK(scanned(line).empty());
  }
}

TEST_CASE("endless lines and endless output cost nothing") {
  DiagnosticScanner scanner;
  const std::string endless(2'000'000, 'x');
  scanner.feed(endless + ": error: x");
  scanner.feed("a.c:1:1: error: " + endless.substr(0, 100'000));
  scanner.finish();
  REQUIRE(scanner.diagnostics().size() == 1);
  CHECK(scanner.diagnostics()[0].message.size() < 5000);
}

TEST_CASE("the summary is the first error, else what reads like one, else how it ended") {
  CHECK(error_summary(scanned("a.c:1:2: warning: w\na.c:3:4: error: e\n"), {}, "exited with 1") ==
        "a.c:3:4: error: e");
  CHECK(error_summary({}, {"sh: 1: foo: not found", "bye", ""}, "exited with 127") ==
        "sh: 1: foo: not found");
  CHECK(error_summary({}, {"bye"}, "timed out after 30s") == "timed out after 30s");
  const std::string longest(300, 'x');
  CHECK(error_summary({}, {"error " + longest}, "").size() < 260);
}

TEST_CASE("JSON of a diagnostic reads back as the same diagnostic") {
  for (const auto& diagnostic :
       {Diagnostic{.file = "a.c", .line = 3, .column = 4, .code = "E1", .message = "m"},
        Diagnostic{.severity = Severity::Note, .message = "only"}}) {
    const auto json = nlohmann::json::parse(to_json(diagnostic).dump());
    CHECK(diagnostic_from_json(json) == diagnostic);
  }
  CHECK(to_json(Diagnostic{.message = "m"}).dump() == R"({"severity":"error","message":"m"})");
  CHECK_FALSE(diagnostic_from_json(nlohmann::json::array()));
  CHECK_FALSE(diagnostic_from_json({{"severity", "odd"}}));
}

TEST_CASE("SARIF names files relative to the root, rules and places") {
  const auto sarif =
      to_sarif({{.file = "/p/src/a b.c", .line = 3, .column = 4, .code = "-Wx", .message = "m"},
                {.file = "src/c.c", .severity = Severity::Warning, .message = "n"},
                {.file = "/usr/include/x.h", .line = 1, .message = "o"},
                {.message = "p"}},
               "/p", "1.2.3");
  const auto& run = sarif["runs"][0];
  CHECK(sarif["version"] == "2.1.0");
  CHECK(run["tool"]["driver"]["rules"].dump() == R"([{"id":"-Wx"}])");
  CHECK(run["originalUriBaseIds"]["ROOT"]["uri"] == "file:///p/");
  CHECK(run["results"].size() == 4);
  CHECK(
      run["results"][0].dump() ==
      R"({"ruleId":"-Wx","level":"error","message":{"text":"m"},"locations":[{"physicalLocation":)"
      R"({"artifactLocation":{"uri":"src/a%20b.c","uriBaseId":"ROOT"},)"
      R"("region":{"startLine":3,"startColumn":4}}}]})");
  CHECK(run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] ==
        "file:///usr/include/x.h");
  CHECK_FALSE(run["results"][3].contains("locations"));
}
