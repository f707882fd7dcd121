// SPDX-License-Identifier: MIT
#include "config/substitute.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "config/substitute_promise.h"

using namespace poltergeist;
using namespace poltergeist::config;
using Texts = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

const Environment kEnvironment = {{"A", "a"}, {"EMPTY", ""}, {"DOLLAR", "${A}"}};

std::string substituted(std::string_view text) {
  const auto result = substitute(text, kEnvironment);
  return result ? *result : "!" + result.error().message;
}

// Of pieces that mean something to the expander, and of some that do not.
std::string random_text(std::mt19937& random) {
  constexpr auto kPieces =
      std::to_array<std::string_view>({"$",          "{",
                                       "}",          "${",
                                       "$${",        ":-",
                                       ":",          "-",
                                       "A",          "EMPTY",
                                       "NONE",       "API_KEY",
                                       "NESTED",     "${A}",
                                       "${API_KEY}", "${NONE:-",
                                       "1",          " ",
                                       "\n",         "\xFF",
                                       "ü",          std::string_view("\0", 1)});
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  std::string text;
  for (auto pieces = below(12); pieces > 0; --pieces) text += kPieces[below(kPieces.size())];
  return text;
}

}  // namespace

TEST_CASE("a variable gives its value, which is not looked at again") {
  CHECK(substituted("x${A}y${A}") == "xaya");
  CHECK(substituted("${DOLLAR}") == "${A}");
  CHECK(substituted("${EMPTY}") == "");
}

TEST_CASE("a default holds for what is empty or not set, and is taken as it stands") {
  CHECK(substituted("${EMPTY:-d}${NONE:-e}${A:-f}") == "dea");
  CHECK(substituted("${NONE:-}") == "");
  CHECK(substituted("${NONE:-${A}}") == "${A}");
  CHECK(substituted("${NONE:-a:-b}") == "a:-b");
}

TEST_CASE("a dollar that begins no variable is nothing special") {
  CHECK(substituted("$A $ $$ $( $") == "$A $ $$ $( $");
  CHECK(substituted("$${A} $$${A}") == "${A} $${A}");
}

TEST_CASE("what cannot be replaced is told why") {
  CHECK(substituted("${NONE}") ==
        "!the environment variable NONE is not set; ${NONE:-…} gives it a default");
  CHECK(substituted("${A") == "!a } is missing behind ${; a plain ${ is written $${");
  for (const auto* text : {"${}", "${1}", "${A-b}", "${ A}", "${ü}", "${:-x}"}) {
    INFO(text);
    CHECK_THAT(substituted(text), Catch::Contains("is no name of a variable"));
  }
}

TEST_CASE("the variables of a text are those that it looks up") {
  CHECK(variables_in("x ${A} $${B} ${C:-${D}} $E ${A}") == Texts{"A", "C", "A"});
  CHECK(variables_in("plain").empty());
  CHECK(variables_in("${A} ${") == Texts{"A"});
}

TEST_CASE("a hundred thousand random texts keep the promises of the expander") {
  std::mt19937 random(20'261'122);
  int good = 0;
  constexpr int kTexts = 100'000;
  for (int i = 0; i < kTexts; ++i) {
    const auto text = random_text(random);
    const auto broken = test::broken_substitution(text);
    if (!broken.empty()) FAIL(broken << "\nin\n" << to_utf8(text));
    good += substitute(text, kEnvironment) ? 1 : 0;
  }
  // Both ends are reached.
  CHECK(good > kTexts / 10);
  CHECK(good < kTexts * 9 / 10);
}

TEST_CASE("what the fuzzer of the expander starts from keeps its promises") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(POLTERGEIST_SOURCE_DIR) /
                                                  "tests/config/substitute_corpus")) {
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    INFO(entry.path());
    CHECK(test::broken_substitution(text).empty());
    ++files;
  }
  CHECK(files >= 8);
}
