// SPDX-License-Identifier: MIT
#include "watch/pattern.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <catch2/catch.hpp>

#include "watch/pattern_promise.h"
#include "watch/watch_world.h"

using namespace poltergeist;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("what a fuzzer has found holds") {
  const std::filesystem::path corpus = POLTERGEIST_SOURCE_DIR "/tests/watch/corpus";
  int texts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    INFO(entry.path().filename().string());
    CHECK(test::broken_pattern_promise(text_of(entry.path())).empty());
    ++texts;
  }
  CHECK(texts > 0);
}

TEST_CASE("the promises of patterns hold for texts made at random from what patterns are made of") {
  constexpr std::string_view kPieces[] = {"*", "**", "?",  "[",  "]",  "!",  "^", "a",  "b",
                                          "/", "{",  "}",  ",",  ".",  "..", "-", "\\", "[a-b]",
                                          ":", "[:", ":]", "\n", "\r", " ",  "#", ".a", "\xff"};
  std::mt19937 random(7);
  const auto piece = [&] { return kPieces[random() % std::size(kPieces)]; };
  std::string text;
  std::string broken;  // the first promise that does not hold for the text
  for (int i = 0; broken.empty() && i < test::rounds(100'000, 10'000'000); ++i) {
    text.clear();
    for (auto count = random() % 12; count > 0; --count) text += piece();
    text += '\0';
    for (auto count = random() % 5; count > 0; --count) {
      text += piece();
      if (random() % 2 == 0) text += '/';
    }
    broken = test::broken_pattern_promise(text);
  }
  INFO(text);
  CHECK(broken == "");
}
