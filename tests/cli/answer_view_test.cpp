// SPDX-License-Identifier: MIT
#include "cli/answer_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/progress_line.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using api::Answer;

namespace {

api::TargetAnswer failed() {
  return {.target = "app",
          .type = "executable",
          .answer = Answer::Failed,
          .duration = Milliseconds(840),
          .error_summary = "a.c:3:5: error: expected ';'",
          .diagnostics = api::Json::parse(R"([
              {"file": "a.c", "line": 3, "column": 5, "severity": "error",
               "message": "expected ';'"},
              {"file": "b.c", "severity": "warning", "message": "hm"}])"),
          .last_output = {"make: *** Error 1"},
          .log_file = "/tmp/app.log"};
}

std::vector<api::TargetAnswer> answers(std::vector<Answer> kinds) {
  std::vector<api::TargetAnswer> all;
  for (const auto kind : kinds) all.push_back({.target = "t", .answer = kind});
  return all;
}

}  // namespace

TEST_CASE("one no is a no, else one unknown leaves it open") {
  CHECK(exit_code_for(answers({})) == ExitCode::Yes);
  CHECK(exit_code_for(answers({Answer::Fresh, Answer::Fresh})) == ExitCode::Yes);
  CHECK(exit_code_for(answers({Answer::Fresh, Answer::Unknown})) == ExitCode::CannotAnswer);
  CHECK(exit_code_for(answers({Answer::Unknown, Answer::Failed})) == ExitCode::No);
  auto tried_twice = answers({Answer::Failed});
  tried_twice.front().attempts = 2;
  CHECK(exit_code_for(tried_twice) == ExitCode::RetriesSpent);
  CHECK(exit_code_for(answers({Answer::Stale})) == ExitCode::No);
  CHECK(exit_code_for(answers({Answer::Blocked})) == ExitCode::No);
}

TEST_CASE("an answer is one line") {
  CHECK(answer_line(failed(), Style{}) == "app: failed after 840ms: a.c:3:5: error: expected ';'");
  CHECK(answer_line({.target = "app",
                     .answer = Answer::Fresh,
                     .duration = Milliseconds(1200),
                     .finished_at = "2026-01-31T12:00:00.000Z"},
                    Style{}) == "app: fresh, built in 1.2s");
  CHECK(answer_line({.target = "app", .answer = Answer::Blocked, .reason = "lib failed"},
                    Style{}) == "app: blocked: lib failed");
}

TEST_CASE("behind a failure stand its errors, not its warnings, and where the log is") {
  CHECK(failure_text(failed()) ==
        "  a.c:3:5: error: expected ';'\n"
        "  the whole log: /tmp/app.log\n");
}

TEST_CASE("a failure without located errors shows its last lines") {
  auto answer = failed();
  answer.diagnostics = api::Json::array();
  answer.last_output = {"1", "2", "3", "4", "5", "\x1b[31m6"};
  CHECK(failure_text(answer) == "  2\n  3\n  4\n  5\n  6\n  the whole log: /tmp/app.log\n");
}

TEST_CASE("the JSON of an answer has upstream's status") {
  CHECK(answer_json(failed())["status"] == "failure");
  CHECK(answer_json({.target = "a", .answer = Answer::Fresh})["status"] == "success");
  CHECK(answer_json({.target = "a", .answer = Answer::Stale})["status"] == "stale");
}

TEST_CASE("a progress line says what is known and fits") {
  api::ProgressNote note{.target = "app",
                         .phase = "building",
                         .elapsed = Milliseconds(1200),
                         .percent = 41.7,
                         .label = "main\n.o"};
  CHECK(progress_text(note, 80) == "app: building, 1.2s, 42 %, main.o");
  CHECK(progress_text(note, 13) == "app: building");
  note.percent.reset();
  note.average = Milliseconds(2500);
  note.label = "äöü";
  CHECK(progress_text(note, 80) == "app: building, 1.2s of about 2.5s, äöü");
  CHECK(progress_text(note, 37) == "app: building, 1.2s of about 2.5s, äö");
}
