// SPDX-License-Identifier: MIT
// Configurations as an editor leaves them half-way, and as nobody would write them.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "config/broken_promise.h"
#include "config/loading.h"
#include "support/rounds.h"

using namespace poltergeist;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> corpus() {
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::directory_iterator(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/config/corpus")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string valid_text() {
  return text_of(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/config/corpus/everything.json");
}

// Bytes that mean something to the parser, and some that mean nothing to anybody.
constexpr std::string_view kPieces = "{}[]\",:/*\\\n\r\t 0-1.e!$tfn\xC3\xFF\x01z";

std::string mangled(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  for (auto edits = below(4) + 1; edits > 0 && !text.empty(); --edits) {
    const auto at = below(text.size());
    const auto length = std::min(text.size() - at, below(30) + 1);
    switch (below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text[at] = kPieces[below(kPieces.size())];
        break;
      case 2:
        text.insert(at, 1, kPieces[below(kPieces.size())]);
        break;
      default:
        text.insert(below(text.size()), text.substr(at, length));
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a configuration that is cut off anywhere is a located problem, or whole") {
  const auto text = valid_text();
  REQUIRE(test::problems_in(text).empty());
  for (std::size_t length = 0; length < text.size(); ++length) {
    INFO(length);
    CHECK(test::broken_promise(text.substr(0, length)).empty());
  }
}

TEST_CASE("mangled configurations are located problems or valid projects") {
  std::mt19937 random(20'260'131);
  const auto text = valid_text();
  const int count = test::histories(10'000, 100'000);
  int loaded = 0;
  for (int round = 0; round < count; ++round) {
    const auto victim = mangled(text, random);
    const auto broken = test::broken_promise(victim);
    if (!broken.empty()) FAIL(broken << "\nin\n" << to_utf8(victim));
    loaded += test::problems_in(victim).empty() ? 1 : 0;
  }
  // Both ends are reached: neither everything nor nothing survives.
  CHECK(loaded > count / 100);
  CHECK(loaded < count - count / 100);
}

TEST_CASE("what the fuzzer found, and what it starts from, keeps its promise") {
  const auto files = corpus();
  CHECK(files.size() >= 10);
  for (const auto& file : files) {
    INFO(file);
    CHECK(test::broken_promise(text_of(file)).empty());
  }
}

TEST_CASE("a mebibyte of anything is answered") {
  const auto filled = [](std::string_view piece) {
    std::string text = "{\"version\": \"1.0\", \"targets\": [";
    while (text.size() < 1'000'000) text += piece;
    return text + "]}";
  };
  for (const auto* piece :
       {"{},", "{\"name\": \"a\", \"type\": \"test\", \"testCommand\": \"x\", \"watchPaths\": []},",
        "/*", "//", "\n", "[[],", "1,", "\"\\u0041\",",
        "{\"dependsOn\": [\"a\", \"b\", \"c\", \"d\"]},"}) {
    INFO(piece);
    CHECK(test::broken_promise(filled(piece)).empty());
  }
}
