// SPDX-License-Identifier: MIT
#include "api/json_rpc.h"

#include <random>

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::api;

TEST_CASE("a message is read back as it was written") {
  const auto request =
      std::get<Request>(*decode(encode(Request{std::int64_t{7}, "wait", {{"target", "app"}}})));
  CHECK(std::get<std::int64_t>(request.id) == 7);
  CHECK(request.method == "wait");
  CHECK(request.params.at("target") == "app");

  const auto note = std::get<Notification>(*decode(encode(Notification{"event", {{"seq", 1}}})));
  CHECK(note.method == "event");

  const auto answer =
      std::get<Response>(*decode(encode(Response{RequestId("a"), Json{{"clock", 3}}})));
  CHECK(answer.outcome->at("clock") == 3);

  const auto refusal = std::get<Response>(*decode(encode(Response{
      RequestId("a"),
      tl::unexpected<RpcError>(RpcError{ErrorCode::NotFound, "no such target", nullptr})})));
  CHECK(refusal.outcome.error().code == ErrorCode::NotFound);
  CHECK(refusal.outcome.error().message == "no such target");
}

TEST_CASE("a message is one line, whatever text it carries") {
  const auto line = encode(Notification{"output", {{"text", "a\nb\xff"}}});
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(std::get<Notification>(*decode(line)).params.at("text") == "a\nb\xEF\xBF\xBD");
}

TEST_CASE("what is no message is answered with the standard's codes") {
  const auto code_of = [](std::string_view line) { return decode(line).error().code; };
  CHECK(code_of("{") == ErrorCode::ParseError);
  CHECK(code_of("") == ErrorCode::ParseError);
  CHECK(code_of("[]") == ErrorCode::InvalidRequest);
  CHECK(code_of(R"({"id":1,"method":"x"})") == ErrorCode::InvalidRequest);
  CHECK(code_of(R"({"jsonrpc":"2.0","id":1})") == ErrorCode::InvalidRequest);
  CHECK(code_of(R"({"jsonrpc":"2.0","id":1.5,"method":"x"})") == ErrorCode::InvalidRequest);
  CHECK(code_of(R"({"jsonrpc":"2.0","id":1,"method":"x","params":[1]})") ==
        ErrorCode::InvalidRequest);
}

TEST_CASE("a message that nests too deep is refused") {
  const std::string deep =
      R"({"jsonrpc":"2.0","method":"x","params":{"a":)" + std::string(100'000, '[');
  CHECK(decode(deep).error().code == ErrorCode::ParseError);
  const std::string closed = R"({"jsonrpc":"2.0","method":"x","params":{"a":)" +
                             std::string(100, '[') + std::string(100, ']') + "}}";
  CHECK(decode(closed).error().code == ErrorCode::ParseError);
}

TEST_CASE("no mutation of a message crashes the decoder") {
  std::mt19937 random(1);
  const std::string valid =
      encode(Request{RequestId("id"), "build", {{"target", "ä"}, {"n", 1.5}}});
  for (int round = 0; round < 20'000; ++round) {
    std::string line = valid;
    for (int i = 0; i < 3; ++i) {
      line[random() % line.size()] = static_cast<char>(random() % 256);
    }
    line.resize(random() % (line.size() + 1));
    const auto message = decode(line);
    if (message) CHECK_FALSE(encode(*message).empty());
  }
}
