// SPDX-License-Identifier: MIT
// Secrets that commands print in every way they can are found nowhere.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/test_project.h"

using poltergeist::api::Client;
using poltergeist::test::await;
using poltergeist::test::TestProject;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

// By the variable or the field of the input that holds it. Each holds a word that is nowhere else.
using Planted = std::map<std::string, std::string>;

const Planted kInEnvironment = {
    {"PLAIN_TOKEN", "planted01plain"},
    {"SHORTEST_KEY", "pl02"},
    {"LONG_SECRET", "planted03" + std::string(5000, 'x')},
    {"QUOTED_PASSWORD", "planted04\"it's\" \\back\\ `tick`"},
    {"SHELL_CREDENTIAL", "planted05$(touch pwned);&|<>*?"},
    {"SPACED_TOKEN", "planted06 two  words\tand a tab"},
    {"LINES_KEY", "planted07first line\nplanted07second line\nplanted07third"},
    {"BEFORE_TOKEN", "planted08"},
    {"BEHIND_TOKEN", "planted08and more of it"},
    {"UTF8_PASSWORD", "planted09häßlich€😀"},
    {"lower_case_token", "planted10lower"},
    {"JSON_SECRET", R"({"planted11": ["a", {"b": "c"}]})"},
    {"PERCENT_KEY", "planted12%s%n%00"},
    {"ESCAPE_TOKEN", "planted13\x1b[31mred\x1b[0m"},
    {"LAST_TOKEN", "planted14ends with blanks  "},
};
const Planted kInInput = {
    {"api_token", "planted15input"},
    {"db_password", "planted16\"quoted\"\nplanted16next"},
    {"signing_key", "planted17äöü"},
};
const Planted kInTask = {
    {"TASK_SECRET", "planted18task"},
    {"TASK_API_KEY", "planted19=and=equals"},
    {"TASK_LOGIN_CREDENTIAL", "planted20:user:word"},
};

// Prints them whole, in pieces, on both streams, and in every command of the protocol. Not by echo,
// which makes something else of a backslash.
constexpr auto kScript = R"(#!/bin/sh
for name in PLAIN_TOKEN SHORTEST_KEY LONG_SECRET QUOTED_PASSWORD SHELL_CREDENTIAL SPACED_TOKEN \
    LINES_KEY BEFORE_TOKEN BEHIND_TOKEN UTF8_PASSWORD lower_case_token JSON_SECRET PERCENT_KEY \
    ESCAPE_TOKEN LAST_TOKEN INPUT_API_TOKEN INPUT_DB_PASSWORD INPUT_SIGNING_KEY TASK_SECRET \
    TASK_API_KEY TASK_LOGIN_CREDENTIAL; do
  eval "value=\$$name"
  [ -n "$value" ] && echo "$name" >> seen
  printf '%s\n' "it is $value."
  printf '%s\n' "it is $value." >&2
  printf '%s' "$value" | dd bs=3 status=none
  echo
  printf '%s\n' "::set-output key=$name::$value"
  printf '%s\n' "::set-state key=$name::$value"
  printf '%s\n' "::progress percent=5::$value"
  printf '%s\n' "::log level=warn::$value"
  printf '%s\n' "::warning::$value"
done
echo over
[ -z "$GATE" ] || read -r line < "$GATE"
exit "${CODE:-0}"
)";

void keep_words(const Planted& planted, std::vector<std::string>& words) {
  for (const auto& [name, value] : planted) {
    for (std::size_t at = value.find("planted"); at != std::string::npos;
         at = value.find("planted", at + 1)) {
      words.push_back(value.substr(at, 9));
    }
    if (value.starts_with("pl0")) words.push_back(value);
  }
}

// What of them is in a text: the first word of each that is there.
std::vector<std::string> found_in(const std::string& text) {
  std::vector<std::string> words;
  for (const auto* planted : {&kInEnvironment, &kInInput, &kInTask}) keep_words(*planted, words);
  std::erase_if(words, [&](const auto& word) { return text.find(word) == std::string::npos; });
  return words;
}

const std::vector<std::string> kNothing;

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void check_files(const TestProject& project) {
  for (const auto& directory : {project.state_dir(), project.root() / ".poltergeist"}) {
    for (const auto& file : fs::recursive_directory_iterator(directory)) {
      if (!file.is_regular_file()) continue;
      CAPTURE(file.path());
      CHECK(found_in(bytes_of(file.path())) == kNothing);
    }
  }
}

// What `ps` shows of everybody.
void check_command_lines() {
  for (const auto& process : fs::directory_iterator("/proc")) {
    if (process.path().filename().string().find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    CAPTURE(process.path());
    CHECK(found_in(bytes_of(process.path() / "cmdline")) == kNothing);
  }
}

void write_telling_script(const TestProject& project) {
  const auto file = project.write("tell.sh", kScript);
  fs::permissions(file, fs::perms::owner_all);
}

Json input_with_secrets() {
  Json input{{"name", "nobody"}};
  for (const auto& [name, value] : kInInput) input[name] = value;
  return input;
}

Json telling_task(const std::string& name, const Json& more = Json::object()) {
  Json task{{"name", name}, {"command", "./tell.sh"}, {"env", Json::object()}};
  for (const auto& [variable, value] : kInTask) task["env"][variable] = value;
  task["env"].update(more);
  return task;
}

std::size_t lines_in(const fs::path& file) {
  const auto text = bytes_of(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("of twenty secrets none is found in what exec prints and keeps") {
  TestProject project;
  for (const auto& [name, value] : kInEnvironment) project.env[name] = value;
  write_telling_script(project);
  project.configure({{"targets", Json::array()}, {"tasks", {telling_task("tell")}}});
  auto call = project.poltergeist({"exec", "tell", "--input-json", "-"});
  call.in = input_with_secrets().dump();
  const auto ran = poltergeist::test::run(call);
  CHECK(ran.code == 0);
  CHECK(found_in(ran.out) == kNothing);
  CHECK(found_in(ran.err) == kNothing);
  CHECK(ran.out.find("it is [REDACTED].") != std::string::npos);
  CHECK(ran.out.find("over") != std::string::npos);
  CHECK(lines_in(project.root() / "seen") == 21);
  call.argv.emplace_back("--json");
  const auto told = poltergeist::test::run(call);
  CHECK(found_in(told.out) == kNothing);
  CHECK(found_in(told.err) == kNothing);
  CHECK_FALSE(fs::exists(project.root() / "pwned"));
}

TEST_CASE("of twenty secrets none is found in what the daemon keeps and tells, nor by ps") {
  TestProject project;
  for (const auto& [name, value] : kInEnvironment) project.env[name] = value;
  write_telling_script(project);
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"buildCommand", "CODE=1 ./tell.sh"},
          {"watchPaths", {"*.c"}}}}},
       {"tasks",
        {telling_task("tell", {{"GATE", "gate"}}), telling_task("fail", {{"CODE", "3"}})}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  REQUIRE(client->call("events"));
  std::string told;
  const auto listen = [&](const poltergeist::api::Notification& note) {
    told += note.params.dump();
  };
  const auto input = input_with_secrets();
  const auto first =
      client->call("exec.submit", {{"task", "tell"}, {"input", input}}, std::nullopt, listen);
  const auto second =
      client->call("exec.submit", {{"task", "fail"}, {"input", input}}, std::nullopt, listen);
  REQUIRE(first);
  REQUIRE(second);
  // While the first one waits behind all that it says.
  REQUIRE(await([&] { return lines_in(project.root() / "seen") >= 21 + 15; }));
  check_command_lines();
  std::ofstream(project.root() / "gate") << "go\n";
  for (const auto& accepted : {first, second}) {
    const auto ended =
        client->call("exec.wait", {{"id", accepted->at("id")}}, std::nullopt, listen);
    REQUIRE(ended);
    CHECK(found_in(ended->dump()) == kNothing);
    CHECK(ended->dump().find("[REDACTED]") != std::string::npos);
  }
  CHECK(told.find("execution_progress") != std::string::npos);
  CHECK(found_in(told) == kNothing);
  for (const std::vector<std::string>& asked : {std::vector<std::string>{"status", "--json"},
                                                {"status"},
                                                {"errors"},
                                                {"logs", "app"},
                                                {"task", "list", "--json"},
                                                {"task", "show", "1"},
                                                {"task", "show", "2", "--json"}}) {
    const auto ran = project.run_poltergeist(asked);
    CAPTURE(asked);
    CHECK(found_in(ran.out + ran.err) == kNothing);
  }
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  check_files(project);
}
