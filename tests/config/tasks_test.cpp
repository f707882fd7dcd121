// SPDX-License-Identifier: MIT
// What may be written about tasks, their worker, and the hooks that name them.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "config/loading.h"

using namespace poltergeist;
using namespace poltergeist::config;
using namespace poltergeist::test;
using Texts = std::vector<std::string>;

namespace {

// A task of little in line 4, with `more` members in line 5.
std::string with_task(std::string_view more) {
  return project(
      "", fmt::format("\"tasks\": [\n{{\"name\": \"notify\", \"command\": \"notify.sh\"{}{}}}]",
                      more.empty() ? "" : ",\n", more));
}

// Whole tasks, each in a line of its own from line 4 on, and `more` members in the last line.
std::string with_tasks(const Texts& tasks, std::string_view more = "") {
  return project("", fmt::format("\"tasks\": [\n{}]{}{}", fmt::join(tasks, ",\n"),
                                 more.empty() ? "" : ",\n", more));
}

Task task_of(std::string_view more, const Environment& environment = {}) {
  return load(with_task(more), environment).project.tasks.at(0);
}

Texts problems_with(std::string_view more, const Environment& environment = {}) {
  return problems_in(with_task(more), environment);
}

// A target in line 2 whose hook is in line 3, beside the tasks "notify" and "deploy" in line 4.
std::string with_hook(std::string_view hook) {
  return project(
      target(fmt::format("\"postBuild\": [{}]", hook)),
      R"("tasks": [{"name": "notify", "command": "x"}, {"name": "deploy", "command": "x"}])");
}

Hook hook_of(std::string_view hook) {
  return load(with_hook(hook)).project.targets.at(0).post_build.at(0);
}

}  // namespace

// ---- What is read

TEST_CASE("a project without tasks has none, and a worker that is idle") {
  const auto loaded = load(project("")).project;
  CHECK(loaded.tasks.empty());
  CHECK(loaded.worker == Worker{.name = "poltergeist",
                                .queue = "default",
                                .concurrency = 1,
                                .heartbeat_interval = Seconds(30)});
}

TEST_CASE("a task of a name and a command has every default filled in") {
  CHECK(task_of("") == Task{.name = TaskId("notify"),
                            .command = "notify.sh",
                            .timeout = Seconds(3600),
                            .grace_period = Seconds(10),
                            .max_retries = 0,
                            .backoff_multiplier = 2,
                            .queue = "default"});
  CHECK(task_of("").exit_codes == ExitCodes{{0}, {}});
  CHECK(task_of("").place.line == 4);
}

TEST_CASE("every field of a task is read") {
  CHECK(
      task_of(R"("args": ["--verbose", ""], "shell": true, "cwd": "sub", "inputFormat": "json_file",
    "outputFormat": "file", "outputFile": "out.json", "exitCodes": {"success": [0, 3], "retry": [75, 111]},
    "timeoutSeconds": 1.5, "gracePeriodSeconds": 2, "maxRetries": 4, "backoffMultiplier": 1.5,
    "env": {"A": "b"}, "queue": "slow")") == Task{.name = TaskId("notify"),
                                                  .command = "notify.sh",
                                                  .args = {"--verbose", ""},
                                                  .shell = true,
                                                  .cwd = "sub",
                                                  .input_format = InputFormat::JsonFile,
                                                  .output_format = OutputFormat::File,
                                                  .output_file = "out.json",
                                                  .exit_codes = {{0, 3}, {75, 111}},
                                                  .timeout = Seconds(2),
                                                  .grace_period = Seconds(2),
                                                  .max_retries = 4,
                                                  .backoff_multiplier = 1.5,
                                                  .env = {{"A", "b"}},
                                                  .queue = "slow"});
}

TEST_CASE("each format goes by its name") {
  for (const auto& [format, name] : kInputFormats) {
    CHECK(task_of(fmt::format("\"inputFormat\": \"{}\"", name)).input_format == format);
  }
  for (const auto& [format, name] : kOutputFormats) {
    const auto more = format == OutputFormat::File ? R"(, "outputFile": "x")" : "";
    CHECK(task_of(fmt::format("\"outputFormat\": \"{}\"{}", name, more)).output_format == format);
  }
}

TEST_CASE("the worker is read") {
  CHECK(
      load(project("", R"("worker": {"name": "one", "queue": "fast", "concurrency": 256,
    "heartbeatIntervalSeconds": 0})"))
          .project.worker ==
      Worker{.name = "one", .queue = "fast", .concurrency = 256, .heartbeat_interval = Seconds(0)});
}

TEST_CASE("a task that names no queue is in the worker's") {
  const auto tasks = load(with_tasks({R"({"name": "a", "command": "x"})",
                                      R"({"name": "b", "command": "x", "queue": "default"})"},
                                     R"("worker": {"queue": "fast"})"))
                         .project.tasks;
  CHECK(tasks.at(0).queue == "fast");
  CHECK(tasks.at(1).queue == "default");
}

TEST_CASE("tasks keep the order in which they are written, and are found by name and by likeness") {
  const auto loaded = load(with_tasks({R"({"name": "Send Mail", "command": "x"})",
                                       R"({"name": "clean", "command": "x"})"}))
                          .project;
  CHECK(loaded.task_names() == Texts{"Send Mail", "clean"});
  CHECK(loaded.find_task(TaskId("clean")) == &loaded.tasks[1]);
  CHECK(loaded.find_task(TaskId("send-mail")) == nullptr);
  CHECK(loaded.find_task_like("send_mail") == &loaded.tasks[0]);
  CHECK(loaded.find_task_like("clea") == nullptr);
}

TEST_CASE("a task and a target may share a name") {
  CHECK(problems_in(project(target(), R"("tasks": [{"name": "app", "command": "x"}])")).empty());
}

TEST_CASE("a target's build has exit codes of its own") {
  const auto codes = [](std::string_view more) {
    return load(project(target(more))).project.targets.at(0).exit_codes;
  };
  CHECK(codes("") == ExitCodes{{0}, {}});
  CHECK(codes(R"("exitCodes": {"retry": [75]})") == ExitCodes{{0}, {75}});
  CHECK(codes(R"("exitCodes": {"success": [0, 255]})") == ExitCodes{{0, 255}, {}});
}

TEST_CASE("how the daemon logs, and how much is kept of output, is read") {
  const auto logging = [](std::string_view more) {
    return load(project("", fmt::format("\"logging\": {{{}}}", more))).project.logging;
  };
  CHECK(logging("").format == LogFormat::Text);
  CHECK(logging("").max_output == 1024 * 1024);
  CHECK(logging(R"("format": "json", "maxOutputSizeKb": 1)").format == LogFormat::Json);
  CHECK(logging(R"("format": "json", "maxOutputSizeKb": 1)").max_output == 1024);
}

// ---- What is wrong with a task

TEST_CASE("a task without a name or a command is told what is missing") {
  CHECK(problems_in(with_tasks({"{}"})) == Texts{R"(4:1: "name" is missing: it must be text)",
                                                 R"(4:1: "command" is missing: it must be text)"});
}

TEST_CASE("a task is an object, and tasks are a list") {
  CHECK(problems_in(with_tasks({"\"x\""})) == Texts{"4:1: expected an object in { }, not text"});
  CHECK(problems_in(project("", R"("tasks": {})")) ==
        Texts{R"(3:10: "tasks" must be a list of objects, not an object)"});
  CHECK(problems_in(project("", R"("worker": [])")) ==
        Texts{R"(3:11: "worker" must be an object, not a list)"});
}

TEST_CASE("an unknown key of a task is told the nearest one") {
  CHECK(problems_with(R"("timeout": 5)") == Texts{R"(5:1: unknown key "timeout")"});
  CHECK(problems_with(R"("inputFromat": "env")") ==
        Texts{R"(5:1: unknown key "inputFromat"; did you mean "inputFormat"?)"});
  CHECK(problems_with(R"("concurrency": 2)") ==
        Texts{R"(5:1: unknown key "concurrency"; it belongs in "worker")"});
}

TEST_CASE("the names of tasks are as safe as those of targets") {
  for (const auto* name : {"a/b", "../x", ".a", "a..b", "-x", "a ", "ä", "daemon"}) {
    INFO(name);
    CHECK(problems_in(with_tasks({fmt::format(R"({{"name": "{}", "command": "x"}})", name)}))
              .size() == 1);
  }
  CHECK(
      problems_in(with_tasks({R"({"name": "a/b", "command": "x"})"})) ==
      Texts{
          R"(4:10: "a/b" cannot be the name of a task: letters, digits, '.', '_', '-' and blanks, at most 64, the first a letter or a digit, without "..")"});
  CHECK(problems_in(with_tasks({R"({"name": "", "command": "x"})"})) ==
        Texts{R"(4:10: "name" may not be empty)"});
}

TEST_CASE("two tasks of one name are refused, also if only people would take it for one") {
  CHECK(problems_in(
            with_tasks({R"({"name": "a", "command": "x"})", R"({"name": "a", "command": "y"})"})) ==
        Texts{R"(5:10: there is a task "a" already, in line 4)"});
  CHECK(
      problems_in(with_tasks({R"({"name": "Send Mail", "command": "x"})",
                              R"({"name": "send-mail", "command": "y"})"})) ==
      Texts{
          R"(5:10: "send-mail" is the same name as "Send Mail" in line 4: case, '.', '_', '-' and blanks make no difference)"});
}

TEST_CASE("a command may not be empty") {
  CHECK(problems_in(with_tasks({R"({"name": "a", "command": ""})"})) ==
        Texts{R"(4:26: "command" may not be empty)"});
  CHECK(
      problems_in(with_tasks({R"({"name": "a", "command": "${EMPTY:-}"})"})) ==
      Texts{
          R"(4:26: "command": nothing is left of "${EMPTY:-}" with these environment variables)"});
}

TEST_CASE("arguments are a list of texts, each of which may be empty") {
  CHECK(problems_with(R"("args": "-x")") ==
        Texts{R"(5:9: "args" must be a list of texts, not "-x")"});
  CHECK(problems_with(R"("args": ["-n", 5])") ==
        Texts{R"(5:16: "args" must be a list of texts, not 5)"});
  CHECK(task_of(R"("args": [""])").args == Texts{""});
}

TEST_CASE("a format that does not exist is told those that do") {
  CHECK(
      problems_with(R"("inputFormat": "json")") ==
      Texts{
          R"(5:16: "inputFormat" must be "env", "json_stdin", "json_file" or "args", not "json")"});
  CHECK(
      problems_with(R"("outputFormat": "json_stdoud")") ==
      Texts{
          R"(5:17: "outputFormat" must be "stdout", "json_stdout", "file" or "exit_code_only", not "json_stdoud"; did you mean "json_stdout"?)"});
}

TEST_CASE("a file as output needs a name") {
  CHECK(problems_with(R"("outputFormat": "file")") ==
        Texts{R"(5:17: "outputFormat" is "file": "outputFile" must say which)"});
  CHECK(problems_with(R"("outputFormat": "file", "outputFile": "")") ==
        Texts{R"(5:39: "outputFile" may not be empty)"});
}

TEST_CASE("a file that nobody would read is refused") {
  CHECK(problems_with(R"("outputFile": "out.json")") ==
        Texts{R"(5:15: "outputFile" is read only if "outputFormat" is "file")"});
  CHECK(problems_with(R"("outputFormat": "json_stdout", "outputFile": "out.json")") ==
        Texts{R"(5:46: "outputFile" is read only if "outputFormat" is "file")"});
}

TEST_CASE("exit codes are whole numbers from 0 to 255") {
  for (const auto* code : {"256", "-1", "1.5", "\"0\"", "null", "1e9"}) {
    INFO(code);
    const auto problems = problems_with(fmt::format(R"("exitCodes": {{"retry": [75, {}]}})", code));
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0],
               Catch::StartsWith("5:29: \"retry\" must be a list of whole numbers from 0 to 255"));
  }
  CHECK(problems_with(R"("exitCodes": {"success": 0})") ==
        Texts{R"(5:26: "success" must be a list of whole numbers from 0 to 255, not 0)"});
  CHECK(problems_with(R"("exitCodes": [0])") ==
        Texts{R"(5:14: "exitCodes" must be an object, not a list)"});
}

TEST_CASE("an exit code says one thing") {
  CHECK(problems_with(R"("exitCodes": {"success": [0, 3, 0]})") ==
        Texts{R"(5:33: 0 is in this list already)"});
  CHECK(problems_with(R"("exitCodes": {"success": [0, 75], "retry": [1, 75]})") ==
        Texts{R"(5:48: 75 is an exit code of success: it cannot ask for another attempt)"});
  CHECK(problems_with(R"("exitCodes": {"retry": [0]})") ==
        Texts{R"(5:25: 0 is an exit code of success: it cannot ask for another attempt)"});
  CHECK(problems_with(R"("exitCodes": {"success": [1], "retry": [0]})").empty());
}

TEST_CASE("a task that could never succeed is refused") {
  CHECK(problems_with(R"("exitCodes": {"success": []})") ==
        Texts{R"(5:26: "success" may not be empty)"});
  CHECK(problems_with(R"("exitCodes": {"retry": []})").empty());
}

TEST_CASE("a target's exit codes are held to the same rules") {
  CHECK(problems_in(project(target(R"("exitCodes": {"success": [], "retry": [7, 7]})"))) ==
        Texts{R"(3:26: "success" may not be empty)", R"(3:43: 7 is in this list already)"});
}

TEST_CASE("times, retries and factors have their limits") {
  CHECK(problems_with(R"("timeoutSeconds": -1)").size() == 1);
  CHECK(problems_with(R"("timeoutSeconds": 604801)").size() == 1);
  CHECK(task_of(R"("timeoutSeconds": 0)").timeout == Seconds(0));
  CHECK(problems_with(R"("gracePeriodSeconds": "10")").size() == 1);
  CHECK(problems_with(R"("maxRetries": 0.5)") ==
        Texts{R"(5:15: "maxRetries" must be a whole number from 0 to 1000, not 0.5)"});
  CHECK(problems_with(R"("backoffMultiplier": -2)").size() == 1);
}

TEST_CASE("names of variables are those that a process can have") {
  CHECK(problems_with(R"("env": {"": "x", "A=B": "x", "PORT": 80})") ==
        Texts{R"(5:9: "" cannot be the name of an environment variable)",
              R"(5:18: "A=B" cannot be the name of an environment variable)",
              R"(5:38: "PORT" in "env" must be text, not 80: write "80")"});
}

TEST_CASE("a NUL is refused wherever a task has text") {
  for (const auto* more :
       {R"("args": ["a\u0000b"])", R"("cwd": "\u0000")", R"("env": {"A": "\u0000"})",
        R"("env": {"A\u0000": ""})", R"("queue": "a\u0000")",
        R"("outputFormat": "file", "outputFile": "a\u0000")"}) {
    INFO(more);
    CHECK(problems_with(more).size() == 1);
  }
  CHECK(problems_in(with_tasks({R"({"name": "a", "command": "x\u0000y"})"})) ==
        Texts{R"(4:26: "command" may not hold the character \u0000)"});
}

TEST_CASE("the names of queues are as safe as those of targets") {
  CHECK(
      problems_with(R"("queue": "../x")") ==
      Texts{
          R"(5:10: "../x" cannot be the name of a queue: letters, digits, '.', '_', '-' and blanks, at most 64, the first a letter or a digit, without "..")"});
  CHECK(problems_with(R"("queue": "")") == Texts{R"(5:10: "queue" may not be empty)"});
  CHECK(problems_in(project("", R"("worker": {"queue": "a/b"})")).size() == 1);
}

TEST_CASE("a queue that the worker has wrong is one problem, not one for each task in it") {
  CHECK(problems_in(
            with_tasks({R"({"name": "a", "command": "x"})", R"({"name": "b", "command": "x"})"},
                       R"("worker": {"queue": "a/b"})"))
            .size() == 1);
}

TEST_CASE("a worker performs one to 256 executions at once") {
  for (const auto* number : {"0", "257", "1.5", "-1", "true"}) {
    INFO(number);
    const auto problems =
        problems_in(project("", fmt::format(R"("worker": {{"concurrency": {}}})", number)));
    REQUIRE(problems.size() == 1);
    CHECK_THAT(
        problems[0],
        Catch::StartsWith("3:27: \"concurrency\" must be a whole number from 1 to 256, not "));
  }
}

TEST_CASE("a worker says that it is alive once a day at least, or never") {
  const auto problems = [](std::string_view seconds) {
    return problems_in(
        project("", fmt::format(R"("worker": {{"heartbeatIntervalSeconds": {}}})", seconds)));
  };
  CHECK(problems("0").empty());
  CHECK(problems("86400").empty());
  CHECK(
      problems("86401") ==
      Texts{
          R"(3:40: "heartbeatIntervalSeconds" must be a number of seconds from 0 to 86400, not 86401)"});
  CHECK(problems("-1").size() == 1);
}

TEST_CASE("a worker has a name") {
  CHECK(problems_in(project("", R"("worker": {"name": ""})")) ==
        Texts{R"(3:20: "name" may not be empty)"});
}

TEST_CASE("a log has a format that exists, and output a limit") {
  CHECK(problems_in(project("", R"("logging": {"format": "yaml"})")) ==
        Texts{R"(3:23: "format" must be "text" or "json", not "yaml")"});
  CHECK(problems_in(project("", R"("logging": {"maxOutputSizeKb": 0})")) ==
        Texts{R"(3:32: "maxOutputSizeKb" must be a whole number from 1 to 65536, not 0)"});
}

TEST_CASE("all that is wrong with tasks is told at once, in the order of the file") {
  CHECK(
      problems_in(with_tasks({R"({"name": "a", "command": "x", "shell": "yes", "maxRetries": -1})",
                              R"({"name": "a", "comand": "x"})", "7"},
                             R"("worker": {"concurrency": 0})"))
          .size() == 7);
}

// ---- Variables

TEST_CASE("variables are replaced in a task's environment, arguments, directory and file") {
  const Environment environment{{"API_KEY", "k3y"}, {"DIR", "/d"}, {"EMPTY", ""}};
  const auto task =
      task_of(R"("args": ["${DIR}", "${NONE:-8080}", "$${DIR} $DIR"], "cwd": "${DIR}/sub",
    "outputFormat": "file", "outputFile": "${DIR}/out", "env": {"A": "${API_KEY}", "B": "${EMPTY:-b}"})",
              environment);
  CHECK(task.args == Texts{"/d", "8080", "${DIR} $DIR"});
  CHECK(task.cwd == "/d/sub");
  CHECK(task.output_file == "/d/out");
  CHECK(task.env == Environment{{"A", "k3y"}, {"B", "b"}});
}

TEST_CASE("variables are replaced in a command, and left to the shell in a line for it") {
  const auto command = [](std::string_view shell) {
    return load(with_tasks({fmt::format(
                    R"({{"name": "a", "command": "${{DIR}}/x ${{NONE:-y}}", "shell": {}}})",
                    shell)}),
                {{"DIR", "/d"}})
        .project.tasks.at(0)
        .command;
  };
  CHECK(command("false") == "/d/x y");
  CHECK(command("true") == "${DIR}/x ${NONE:-y}");
}

TEST_CASE("a variable that is missing is a problem at its value") {
  CHECK(
      problems_with(R"("env": {"A": "${TOKEN}"})") ==
      Texts{
          R"(5:14: "env": the environment variable TOKEN is not set; ${TOKEN:-…} gives it a default)"});
  CHECK(problems_with(R"("args": ["x", "${A"])") ==
        Texts{R"(5:15: "args": a } is missing behind ${; a plain ${ is written $${)"});
  // A shell knows by itself.
  CHECK(problems_in(with_tasks({R"({"name": "a", "command": "echo ${NONE", "shell": true})"}))
            .empty());
}

TEST_CASE("a secret is never made an argument, for everybody can see those") {
  const Environment environment{{"API_KEY", "k3y"}, {"Db_Password", "pass"}};
  CHECK(
      problems_with(R"("args": ["-k", "x${API_KEY}"])", environment) ==
      Texts{
          R"(5:16: "args": everybody could see the value of API_KEY in the list of processes; give it to the command by "env")"});
  CHECK(problems_with(R"("args": ["${Db_Password:-none}"], "shell": true)", environment).size() ==
        1);
  CHECK(
      problems_in(with_tasks({R"({"name": "a", "command": "${API_KEY}"})"}), environment) ==
      Texts{
          R"(4:26: "command": everybody could see the value of API_KEY in the list of processes; give it to the command by "env")"});
}

TEST_CASE(
    "a secret in a line for the shell, behind $$, or in the environment is nobody's argument") {
  const Environment environment{{"API_KEY", "k3y"}};
  CHECK(problems_in(with_tasks({R"({"name": "a", "command": "curl ${API_KEY}", "shell": true})"}),
                    environment)
            .empty());
  CHECK(task_of(R"("args": ["$${API_KEY}"], "env": {"API_KEY": "${API_KEY}"})", environment).args ==
        Texts{"${API_KEY}"});
}

// ---- Hooks

TEST_CASE("a hook may name a task and give it input") {
  const auto hook = hook_of(
      R"({"name": "tell", "task": "notify", "input": {"b": [1, 2.5, null, {"x": "ü\n"}], "a": true},
        "runOn": "always", "maxLines": 2})");
  CHECK(hook.task == "notify");
  CHECK(hook.command.empty());
  CHECK(hook.input == R"({"a":true,"b":[1,2.5,null,{"x":"ü\n"}]})");
  CHECK(hook.on_failure);
  CHECK(hook.max_lines == 2);
  CHECK(hook_of(R"({"name": "tell", "task": "notify"})").input == "{}");
}

TEST_CASE("the input of a hook is what was written, in whatever order") {
  const auto input = [](std::string_view text) {
    return hook_of(fmt::format(R"({{"name": "x", "task": "notify", "input": {}}})", text)).input;
  };
  CHECK(input(R"({"a": 1, "b": 2})") == input(R"({"b": 2.0, "a": 1})"));
  CHECK(input(R"({"n": -9007199254740991, "m": 0.1, "z": 1e-7})") ==
        R"({"m":0.1,"n":-9007199254740991,"z":1e-07})");
  CHECK(input(R"({"${HOME}": "${HOME}"})") == R"({"${HOME}":"${HOME}"})");
}

TEST_CASE("a hook has a command or a task") {
  CHECK(problems_in(with_hook(R"({"name": "x"})")) ==
        Texts{R"(3:15: "command" or "task" is missing: give one of them)"});
  CHECK(problems_in(with_hook(R"({"name": "x", "command": "y", "task": "notify"})")) ==
        Texts{R"(3:45: "command" and "task" exclude each other: keep one)"});
  // Wrong is not missing.
  CHECK(problems_in(with_hook(R"({"name": "x", "task": 7})")) ==
        Texts{R"(3:37: "task" must be text, not 7)"});
  CHECK(problems_in(with_hook(R"({"name": "x", "task": ""})")) ==
        Texts{R"(3:37: "task" may not be empty)"});
}

TEST_CASE("a hook's task exists") {
  CHECK(problems_in(with_hook(R"({"name": "x", "task": "notfy"})")) ==
        Texts{R"(3:37: there is no task "notfy"; did you mean "notify"?)"});
  CHECK(problems_in(project(target(R"("postBuild": [{"name": "x", "task": "notify"}])"))) ==
        Texts{R"(3:37: there is no task "notify")"});
}

TEST_CASE("a command is given no input") {
  CHECK(problems_in(with_hook(R"({"name": "x", "command": "y", "input": {}})")) ==
        Texts{R"(3:45: "input" goes with "task", not with "command": leave it out)"});
}

TEST_CASE("a hook's task has a formatter, environment, directory and timeout of its own, or none") {
  for (const auto* member :
       {R"("formatter": "x")", R"("env": {})", R"("cwd": "x")", R"("timeoutSeconds": 1)"}) {
    INFO(member);
    const auto problems =
        problems_in(with_hook(fmt::format(R"({{"name": "x", "task": "notify", {}}})", member)));
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0],
               Catch::StartsWith("3:47: ") &&
                   Catch::EndsWith("\" goes with \"command\", not with \"task\": leave it out"));
  }
}

TEST_CASE("the input of a hook is an object of what can be handed on") {
  const auto problems = [](std::string_view input) {
    return problems_in(
        with_hook(fmt::format(R"({{"name": "x", "task": "notify", "input": {}}})", input)));
  };
  CHECK(problems("[]") == Texts{R"(3:56: "input" must be an object, not a list)"});
  CHECK(problems(R"({"a": [{"b": "\u0000"}]})") ==
        Texts{R"(3:69: "input" may not hold the character \u0000)"});
  CHECK(problems(R"({"a\u0000": 1})") ==
        Texts{R"(3:57: "input" may not hold the character \u0000)"});
  CHECK(problems(R"({"id": 9007199254740993})") ==
        Texts{R"(3:63: "input": a number this large would lose digits: write it as text)"});
  CHECK(problems(R"({"a": 1, "a": 2})").size() == 1);
}
