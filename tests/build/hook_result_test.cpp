// SPDX-License-Identifier: MIT
#include "build/hook_result.h"

#include <catch2/catch.hpp>

using namespace poltergeist::build;

namespace {

using Lines = std::vector<std::string>;

HookOutput output_of(std::string text, int exit_code = 0) {
  return {.name = "test", .exit_code = exit_code, .standard_output = std::move(text)};
}

}  // namespace

TEST_CASE("a marked last line is the result") {
  const auto result =
      hook_result(output_of("noise\nPOLTERGEIST_POSTBUILD_RESULT: {\"summary\": \"3 passed\", "
                            "\"lines\": [\"a\", \"b\\nc\", 4], \"status\": \"success\"}\n\n"),
                  5);
  CHECK(result == HookResult{true, "3 passed", {"a", "b", "c", "4"}});
}

TEST_CASE("a last line that is JSON, or JSON as a whole, is the result") {
  CHECK(hook_result(output_of("noise\n[\"a\", \"b\"]\n"), 5) ==
        HookResult{true, "test: passed (exit 0)", {"a", "b"}});
  CHECK(hook_result(output_of("{\n  \"lines\": \"only\"\n}\n"), 5) ==
        HookResult{true, "test: passed (exit 0)", {"only"}});
}

TEST_CASE("without a result the tail of the output is shown, of stderr when it failed") {
  CHECK(hook_result(output_of("1\n2\n\n3\n"), 2) ==
        HookResult{true, "test: passed (exit 0)", {"2", "3"}});
  auto failed = output_of("out", 2);
  failed.standard_error = "\x1b[31mbad\x1b[0m\x07\n";
  CHECK(hook_result(failed, 5) == HookResult{false, "test: failed (exit 2)", {"bad"}});
  CHECK(hook_result(output_of("1\n2", 1), 0).lines.empty());
}

TEST_CASE("a hook may call itself failed, but not a failure a success") {
  CHECK_FALSE(hook_result(output_of(R"({"status":"failed"})"), 5).success);
  CHECK_FALSE(hook_result(output_of(R"({"status":"success"})", 1), 5).success);
}

TEST_CASE("what is no result is output") {
  for (const auto* text : {"42", "\"word\"", "{", "[1,", "{}", "{\"other\":1}", "true",
                           "POLTERGEIST_POSTBUILD_RESULT:", "POLTERGEIST_POSTBUILD_RESULT:{"}) {
    INFO(text);
    CHECK_FALSE(hook_report_in(text));
  }
  CHECK_FALSE(hook_report_in(""));
}

TEST_CASE("a result does not command the terminal") {
  const auto result =
      hook_result(output_of(R"({"summary":"a\u001b[2Jb\nmore","lines":["\u0007c"]})"), 5);
  CHECK(result.summary == "ab");
  CHECK(result.lines == Lines{"c"});
}

TEST_CASE("a hook that ran out of time failed whatever it printed") {
  auto output = output_of("[]");
  output.timed_out = true;
  CHECK(hook_result(output, 5) == HookResult{false, "test: failed (timed out)", {}});
}
