// SPDX-License-Identifier: MIT
#include "polter/verdict.h"

#include <catch2/catch.hpp>

#include "polter/launch.h"
#include "polter/target_list.h"
#include "process/command_line.h"

using namespace poltergeist;
using namespace poltergeist::polter;
using namespace std::chrono_literals;
using api::Answer;
using api::Json;

namespace {

api::TargetAnswer answer_of(Answer answer) {
  return {.target = "app", .answer = answer, .output_path = "/p/app", .build = BuildId(3)};
}

api::TargetAnswer failed_build() {
  auto answer = answer_of(Answer::Failed);
  answer.duration = 840ms;
  answer.exit_code = 2;
  answer.error_summary = "expected ';'";
  for (int i = 1; i <= 7; ++i) {
    answer.diagnostics.push_back({{"file", "a.c"},
                                  {"line", i},
                                  {"column", 5},
                                  {"severity", "error"},
                                  {"message", "expected ';'"}});
  }
  answer.last_output = {"1", "2", "3", "4", "5", "6"};
  answer.log_file = "/s/app.log";
  return answer;
}

Options options_for_app() {
  Options options;
  options.target = "app";
  return options;
}

}  // namespace

TEST_CASE("only what is fresh is run, and each refusal has its code") {
  const auto code_of = [](Answer answer) {
    const auto verdict = verdict_for(options_for_app(), answer_of(answer));
    CHECK(verdict.run == (answer == Answer::Fresh));
    CHECK(verdict.message.empty() == verdict.run);
    return verdict.code;
  };
  CHECK(code_of(Answer::Fresh) == ExitCode::Yes);
  CHECK(code_of(Answer::Failed) == ExitCode::No);
  CHECK(code_of(Answer::Blocked) == ExitCode::No);
  CHECK(code_of(Answer::Stale) == ExitCode::No);
  CHECK(code_of(Answer::Unknown) == ExitCode::CannotAnswer);
}

TEST_CASE("a failed build is told with its first diagnostics, its last lines and its log") {
  const auto verdict = verdict_for(options_for_app(), failed_build());
  CHECK(verdict.message == "the build of app failed after 840ms: expected ';'");
  REQUIRE(verdict.quoted.size() == 10);
  CHECK(verdict.quoted.front() == "a.c:1:5: error: expected ';'");
  CHECK(verdict.quoted.at(4) == "a.c:5:5: error: expected ';'");
  CHECK(verdict.quoted.at(5) == "2");
  CHECK(verdict.quoted.back() == "6");
  CHECK(verdict.closing == "its log: /s/app.log");
}

TEST_CASE("how many lines of the log are shown is the caller's choice") {
  auto options = options_for_app();
  options.log_lines = 1;
  CHECK(verdict_for(options, failed_build()).quoted.size() == 6);
  options.no_logs = true;
  CHECK(verdict_for(options, failed_build()).quoted.size() == 5);
}

TEST_CASE("--force runs what is there after the same message and a warning") {
  auto options = options_for_app();
  options.force = true;
  for (const auto answer : {Answer::Failed, Answer::Blocked, Answer::Stale, Answer::Unknown}) {
    const auto verdict = verdict_for(options, answer_of(answer));
    CHECK(verdict.run);
    CHECK((verdict.message + verdict.closing).find("--force") != std::string::npos);
  }
  CHECK(verdict_for(options, answer_of(Answer::Fresh)).message.empty());
  CHECK(verdict_for(options, api::RpcError{api::ErrorCode::Timeout, "", {}}).run);
  CHECK(verdict_for(options, NoDaemon{ExitCode::CannotAnswer, "no daemon"}).run);
  CHECK_FALSE(verdict_for(options, api::RpcError{api::ErrorCode::NotFound, "no", {}}).run);
  CHECK_FALSE(verdict_for(options, NoDaemon{ExitCode::Usage, "bad configuration"}).run);
}

TEST_CASE("an error in place of an answer has its own code") {
  const auto code_of = [](api::ErrorCode code) {
    return verdict_for(options_for_app(), api::RpcError{code, "it says", {}}).code;
  };
  CHECK(code_of(api::ErrorCode::NotFound) == ExitCode::Unknown);
  CHECK(code_of(api::ErrorCode::Timeout) == ExitCode::Timeout);
  CHECK(code_of(api::ErrorCode::Unavailable) == ExitCode::CannotAnswer);
  CHECK(code_of(api::ErrorCode::InternalError) == ExitCode::CannotAnswer);
}

TEST_CASE("a diagnostic shows what it has, whatever it lacks") {
  CHECK(diagnostic_line({{"message", "undefined reference"}}) == "undefined reference");
  CHECK(diagnostic_line({{"file", "a.rs"}, {"line", 3}, {"message", "m"}, {"code", "E0308"}}) ==
        "a.rs:3: m [E0308]");
  CHECK(diagnostic_line({{"file", 1}, {"message", "m"}}) == "m");
  CHECK(diagnostic_line(Json::array()).empty());
}

TEST_CASE("scripts that are not executable get their interpreter") {
  struct Row {
    std::string path;
    bool executable;
    std::vector<std::string> argv;
  };
  const auto rows = std::to_array<Row>({
      {"/p/app", true, {"/p/app", "-x"}},
      {"/p/app", false, {"/p/app", "-x"}},
      {"/p/app.js", false, {"node", "/p/app.js", "-x"}},
      {"/p/app.mjs", false, {"node", "/p/app.mjs", "-x"}},
      {"/p/app.CJS", false, {"node", "/p/app.CJS", "-x"}},
      {"/p/app.py", false, {"python3", "/p/app.py", "-x"}},
      {"/p/app.sh", false, {"sh", "/p/app.sh", "-x"}},
      {"/p/app.sh", true, {"/p/app.sh", "-x"}},
      {"/p/app.rb", false, {"/p/app.rb", "-x"}},
  });
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CHECK(process::command_line(row.path, row.executable, {"-x"}) == row.argv);
  }
}

TEST_CASE("the list of targets has a sign for each state, and words alone without UTF-8") {
  const std::vector<ListedTarget> targets = {
      {"app", Answer::Fresh, ""}, {"server", Answer::Failed, "exit 2"}, {"x", {}, ""}};
  CHECK(list_text(targets, {.utf8 = true}) ==
        "Targets:\n  ✓ app     fresh\n  ✗ server  failed (exit 2)\n  ○ x       no daemon\n");
  CHECK(list_text(targets, {}) ==
        "Targets:\n  app     fresh\n  server  failed (exit 2)\n  x       no daemon\n");
  CHECK(list_text({}, {}) == "This project has no target with an output path to run.\n");
}

TEST_CASE("our mark is plain where the terminal may not show it, or must not") {
  using Environment = std::map<std::string, std::string>;
  const auto style = [](const Environment& variables) {
    return style_for([&](const char* name) -> std::string_view {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string_view() : found->second;
    });
  };
  CHECK(style({{"LANG", "en_GB.UTF-8"}}).ornate());
  CHECK(style({{"LC_ALL", "C.utf8"}}).ornate());
  CHECK_FALSE(style({{"LANG", "en_GB.UTF-8"}, {"LC_ALL", "C"}}).ornate());
  CHECK_FALSE(style({{"LANG", "en_GB.UTF-8"}, {"NO_COLOR", "1"}}).ornate());
  CHECK_FALSE(style({}).ornate());
}
