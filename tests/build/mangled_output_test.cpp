// SPDX-License-Identifier: MIT
// Output of real tools, cut, doubled and strewn with bytes; and what the fuzzer found.
#include <filesystem>

#include <catch2/catch.hpp>

#include "build/broken_promise.h"
#include "build/simulator.h"
#include "build/tool_output.h"

using namespace poltergeist;
using namespace poltergeist::build;
using poltergeist::test::broken_by_output;

namespace {

// Bytes that mean something to a parser, a terminal or a decoder of text.
constexpr std::string_view kPieces = "[](){}:/\\%#*'\"\n\r\t \x1b\x07-0913.EFew\xC3\xFF";

std::string mangled(std::string text, Dice& dice) {
  for (int i = 1 + dice.below(8); i > 0 && !text.empty(); --i) {
    const auto at = static_cast<std::size_t>(dice.below(static_cast<int>(text.size())));
    const auto length = static_cast<std::size_t>(dice.below(20));
    switch (dice.below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length * 4));
        break;
      case 2:
        text.resize(at);
        break;
      default:
        text[at] = kPieces[static_cast<std::size_t>(dice.below(static_cast<int>(kPieces.size())))];
    }
  }
  return text;
}

}  // namespace

TEST_CASE("no output of real tools breaks a promise, whole or mangled") {
  Dice dice(7);
  for (const auto& name : recorded_outputs()) {
    const auto output = recorded(name);
    INFO(name);
    CHECK(broken_by_output(output) == "");
    for (int i = 0; i < 100; ++i) {
      const auto text = mangled(output, dice);
      INFO(text);
      REQUIRE(broken_by_output(text) == "");
    }
  }
}

TEST_CASE("what the fuzzer once found breaks no promise any more") {
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(POLTERGEIST_SOURCE_DIR) / "tests/build/corpus")) {
    INFO(entry.path());
    CHECK(broken_by_output(text_of(entry.path())) == "");
  }
}
