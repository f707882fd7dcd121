// SPDX-License-Identifier: MIT
#include "tasks/task_output.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::tasks;
using config::OutputFormat;

namespace {

config::Task task(OutputFormat format) {
  config::Task task;
  task.output_format = format;
  task.output_file = "out.json";
  return task;
}

}  // namespace

TEST_CASE("with the format stdout the output is what was printed") {
  CHECK(output_of(task(OutputFormat::Stdout), {.standard_output = "one\ntwo\n"}) ==
        Json{{"result", "one\ntwo"}});
}

TEST_CASE("what was set is part of every output") {
  const std::map<std::string, std::string> set = {{"version", "1.2"}};
  CHECK(output_of(task(OutputFormat::Stdout), {.standard_output = "x", .set = set}) ==
        Json{{"result", "x"}, {"version", "1.2"}});
  CHECK(output_of(task(OutputFormat::ExitCodeOnly), {.set = set}) ==
        Json{{"success", true}, {"version", "1.2"}});
  CHECK(output_of_failure(task(OutputFormat::Stdout), set) == Json{{"version", "1.2"}});
}

TEST_CASE("with the format json_stdout an object is the output, and what was set wins") {
  const auto output =
      output_of(task(OutputFormat::JsonStdout),
                {.standard_output = R"({"a": 1, "b": 2})", .set = {{"b", "three"}}});
  CHECK(output == Json{{"a", 1}, {"b", "three"}});
}

TEST_CASE("JSON that is no object becomes a result") {
  CHECK(output_of(task(OutputFormat::JsonStdout), {.standard_output = "[1, 2]\n"}) ==
        Json{{"result", {1, 2}}});
  CHECK(output_of(task(OutputFormat::JsonStdout), {.standard_output = "null"}) ==
        Json{{"result", nullptr}});
}

TEST_CASE("what is no JSON, nothing, or cut off is bad output, and says why") {
  for (const auto& printed : {std::string("Done.\n"), std::string(), std::string("{\"a\":")}) {
    const auto output = output_of(task(OutputFormat::JsonStdout), {.standard_output = printed});
    REQUIRE_FALSE(output.has_value());
    CHECK(output.error().message.find("the standard output") != std::string::npos);
  }
  const auto cut = output_of(task(OutputFormat::JsonStdout),
                             {.standard_output = "{}", .output_truncated = true});
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().message.find("maxOutputSizeKb") != std::string::npos);
}

TEST_CASE("with the format file the output is what the file says") {
  Leavings leavings{.standard_output = "noise"};
  leavings.file = tl::expected<std::string, Error>(R"({"a": 1})");
  CHECK(output_of(task(OutputFormat::File), leavings) == Json{{"a", 1}});
  leavings.file = tl::unexpected<Error>(Error{Errc::NotFound, "out.json: no such file"});
  const auto missing = output_of(task(OutputFormat::File), leavings);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().message == "out.json: no such file");
}

TEST_CASE("with the format exit_code_only the output says whether it went well") {
  CHECK(output_of(task(OutputFormat::ExitCodeOnly), {.standard_output = "{"}) ==
        Json{{"success", true}});
  CHECK(output_of_failure(task(OutputFormat::ExitCodeOnly), {}) == Json{{"success", false}});
}

TEST_CASE("what was set may be bytes that are no UTF-8") {
  const auto output = output_of(task(OutputFormat::ExitCodeOnly), {.set = {{"name", "caf\xe9"}}});
  REQUIRE(output.has_value());
  CHECK_NOTHROW(output->dump());
}
