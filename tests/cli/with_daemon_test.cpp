// SPDX-License-Identifier: MIT
// The real program against a daemon that answers what the test has written down.
#include <signal.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/scripted_daemon.h"
#include "sys/clock.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::test;
using api::Answer;
using Json = nlohmann::json;
namespace method = api::method;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

api::TargetAnswer answer_of(Answer kind) {
  return {.target = "app",
          .type = "executable",
          .answer = kind,
          .reason = kind == Answer::Fresh || kind == Answer::Failed ? "" : "a reason",
          .build = BuildId(3),
          .duration = Milliseconds(840),
          .finished_at = "2026-01-31T12:00:00.000Z"};
}

Json wait_result(Answer kind) {
  return api::to_json(api::WaitResult{.targets = {answer_of(kind)}, .watch = {.state = "ok"}});
}

api::Notification note_of(std::string_view name, Json params) {
  return {std::string(name), std::move(params)};
}

const std::vector<std::pair<Answer, int>> kCodes = {{Answer::Fresh, 0},
                                                    {Answer::Failed, 1},
                                                    {Answer::Blocked, 1},
                                                    {Answer::Stale, 1},
                                                    {Answer::Unknown, 3}};

const Json kStatus = Json::parse(R"({
  "daemon": {"pid": 4711}, "watch": {"state": "ok", "clock": 1}, "paused": false,
  "queue": {}, "configuration": {"valid": true},
  "targets": {"app": {"standing": "fresh", "enabled": true, "type": "executable"}}})");

}  // namespace

TEST_CASE("wait's exit code is the daemon's answer") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  for (const auto& [kind, code] : kCodes) {
    daemon.on(method::kWait, {.outcome = wait_result(kind)});
    const auto ended = project.run({"wait", "app"});
    CAPTURE(ended.out, ended.err);
    CHECK(ended.exit == Exit::by_code(code));
    CHECK(contains(ended.out, "app: " + std::string(name_in(api::kAnswers, kind))));
  }
  CHECK(daemon.asked(method::kWait) == Json({{"target", "app"}, {"timeoutMs", 300'000}}));
}

TEST_CASE("build's exit code is the daemon's answer, its output the build's") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  const auto note =
      api::to_json(api::OutputNote{.target = "app", .text = "cc \x1b]0;x\x07main.c\n"});
  for (const auto& [kind, code] : kCodes) {
    ScriptedDaemon::Script script;
    script.notes.push_back(note_of(method::kOutput, note));
    script.outcome = api::to_json(answer_of(kind));
    daemon.on(method::kBuild, script);
    const auto ended = project.run({"build", "--force"});
    CHECK(ended.exit == Exit::by_code(code));
    CHECK(ended.out == "cc main.c\n");
  }
  CHECK(daemon.asked(method::kBuild) ==
        Json({{"target", "app"}, {"force", true}, {"follow", true}}));
}

TEST_CASE("with --json stdout is one JSON value") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  daemon.on(method::kWait, {.outcome = wait_result(Answer::Failed)});
  daemon.on(method::kBuild, {.outcome = api::to_json(answer_of(Answer::Failed))});
  daemon.on(method::kStatus, {.outcome = kStatus});
  daemon.on(method::kWhy, {.outcome = Json{{"target", "app"}, {"standing", "fresh"}}});
  const std::vector<std::vector<std::string>> calls = {
      {"wait", "--json"},          {"wait", "app", "--json"}, {"build", "--json"},
      {"status", "--json"},        {"why", "app", "--json"},  {"errors", "--json"},
      {"errors", "--format=sarif"}};
  for (const auto& words : calls) {
    CAPTURE(words);
    const auto ended = project.run(words);
    CHECK(ended.err.empty());
    CHECK_FALSE(Json::parse(ended.out, nullptr, false).is_discarded());
  }
  CHECK(Json::parse(project.run({"wait", "app", "--json"}).out)["status"] == "failure");
}

TEST_CASE("timing is asked for by its own method, and --json prints the targets alone") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  const Json app = {
      {"builds", 1},
      {"steps",
       {{{"from", "queued"}, {"to", "spawned"}, {"builds", 1}, {"p50", 1.5}, {"p99", 1.5}}}}};
  daemon.on(method::kTiming, {.outcome = Json{{"targets", {{"app", app}}}}});
  const auto text = project.run({"status", "--timing", "app"});
  CHECK(text.exit == Exit::by_code(0));
  CHECK(text.out ==
        "app: the last build\nSTEP               P50      P99      BUILDS\n"
        "queued to spawned  1.500ms  1.500ms  1\n");
  CHECK(daemon.asked(method::kTiming) == Json({{"target", "app"}}));
  CHECK(Json::parse(project.run({"status", "--timing", "--json"}).out) == Json({{"app", app}}));
}

TEST_CASE("what the daemon refuses has its own exit code") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  const std::vector<std::pair<api::ErrorCode, int>> table = {
      {api::ErrorCode::NotFound, 4},    {api::ErrorCode::Timeout, 124},
      {api::ErrorCode::Unavailable, 3}, {api::ErrorCode::InvalidParams, 2},
      {api::ErrorCode::Failed, 1},      {api::ErrorCode::InternalError, 70}};
  for (const auto& [error, code] : table) {
    daemon.on(method::kWait,
              {.outcome = tl::unexpected<api::RpcError>(api::RpcError{error, "that is why", {}})});
    const auto ended = project.run({"wait", "app"});
    CHECK(ended.exit == Exit::by_code(code));
    CHECK(ended.err == "poltergeist: that is why\n");
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a daemon that dies during a call is exit code 3, never a result") {
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> calls = {
      {method::kWait, {"wait"}},
      {method::kBuild, {"build"}},
      {method::kStatus, {"status"}},
      {method::kWhy, {"why", "app"}}};
  for (const auto& [name, words] : calls) {
    const CliProject project;
    ScriptedDaemon daemon(project);
    daemon.on(name, {.hang_up = true});
    const auto ended = project.run(words);
    CAPTURE(words, ended.out, ended.err);
    CHECK(ended.exit == Exit::by_code(3));
    CHECK(contains(ended.err, "the daemon ended the connection"));
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a daemon that was killed is none: its socket is there and its lock is free") {
  const CliProject project;
  const auto listener = listen_at(project.paths().socket());
  REQUIRE(listener);
  ::shutdown(listener->get(), SHUT_RDWR);
  const auto asked = now();
  const auto ended = project.run({"wait"});
  CHECK(ended.exit == Exit::by_code(3));
  CHECK(contains(ended.err, "no daemon is running"));
  CHECK(now() - asked < Seconds(1));
}

TEST_CASE("a daemon that is stopped does not answer, and who it is and what helps is said") {
  const CliProject project;
  const ScriptedDaemon daemon(project, ScriptedDaemon::Greeting::Silent);
  for (const auto* verb : {"status", "wait", "stop"}) {
    const auto ended = project.run({verb});
    CHECK(ended.exit == Exit::by_code(3));
    CHECK(contains(ended.err, "the daemon (pid 4711) does not answer"));
    CHECK(contains(ended.err, "kill -CONT 4711"));
  }
}

TEST_CASE("stop returns when the lock is free") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  daemon.on(method::kStop, {.hang_up = true});
  const auto ended = project.run({"stop"});
  CHECK(ended.exit == Exit::by_code(0));
  CHECK(ended.out == "stopped haunting " + project.root().string() + " (pid 4711)\n");
  CHECK(contains(project.run({"stop"}).err, "nothing to stop"));
}

TEST_CASE("haunt leaves a daemon that runs alone") {
  const CliProject project;
  const ScriptedDaemon daemon(project);
  const auto ended = project.run({"haunt"});
  CHECK(ended.exit == Exit::by_code(0));
  CHECK(ended.out == "a daemon (pid 4711) haunts " + project.root().string() + " already\n");
}

TEST_CASE("why asks for a target first, and for a path relative to the root") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  daemon.on(method::kWhy, {.outcome = Json{{"path", "src/main.c"}}});
  CHECK(project.run({"why", "app"}).exit == Exit::by_code(0));
  CHECK(daemon.asked(method::kWhy) == Json({{"target", "app"}}));
  CHECK(project.run({"why", "./src/../src/main.c"}).exit == Exit::by_code(0));
  CHECK(daemon.asked(method::kWhy) == Json({{"path", "src/main.c"}}));
  CHECK(project.run({"why", "/elsewhere/x"}).exit == Exit::by_code(0));
  CHECK(daemon.asked(method::kWhy) == Json({{"path", "/elsewhere/x"}}));
}

TEST_CASE("pause and resume tell the daemon") {
  const CliProject project;
  const ScriptedDaemon daemon(project);
  CHECK(project.run({"pause"}).exit == Exit::by_code(0));
  CHECK(daemon.asked(method::kPause) == Json::object());
  CHECK(project.run({"resume"}).err.empty());
  CHECK(daemon.asked(method::kResume) == Json::object());
}

TEST_CASE("events come one per line until the daemon ends") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  const auto note = api::to_json(api::EventNote{.scope = "target:app", .seq = 1, .type = "built"});
  daemon.on(method::kEvents, {.notes = {note_of(method::kEvent, note)}});
  Program program(project.plan({"events", "app", "--follow", "--json"}));
  REQUIRE(program.await_output("\"type\":\"built\",\"data\":{},\"createdAt\":\"\"}\n"));
  daemon.end();
  CHECK(program.await_end() == Exit::by_code(3));
  CHECK(daemon.asked(method::kEvents) == Json({{"scope", "target:app"}, {"follow", true}}));
}

TEST_CASE("logs --follow shows what is appended, and goes on in the next build's log") {
  const CliProject project;
  const auto log = project.paths().log_file(TargetId("app"));
  const auto write = [&](std::ios::openmode mode, std::string_view text) {
    std::ofstream(log, mode | std::ios::binary) << text;
  };
  write(std::ios::trunc, "one\n");
  Program program(project.plan({"logs", "app", "--follow"}));
  REQUIRE(program.await_output("one\n"));
  write(std::ios::app, "two\n");
  REQUIRE(program.await_output("two\n"));
  std::filesystem::rename(log, state::old_log_file(log));
  write(std::ios::trunc, "three\n");
  REQUIRE(program.await_output("three\n"));
  program.signal(SIGINT);
  CHECK(program.await_end() == Exit::by_signal(SIGINT));
}

TEST_CASE("doctor says that a daemon does not know its question, and finds out the rest itself") {
  const CliProject project;
  ScriptedDaemon daemon(project);
  daemon.on(method::kDoctor,
            {.outcome = tl::unexpected<api::RpcError>(
                 api::RpcError{api::ErrorCode::MethodNotFound, "no method \"doctor\"", nullptr})});
  const auto ended = project.run({"doctor", "--json"});
  CAPTURE(ended.out, ended.err);
  CHECK(ended.exit == Exit::by_code(1));
  const auto findings = Json::parse(ended.out).at("findings");
  const auto found = [&](std::string_view section, std::string_view name) {
    for (const auto& one : findings) {
      if (one.at("section") == section && one.at("name") == name) {
        return one.at("level").get<std::string>() + ": " + one.at("found").get<std::string>();
      }
    }
    return std::string();
  };
  CHECK(contains(found("daemon", "daemon"), "it cannot be asked how it is: no method \"doctor\""));
  CHECK(found("daemon", "daemon").starts_with("warning: pid "));
  CHECK(found("limits", "open files").starts_with("ok: "));
  CHECK(found("watching", "back end") == "ok: inotify");
}
