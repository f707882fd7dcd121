// SPDX-License-Identifier: MIT
#include "tasks/delivery.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::tasks;
using config::InputFormat;

namespace {

config::Task task(InputFormat format, bool shell = false) {
  config::Task task;
  task.command = "scripts/it.sh";
  task.args = {"--verbose"};
  task.input_format = format;
  task.shell = shell;
  return task;
}
using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("with the format env each field is a variable") {
  const auto delivery = deliver(task(InputFormat::Env), {{"name", "Alice"}, {"count", 42}});
  REQUIRE(delivery.has_value());
  CHECK(delivery->variables == config::Environment{{"INPUT_NAME", "Alice"}, {"INPUT_COUNT", "42"}});
  CHECK(delivery->argv == Words{"scripts/it.sh", "--verbose"});
  CHECK_FALSE(delivery->standard_input.has_value());
  CHECK_FALSE(delivery->input_file.has_value());
}

TEST_CASE("values that are no texts arrive as JSON writes them, and null as nothing") {
  const auto delivery = deliver(
      task(InputFormat::Env),
      {{"yes", true}, {"none", nullptr}, {"list", {1, "two"}}, {"map", {{"a", 1}}}, {"pi", 3.25}});
  REQUIRE(delivery.has_value());
  CHECK(delivery->variables == config::Environment{{"INPUT_YES", "true"},
                                                   {"INPUT_NONE", ""},
                                                   {"INPUT_LIST", R"([1,"two"])"},
                                                   {"INPUT_MAP", R"({"a":1})"},
                                                   {"INPUT_PI", "3.25"}});
}

TEST_CASE("what a variable's name cannot have becomes an underscore, a character at a time") {
  CHECK(variable_name("INPUT_", "max retries") == "INPUT_MAX_RETRIES");
  CHECK(variable_name("STATE_", "a.b-c") == "STATE_A_B_C");
  CHECK(variable_name("INPUT_", "größe") == "INPUT_GR__E");
  CHECK(variable_name("INPUT_", "A=B\n") == "INPUT_A_B_");
  CHECK(variable_name("INPUT_", "") == "INPUT_");
}

TEST_CASE("two fields that would be one variable are refused") {
  const auto delivery = deliver(task(InputFormat::Env), {{"a-b", 1}, {"a_b", 2}});
  REQUIRE_FALSE(delivery.has_value());
  CHECK(delivery.error().message.find("INPUT_A_B") != std::string::npos);
}

TEST_CASE(
    "with the format args the values follow the task's own, in the order of the fields' names") {
  const auto delivery =
      deliver(task(InputFormat::Args), {{"b", "-rf"}, {"a", "x y"}, {"c", nullptr}});
  REQUIRE(delivery.has_value());
  CHECK(delivery->argv == Words{"scripts/it.sh", "--verbose", "x y", "-rf", ""});
}

TEST_CASE("in a line for the shell each argument is one word") {
  const auto delivery = deliver(task(InputFormat::Args, true), {{"a", "$(reboot)"}, {"b", "it's"}});
  REQUIRE(delivery.has_value());
  REQUIRE(delivery->argv.size() == 3);
  CHECK(delivery->argv[0] == "/bin/sh");
  CHECK(delivery->argv[1] == "-c");
  CHECK(delivery->argv[2] ==
        "scripts/it.sh " + std::string("--verbose") + " '$(reboot)' 'it'\\''s'");
}

TEST_CASE("with the formats json_stdin and json_file the input arrives as it is") {
  const Json input = {{"text", "line\nline"}, {"nul", std::string("a\0b", 3)}};
  const auto by_stdin = deliver(task(InputFormat::JsonStdin), input);
  REQUIRE(by_stdin.has_value());
  REQUIRE(by_stdin->standard_input.has_value());
  CHECK(Json::parse(*by_stdin->standard_input) == input);
  const auto by_file = deliver(task(InputFormat::JsonFile), input);
  REQUIRE(by_file.has_value());
  REQUIRE(by_file->input_file.has_value());
  CHECK(Json::parse(*by_file->input_file) == input);
}

TEST_CASE("a NUL is refused where the kernel would cut the text at it") {
  const Json input = {{"text", std::string("a\0b", 3)}};
  for (const auto format : {InputFormat::Env, InputFormat::Args}) {
    const auto delivery = deliver(task(format), input);
    REQUIRE_FALSE(delivery.has_value());
    CHECK(delivery.error().message.find("json_stdin") != std::string::npos);
  }
}

TEST_CASE(
    "bytes that are not UTF-8 arrive as they are, and JSON says that it cannot pass them on") {
  const Json input = {{"name", "caf\xe9"}};
  const auto by_env = deliver(task(InputFormat::Env), input);
  REQUIRE(by_env.has_value());
  CHECK(by_env->variables.at("INPUT_NAME") == "caf\xe9");
  CHECK(deliver(task(InputFormat::Args), input)->argv.back() == "caf\xe9");
  for (const auto format : {InputFormat::JsonStdin, InputFormat::JsonFile}) {
    const auto by_json = deliver(task(format), input);
    REQUIRE_FALSE(by_json.has_value());
    CHECK(by_json.error().message.find("UTF-8") != std::string::npos);
  }
}

TEST_CASE("a field that is longer than the kernel passes on is refused") {
  const Json input = {{"text", std::string(200'000, 'x')}};
  for (const auto format : {InputFormat::Env, InputFormat::Args}) {
    CHECK_FALSE(deliver(task(format), input).has_value());
  }
  CHECK(deliver(task(InputFormat::JsonStdin), input).has_value());
}

TEST_CASE("an input that is no object is refused") {
  for (const Json& input : {Json(7), Json("text"), Json::array({1}), Json(nullptr)}) {
    CHECK_FALSE(deliver(task(InputFormat::Env), input).has_value());
  }
}
