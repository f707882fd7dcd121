// SPDX-License-Identifier: MIT
// `poltergeist exec`: tasks executed here and now; and what builds and hooks share with them.
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/rounds.h"
#include "support/test_project.h"

using poltergeist::test::await;
using poltergeist::test::Program;
using poltergeist::test::rounds;
using poltergeist::test::run;
using poltergeist::test::TestProject;
using Json = nlohmann::json;

namespace {

// A project whose tasks are these, each with a script "task.sh" unless it names a command.
void with_tasks(const TestProject& project, Json tasks) {
  for (auto& task : tasks) {
    if (!task.contains("command")) task["command"] = "./task.sh";
  }
  project.configure({{"targets", Json::array()}, {"tasks", std::move(tasks)}});
}

void write_script(const TestProject& project, const std::string& text,
                  const std::string& name = "task.sh") {
  const auto file = project.write(name, "#!/bin/sh\n" + text);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Json result_of(const TestProject& project, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "exec");
  arguments.emplace_back("--json");
  const auto ran = project.run_poltergeist(std::move(arguments));
  CAPTURE(ran.out, ran.err);
  auto result = Json::parse(ran.out, nullptr, false);
  REQUIRE_FALSE(result.is_discarded());
  result["code"] = ran.code;
  return result;
}

}  // namespace

TEST_CASE("a task is executed with its input, and its result says everything") {
  const TestProject project;
  with_tasks(project, {{{"name", "greet"}}});
  write_script(project, "echo \"Hello, $INPUT_NAME\"; echo careful >&2\n");
  const auto result = result_of(project, {"greet", "--input", "name=Alice"});
  CHECK(result["outcome"] == "success");
  CHECK(result["task"] == "greet");
  CHECK(result["exitCode"] == 0);
  CHECK(result["attempt"] == 1);
  CHECK(result["stdout"] == "Hello, Alice\n");
  CHECK(result["stderr"] == "careful\n");
  CHECK(result["output"] == Json{{"result", "Hello, Alice"}});
  CHECK(result["failureKind"].is_null());
  CHECK(result["code"] == 0);
}

TEST_CASE("each of the input formats goes with each of the output formats") {
  const TestProject project;
  Json tasks = Json::array();
  for (const auto* in : {"env", "json_stdin", "json_file", "args"}) {
    for (const auto* out : {"stdout", "json_stdout", "file", "exit_code_only"}) {
      Json task = {
          {"name", std::string(in) + "-" + out}, {"inputFormat", in}, {"outputFormat", out}};
      if (std::string(out) == "file") task["outputFile"] = "out.json";
      tasks.push_back(task);
    }
  }
  with_tasks(project, tasks);
  // Says what it was given for "word", however it came.
  write_script(project,
               "if [ -n \"$INPUT_WORD\" ]; then word=$INPUT_WORD\n"
               "elif [ -n \"$INPUT_FILE\" ]; then word=$(sed "
               "'s/.*\"word\":\"\\([a-z]*\\)\".*/\\1/' \"$INPUT_FILE\")\n"
               "elif [ $# -gt 0 ]; then word=$1\n"
               "else word=$(sed 's/.*\"word\":\"\\([a-z]*\\)\".*/\\1/'); fi\n"
               "echo \"{\\\"got\\\":\\\"$word\\\"}\" > out.json\n"
               "echo '::set-output key=extra::yes'\n"
               "cat out.json\n");
  for (const auto& task : tasks) {
    const auto name = task["name"].get<std::string>();
    CAPTURE(name);
    const auto result = result_of(project, {name, "--input", "word=ghost"});
    CHECK(result["outcome"] == "success");
    Json expected = {{"extra", "yes"}};
    if (task["outputFormat"] == "stdout") {
      expected["result"] = R"({"got":"ghost"})";
    } else if (task["outputFormat"] == "exit_code_only") {
      expected["success"] = true;
    } else {
      expected["got"] = "ghost";
    }
    CHECK(result["output"] == expected);
  }
  // The input's file is there for as long as its task.
  for (const auto& entry : std::filesystem::directory_iterator(project.state_dir())) {
    CHECK(entry.path().filename().string().find("-input-") == std::string::npos);
  }
}

TEST_CASE("a file that the task did not write is no output, even if one lies there") {
  const TestProject project;
  with_tasks(project, {{{"name", "lazy"}, {"outputFormat", "file"}, {"outputFile", "out.json"}}});
  project.write("out.json", R"({"old": true})");
  write_script(project, "exit 0\n");
  const auto result = result_of(project, {"lazy"});
  CHECK(result["outcome"] == "failure");
  CHECK(result["failureKind"] == "bad_output");
  CHECK(result["code"] == 1);
}

TEST_CASE("a code of the list retry is tried again with what earlier attempts kept") {
  const TestProject project;
  with_tasks(project, {{{"name", "flaky"},
                        {"exitCodes", {{"success", {0}}, {"retry", {75}}}},
                        {"maxRetries", 3},
                        {"backoffMultiplier", 0}}});
  write_script(project,
               "echo \"attempt $POLTERGEIST_ATTEMPT of $POLTERGEIST_MAX_RETRIES\"\n"
               "echo \"::set-state key=tries::x$STATE_TRIES\"\n"
               "[ \"$STATE_TRIES\" = xx ] && echo enough && exit 0\n"
               "exit 75\n");
  const auto result = result_of(project, {"flaky"});
  CHECK(result["outcome"] == "success");
  CHECK(result["attempt"] == 3);
  CHECK(result["stdout"] == "attempt 3 of 3\nenough\n");
  const auto spent = result_of(project, {"flaky", "--max-retries", "1"});
  CHECK(spent["outcome"] == "retries_exhausted");
  CHECK(spent["attempt"] == 2);
  CHECK(spent["code"] == 75);
}

TEST_CASE("a failure passes the command's own code on, and a death by signal the shell's") {
  const TestProject project;
  with_tasks(project, {{{"name", "end"}, {"inputFormat", "args"}}});
  write_script(project, "case $1 in kill) kill -KILL $$;; *) exit \"$1\";; esac\n");
  CHECK(result_of(project, {"end", "-i", "code=42"})["code"] == 42);
  CHECK(result_of(project, {"end", "-i", "code=255"})["code"] == 255);
  const auto killed = result_of(project, {"end", "-i", "code=kill"});
  CHECK(killed["code"] == 137);
  CHECK(killed["failureKind"] == "signal");
  CHECK(killed["signal"] == SIGKILL);
  CHECK(killed["exitCode"].is_null());
}

TEST_CASE("when its time is over a task is stopped, with all that it started") {
  const TestProject project;
  with_tasks(project, {{{"name", "slow"}, {"gracePeriodSeconds", 0}}});
  write_script(project, "trap '' TERM; sleep 600 & echo $! > child; sleep 600\n");
  const auto result = result_of(project, {"slow", "--timeout", "1"});
  CHECK(result["outcome"] == "timeout");
  CHECK(result["failureKind"] == "timeout");
  CHECK(result["code"] == 124);
  CHECK(result["durationMs"].get<int>() >= 1000);
  CHECK(::kill(std::stoi(project.read("child")), 0) != 0);
}

TEST_CASE("what cannot be started says why, with the codes that a shell has for it") {
  const TestProject project;
  with_tasks(project, {{{"name", "missing"}, {"command", "./no-such.sh"}},
                       {{"name", "plain"}, {"command", "./plain.sh"}}});
  project.write("plain.sh", "echo no\n");
  const auto missing = result_of(project, {"missing"});
  CHECK(missing["failureKind"] == "spawn");
  CHECK(missing["code"] == 127);
  const auto plain = result_of(project, {"plain"});
  CHECK(plain["code"] == 126);
  CHECK(plain["message"].get<std::string>().find("chmod +x ./plain.sh") != std::string::npos);
}

TEST_CASE("Ctrl+C cancels a task and all that it started") {
  const TestProject project;
  with_tasks(project, {{{"name", "slow"}}});
  write_script(project, "echo ready; sleep 600 & echo $! > child; wait\n");
  Program exec(project.poltergeist({"exec", "slow"}));
  REQUIRE(exec.await_output("ready"));
  exec.signal(SIGINT);
  CHECK(exec.await_end() == poltergeist::Exit::by_code(130));
  CHECK(exec.errors().find("cancelled") != std::string::npos);
}

TEST_CASE("a task whose output nobody reads any more is cancelled") {
  const TestProject project;
  with_tasks(project, {{{"name", "endless"}}});
  write_script(project, "echo $$ > pid; while :; do echo more; done\n");
  auto call = project.poltergeist({"exec", "endless"});
  std::string line = "\"$0\"";
  for (std::size_t i = 1; i < call.argv.size(); ++i) line += " " + call.argv[i];
  call.argv = {"/bin/sh", "-c", line + " | head -n 1", call.argv[0]};
  CHECK(run(call).out == "more\n");
  CHECK(await([&] { return ::kill(std::stoi(project.read("pid")), 0) != 0; }));
}

TEST_CASE("without --json a task's output is our own, and what it says goes beside it") {
  const TestProject project;
  with_tasks(project, {{{"name", "talk"}}});
  write_script(project,
               "echo one; echo '::log level=warn::careful'; echo '::progress percent=50::half'\n"
               "echo '::unknown::output all the same'; echo two >&2; printf three\n");
  const auto ran = project.run_poltergeist({"exec", "talk"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "one\n::unknown::output all the same\nthree\n");
  CHECK(ran.err.find("warn: careful") != std::string::npos);
  CHECK(ran.err.find(" 50 % half") != std::string::npos);
  CHECK(ran.err.find("two\n") != std::string::npos);
}

TEST_CASE("a dry run says what would be executed and executes nothing") {
  TestProject project;
  project.env["API_TOKEN"] = "hunter2hunter2";
  with_tasks(project, {{{"name", "touch"},
                        {"args", {"--flag"}},
                        {"env", {{"DEPLOY_TOKEN", "${API_TOKEN}"}, {"PLAIN", "visible"}}}}});
  write_script(project, "touch executed\n");
  const auto plan = project.run_poltergeist({"exec", "touch", "-i", "a=b", "--dry-run", "--json"});
  const auto json = Json::parse(plan.out);
  CHECK(json["argv"][1] == "--flag");
  CHECK(json["env"]["INPUT_A"] == "b");
  CHECK(json["env"]["PLAIN"] == "visible");
  CHECK(json["env"]["DEPLOY_TOKEN"] == "[REDACTED]");
  CHECK(plan.out.find("hunter2") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(project.root() / "executed"));
  CHECK(project.run_poltergeist({"exec", "touch", "--dry-run"}).out.find("would execute:") !=
        std::string::npos);
}

TEST_CASE("validate counts the tasks, and executes none") {
  const TestProject project;
  with_tasks(project, {{{"name", "touch"}}, {{"name", "other"}}});
  write_script(project, "touch executed\n");
  const auto ran = project.run_poltergeist({"validate"});
  CHECK(ran.out == "valid: 0 targets, 2 tasks\n");
  CHECK_FALSE(std::filesystem::exists(project.root() / "executed"));
}

TEST_CASE("a wrong call says what is wrong, and executes nothing") {
  const TestProject project;
  with_tasks(project, {{{"name", "touch"}}});
  write_script(project, "touch executed\n");
  const auto unknown = project.run_poltergeist({"exec", "tuch"});
  CHECK(unknown.code == 4);
  CHECK(unknown.err.find("did you mean \"touch\"") != std::string::npos);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"exec", "touch", "-i", "novalue"},
        {"exec", "touch", "-i", "=x"},
        {"exec", "touch", "--input-json", "[1]"},
        {"exec", "touch", "--input-json", "{"},
        {"exec", "touch", "--input-json", "@no-such-file"},
        {"exec", "touch", "--timeout", "soon"},
        {"exec", "touch", "--max-retries", "100000"},
        {"exec", "touch", "--input-json", R"({"a-b": 1, "a_b": 2})"}}) {
    CAPTURE(wrong);
    CHECK(project.run_poltergeist(wrong).code == 2);
  }
  CHECK_FALSE(std::filesystem::exists(project.root() / "executed"));
}

TEST_CASE("an input comes from a file or the standard input, and single fields over it") {
  const TestProject project;
  with_tasks(project, {{{"name", "show"}}});
  write_script(project, "echo \"$INPUT_A $INPUT_B\"\n");
  project.write("input.json", R"({"a": 1, "b": 2})");
  const auto file = (project.root() / "input.json").string();
  CHECK(result_of(project, {"show", "--input-json", "@" + file, "-i", "b=three"})["stdout"] ==
        "1 three\n");
  auto call = project.poltergeist({"exec", "show", "--input-json", "-"});
  call.in = R"({"a": "x", "b": null})";
  CHECK(run(call).out == "x \n");
}

// ---- Injection

TEST_CASE("hostile texts arrive byte for byte, and nothing else is executed") {
  const TestProject project;
  Json tasks = Json::array();
  for (const auto* format : {"env", "json_stdin", "json_file", "args"}) {
    for (const bool shell : {false, true}) {
      tasks.push_back({{"name", std::string(format) + (shell ? "-shell" : "")},
                       {"inputFormat", format},
                       {"shell", shell}});
    }
  }
  with_tasks(project, tasks);
  write_script(project,
               "if [ -n \"${INPUT_TEXT+set}\" ]; then printf %s \"$INPUT_TEXT\"\n"
               "elif [ -n \"$INPUT_FILE\" ]; then cat \"$INPUT_FILE\"\n"
               "elif [ $# -gt 0 ]; then printf %s \"$1\"; [ $# -eq 1 ] || exit 9\n"
               "else cat; fi > got\n");
  std::mt19937 random(42);
  const std::vector<std::string> pieces = {"'",
                                           "\"",
                                           "`touch pwned`",
                                           "$(touch pwned)",
                                           "; touch pwned;",
                                           "\n",
                                           "-rf",
                                           "--",
                                           "\\",
                                           "${IFS}",
                                           "|touch pwned",
                                           "&touch pwned&",
                                           ">pwned",
                                           "*",
                                           "~",
                                           "!",
                                           "#",
                                           "\t",
                                           "é",
                                           "\xff\xfe",
                                           "%s",
                                           "%n",
                                           "$INPUT_TEXT",
                                           "::set-output key=a::b",
                                           "\x1b[31m",
                                           " ",
                                           "x"};
  std::uniform_int_distribution<std::size_t> pick(0, pieces.size() - 1);
  const int wanted = rounds(5, 1'000);
  for (int round = 0; round < wanted; ++round) {
    std::string text;
    const auto count = 1 + pick(random) % 8;
    for (std::size_t i = 0; i < count; ++i) text += pieces[pick(random)];
    for (const auto& task : tasks) {
      const auto name = task["name"].get<std::string>();
      const bool is_json = name.starts_with("json");
      if (is_json && text.find('\xff') != std::string::npos) continue;
      CAPTURE(name, text);
      std::filesystem::remove(project.root() / "got");
      REQUIRE(project.run_poltergeist({"exec", name, "--input", "text=" + text}).code == 0);
      const auto got = project.read("got");
      CHECK((is_json ? Json::parse(got)["text"].get<std::string>() : got) == text);
      CHECK_FALSE(std::filesystem::exists(project.root() / "pwned"));
    }
  }
  const auto nul =
      project.run_poltergeist({"exec", "env", "--input-json", R"({"text": "a\u0000b"})"});
  CHECK(nul.code == 2);
  CHECK(nul.err.find("NUL") != std::string::npos);
}

// ---- Builds and hooks

TEST_CASE("what a build says in its output reaches its state file, and is no output") {
  const TestProject project;
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand",
                         "echo plain; echo '::set-output key=version::1.2'; "
                         "echo '::progress percent=40::nearly'; echo '::log level=warn::hm'"},
                        {"watchPaths", {"*.c"}}}}}});
  project.haunt();
  const auto build = project.state_of("app")["lastBuild"];
  CHECK(build["outputs"] == Json{{"version", "1.2"}});
  CHECK(project.run_poltergeist({"logs", "app"}).out.find("::") == std::string::npos);
}

TEST_CASE("a secret of a build's environment is found nowhere") {
  TestProject project;
  project.env["DEPLOY_TOKEN"] = "hunter2hunter2";
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand",
                         "echo \"it is $DEPLOY_TOKEN\"; echo \"a.c:1:1: error: $DEPLOY_TOKEN\"; "
                         "echo \"::set-output key=k::$DEPLOY_TOKEN\"; exit 1"},
                        {"watchPaths", {"*.c"}}}}}});
  project.haunt();
  CHECK(project.run_poltergeist({"logs", "app"}).out.find("it is [REDACTED]") != std::string::npos);
  for (const auto& directory : {project.state_dir(), project.root() / ".poltergeist"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      CAPTURE(entry.path());
      CHECK(contents_of(entry.path()).find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("a hook may be a task, and its answer stands in the state file") {
  const TestProject project;
  write_script(project,
               "echo \"::set-output key=told::$INPUT_WHO\"; "
               "echo \"$POLTERGEIST_TARGET $POLTERGEIST_BUILD_STATUS $POLTERGEIST_TRIGGER\"\n");
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"buildCommand", "true"},
          {"watchPaths", {"*.c"}},
          {"postBuild", {{{"name", "tell"}, {"task", "notify"}, {"input", {{"who", "all"}}}}}}}}},
       {"tasks", {{{"name", "notify"}, {"command", "./task.sh"}}}}});
  project.haunt();
  REQUIRE(await([&] {
    const auto hooks = project.state_of("app").value("postBuildResults", Json::object());
    return hooks.contains("tell") && hooks["tell"]["status"] == "success";
  }));
  const auto hook = project.state_of("app")["postBuildResults"]["tell"];
  CHECK(hook["outputs"] == Json{{"told", "all"}, {"result", "app success hook:app"}});
}

TEST_CASE("a build whose code is not among those to retry is not tried again") {
  const TestProject project;
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "echo x >> tries; exit 3"},
                        {"watchPaths", {"*.c"}},
                        {"maxRetries", 5},
                        {"backoffMultiplier", 0},
                        {"exitCodes", {{"success", {0}}, {"retry", {75}}}}}}}});
  project.haunt();
  CHECK(project.read("tries") == "x\n");
}

TEST_CASE("health is a valid configuration and a daemon that answers") {
  const TestProject project;
  with_tasks(project, {{{"name", "any"}}});
  CHECK(project.run_poltergeist({"health"}).code == 3);
  project.haunt();
  CHECK(project.run_poltergeist({"health"}).code == 0);
  CHECK(Json::parse(project.run_poltergeist({"health", "--json"}).out)["pid"] ==
        project.daemon_pid());
  project.write("poltergeist.config.json", "{");
  CHECK(project.run_poltergeist({"health"}).code == 2);
}

// ---- The daemon's executions

namespace {

std::string detached(const TestProject& project, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "exec");
  arguments.emplace_back("--detach");
  const auto ran = project.run_poltergeist(std::move(arguments));
  CAPTURE(ran.out, ran.err);
  REQUIRE(ran.code == 0);
  return ran.out.substr(0, ran.out.find('\n'));
}

Json shown(const TestProject& project, const std::string& id) {
  return Json::parse(project.run_poltergeist({"task", "show", id, "--json"}).out);
}

}  // namespace

TEST_CASE("the daemon executes what it is asked for, and remembers what became of it") {
  const TestProject project;
  with_tasks(project, {{{"name", "greet"}}, {{"name", "fail"}, {"command", "./fail.sh"}}});
  write_script(project, "echo \"Hello, $INPUT_NAME from $POLTERGEIST_TASK_ID\"\n");
  write_script(project, "exit 42\n", "fail.sh");
  CHECK(project.run_poltergeist({"exec", "greet", "--detach"}).code == 3);
  project.haunt();
  const auto id = detached(project, {"greet", "-i", "name=Alice"});
  const auto waited = project.run_poltergeist({"task", "wait", id, "--json"});
  CHECK(waited.code == 0);
  CHECK(Json::parse(waited.out)["stdout"] == "Hello, Alice from " + id + "\n");
  const auto failed = detached(project, {"fail"});
  CHECK(project.run_poltergeist({"task", "wait", failed}).code == 42);
  project.run_poltergeist({"stop"});
  // Without a daemon, too.
  CHECK(shown(project, id)["result"]["stdout"] == "Hello, Alice from " + id + "\n");
  const auto list =
      Json::parse(project.run_poltergeist({"task", "list", "--json"}).out)["executions"];
  REQUIRE(list.size() == 2);
  CHECK(list[0]["task"] == "fail");
  CHECK(list[0]["outcome"] == "failure");
  CHECK(project.run_poltergeist({"task", "wait", failed}).code == 42);
  CHECK(project.run_poltergeist({"task", "show", "999"}).code == 4);
}

TEST_CASE("of one queue no more execute at once than the worker's limit, and another one is free") {
  const TestProject project;
  project.configure({{"targets", Json::array()},
                     {"worker", {{"concurrency", 2}}},
                     {"tasks",
                      {{{"name", "slow"}, {"command", "./slow.sh"}},
                       {{"name", "quick"}, {"command", "./slow.sh"}, {"queue", "other"}}}}});
  write_script(project, "touch started.$POLTERGEIST_TASK_ID; read line < gate\n", "slow.sh");
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  project.haunt();
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(detached(project, {"slow"}));
  ids.push_back(detached(project, {"quick"}));
  const auto has_started = [&](const std::string& id) {
    return std::filesystem::exists(project.root() / ("started." + id));
  };
  REQUIRE(await([&] { return has_started(ids[0]) && has_started(ids[1]) && has_started(ids[4]); }));
  CHECK_FALSE(has_started(ids[2]));
  CHECK(shown(project, ids[2])["status"] == "queued");
  const auto worker = project.status()["_worker"];
  CHECK(worker["executing"] == 3);
  CHECK(worker["waiting"] == 2);
  CHECK(project.run_poltergeist({"task", "cancel", ids[3]}).code == 0);
  CHECK(project.run_poltergeist({"task", "wait", ids[3]}).code == 130);
  CHECK(project.run_poltergeist({"task", "cancel", ids[0]}).code == 0);
  CHECK(project.run_poltergeist({"task", "wait", ids[0]}).code == 130);
  CHECK(await([&] { return has_started(ids[2]); }));
  CHECK(project.run_poltergeist({"task", "cancel", ids[0]}).code == 1);
  const auto late = project.run_poltergeist({"task", "wait", ids[2], "--timeout", "0"});
  CHECK(late.code == 124);
}

TEST_CASE("after kill -9 nothing is running, nothing is alive, and nothing is executed twice") {
  const TestProject project;
  with_tasks(project, {{{"name", "slow"}}});
  write_script(project,
               "echo x >> executed.$POLTERGEIST_TASK_ID\n"
               "setsid sh -c 'echo $$ > child; exec sleep 600' & sleep 600\n");
  project.haunt();
  const auto first = detached(project, {"slow"});
  const auto second = detached(project, {"slow"});
  REQUIRE(await([&] {
    return std::filesystem::exists(project.root() / "child") && !project.read("child").empty();
  }));
  const auto child = std::stoi(project.read("child"));
  const auto daemon = project.daemon_pid();
  // With its shepherd, who would have ended them sooner, and which it would replace.
  REQUIRE(::kill(daemon, SIGSTOP) == 0);
  for (const auto pid : poltergeist::test::shepherds_of(daemon)) ::kill(pid, SIGKILL);
  REQUIRE(::kill(daemon, SIGKILL) == 0);
  REQUIRE(await([&] { return ::kill(daemon, 0) != 0; }));
  CHECK(shown(project, first)["status"] == "settled");
  project.haunt();
  CHECK(await([&] { return ::kill(child, 0) != 0; }));
  const auto lost = shown(project, first);
  CHECK(lost.value("status", "") == "settled");
  CHECK(lost.value("outcome", "") == "failure");
  CHECK(lost.value("failureKind", "") == "cancelled");
  // The one that waited goes on.
  REQUIRE(await([&] { return std::filesystem::exists(project.root() / ("executed." + second)); }));
  CHECK(project.read("executed." + first) == "x\n");
  CHECK(project.run_poltergeist({"task", "cancel", second}).code == 0);
  CHECK(project.run_poltergeist({"task", "wait", second}).code == 130);
}

TEST_CASE("secrets of an input are not written down") {
  const TestProject project;
  with_tasks(project, {{{"name", "greet"}, {"inputFormat", "json_stdin"}}});
  write_script(project, "cat; echo; echo done\n");
  project.haunt();
  const auto id =
      detached(project, {"greet", "-i", "api_token=hunter2hunter2", "-i", "name=Alice"});
  REQUIRE(project.run_poltergeist({"task", "wait", id}).code == 0);
  const auto entry = shown(project, id);
  CHECK(entry["input"] == Json{{"api_token", "[REDACTED]"}, {"name", "Alice"}});
  CHECK(entry["result"]["stdout"].get<std::string>().find("[REDACTED]") != std::string::npos);
  for (const auto& directory : {project.state_dir(), project.root() / ".poltergeist"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
      if (!file.is_regular_file()) continue;
      CAPTURE(file.path());
      CHECK(contents_of(file.path()).find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("a daemon that ends tells what executes to end, and keeps what waits") {
  const TestProject project;
  with_tasks(project, {{{"name", "slow"}}});
  write_script(project,
               "trap 'echo told; exit 0' TERM\ntouch started.$POLTERGEIST_TASK_ID\n"
               "while :; do sleep 0.01; done\n");
  project.haunt();
  const auto first = detached(project, {"slow"});
  const auto second = detached(project, {"slow"});
  REQUIRE(await([&] { return std::filesystem::exists(project.root() / ("started." + first)); }));
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  const auto ended = shown(project, first);
  CHECK(ended["outcome"] == "cancelled");
  CHECK(ended["result"]["stdout"] == "told\n");
  CHECK(shown(project, second)["status"] == "queued");
}

TEST_CASE("the events of an execution tell what happens to it") {
  const TestProject project;
  with_tasks(project, {{{"name", "slow"}}});
  write_script(project, "read line < gate; echo '::progress percent=50::half'; exit 3\n");
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  project.haunt();
  const auto id = detached(project, {"slow"});
  auto client = poltergeist::api::Client::connect(project.socket());
  REQUIRE(client);
  const auto scope = "execution:" + id;
  REQUIRE(client->call("events", {{"scope", scope}}));
  // Its command waits until somebody writes.
  std::ofstream(project.root() / "gate") << "go\n";
  std::vector<std::string> types;
  while (types.empty() || types.back() != "execution_ended") {
    const auto note = client->next_notification(std::chrono::seconds(20));
    REQUIRE(note);
    CHECK(note->params["scope"] == scope);
    types.push_back(note->params["type"]);
  }
  CHECK(std::count(types.begin(), types.end(), "execution_progress") == 1);
  CHECK(project.run_poltergeist({"events", "execution:999"}).code == 4);
}
