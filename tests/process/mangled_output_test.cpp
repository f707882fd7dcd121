// SPDX-License-Identifier: MIT
// Output of commands, cut, doubled and strewn with bytes; and what the fuzzer found.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "process/broken_promise.h"
#include "support/dice.h"
#include "support/rounds.h"
#include "sys/files.h"

using namespace poltergeist;
using poltergeist::test::broken_by_command_output;
using poltergeist::test::Dice;

namespace {

// Bytes and words that mean something to a reader of lines, to a terminal or to a decoder of text.
const std::vector<std::string> kPieces = {"::",
                                          ":",
                                          "=",
                                          " ",
                                          "\t",
                                          "\n",
                                          "\r",
                                          "\r\n",
                                          "\x1b[1m",
                                          "\x1b",
                                          "\"",
                                          "\\",
                                          "'",
                                          "\xFF",
                                          "\xC3",
                                          "\xE2\x82",
                                          "\xC3\xA4",
                                          "::log::",
                                          "key=a",
                                          "level",
                                          "percent=",
                                          "secret=",
                                          "999",
                                          "1e309",
                                          "nan",
                                          "::set-output key=",
                                          "aaaa",
                                          "a",
                                          "[REDACTED]",
                                          "::heartbeat::",
                                          std::string(1, '\0')};

std::string mangled(std::string text, Dice& dice) {
  for (int i = 1 + dice.below(8); i > 0 && !text.empty(); --i) {
    const auto at = static_cast<std::size_t>(dice.below(static_cast<int>(text.size())));
    const auto length = static_cast<std::size_t>(dice.below(20));
    switch (dice.below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length * 4));
        break;
      case 2:
        text.insert(at, text.substr(0, length));
        break;
      case 3:
        if (dice.one_in(4)) text.resize(at);
        break;
      default:
        text.insert(
            at, kPieces[static_cast<std::size_t>(dice.below(static_cast<int>(kPieces.size())))]);
    }
  }
  return text;
}

// Name and bytes, in the same order everywhere.
std::vector<std::pair<std::string, std::string>> corpus() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(POLTERGEIST_SOURCE_DIR) / "tests/process/corpus")) {
    all.emplace_back(entry.path().filename().string(), read_file(entry.path()).value());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("no output of a command breaks a promise, whole or mangled") {
  Dice dice(5);
  REQUIRE(corpus().size() > 3);
  for (const auto& [name, output] : corpus()) {
    INFO(name);
    CHECK(broken_by_command_output(output) == "");
    for (int i = test::rounds(100, 10'000); i > 0; --i) {
      const auto text = mangled(output, dice);
      INFO(text);
      REQUIRE(broken_by_command_output(text) == "");
    }
  }
}
