// SPDX-License-Identifier: MIT
#include "watch/bser.h"

#include <random>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "watch/bser_promise.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using Json = nlohmann::json;

namespace {

std::string message_of(std::string_view payload) {
  std::string message("\x00\x01\x03", 3);
  message += static_cast<char>(payload.size());
  return message.append(payload);
}

}  // namespace

TEST_CASE("what is encoded is decoded the same, whatever bytes its texts hold") {
  const Json value = {{"name", std::string("a\xff\n\0b", 5)},
                      {"numbers", {0, -1, 127, 1 << 20, std::int64_t{1} << 40}},
                      {"parts", {0.5, -1e300, 0.0}},
                      {"truth", {true, false, nullptr}},
                      {"nothing", Json::object()}};
  const auto message = encode_bser(value);
  CHECK(decode_bser(message).value() == value);
  CHECK(bser_size(message + "more").value() == message.size());
}

TEST_CASE("Watchman's own examples are understood") {
  CHECK(decode_bser(std::string("\x00\x01\x03\x05\x02\x03\x02hi", 9)).value() == "hi");
  // From its documentation: a table with the keys name and age, and an age that is left out.
  constexpr char kTable[] =
      "\x0b\x00\x03\x02\x02\x03\x04name\x02\x03\x03"
      "age\x03\x03\x02\x03\x04"
      "fred\x03\x14\x02\x03\x04pete\x03\x1e\x0c\x03\x19";
  const std::string_view table(kTable, sizeof kTable - 1);
  CHECK(decode_bser(message_of(table)).value() ==
        Json({{{"name", "fred"}, {"age", 20}}, {{"name", "pete"}, {"age", 30}}, {{"age", 25}}}));
}

TEST_CASE("a message that is cut off anywhere is waited for, or refused") {
  const auto message = encode_bser({{"files", {"a", "b/c"}}, {"clock", "c:1:2"}});
  for (std::size_t size = 0; size < message.size(); ++size) {
    const auto begin = message.substr(0, size);
    const auto whole = bser_size(begin);
    REQUIRE(whole);
    CHECK((!*whole || *whole == message.size()));
    CHECK_FALSE(decode_bser(begin));
  }
  CHECK_FALSE(bser_size("{\"json\":1}"));
  CHECK_FALSE(bser_size(std::string("\x00\x01\x06\xff\xff\xff\xff\xff\xff\xff\x7f", 11)));
  CHECK_FALSE(decode_bser(message_of(std::string("\x00\x06\xff\xff\xff\xff\xff\xff\xff\x7f", 10))));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string("\x00\x03\x01", 3);
  CHECK_FALSE(decode_bser(message_of(deep)));
}

TEST_CASE("no message that was damaged does harm") {
  const auto message = encode_bser({{"files", {"a", "b/c"}}, {"n", {1, {{"k", -1}}}}, {"t", true}});
  std::mt19937 random(3);
  for (int i = 0; i < test::rounds(20'000, 1'000'000); ++i) {
    auto damaged = message;
    for (auto count = random() % 4 + 1; count > 0; --count) {
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    }
    const auto broken = test::broken_bser_promise(damaged);
    if (!broken.empty()) FAIL(broken);
  }
}
