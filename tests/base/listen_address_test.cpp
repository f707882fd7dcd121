// SPDX-License-Identifier: MIT
#include "base/listen_address.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using Kind = ListenAddress::Kind;

namespace {

std::string problem_of(const std::string& text) {
  const auto address = parse_listen_address(text);
  return address ? "none" : address.error().message;
}

bool exclude_each_other(const std::string& one, const std::string& other) {
  const auto a = parse_listen_address(one).value();
  const auto b = parse_listen_address(other).value();
  CHECK(are_exclusive(a, b) == are_exclusive(b, a));
  return are_exclusive(a, b);
}

}  // namespace

TEST_CASE("an address to listen at is a port or an address with a port or a path") {
  const std::vector<std::pair<std::string, ListenAddress>> table = {
      {"8080", {.kind = Kind::EveryAddress, .port = 8080}},
      {"1", {.kind = Kind::EveryAddress, .port = 1}},
      {"65535", {.kind = Kind::EveryAddress, .port = 65535}},
      {"{port}", {.kind = Kind::EveryAddress, .port = 0}},
      {"127.0.0.1:8080", {.kind = Kind::V4, .host = "127.0.0.1", .port = 8080}},
      {"0.0.0.0:80", {.kind = Kind::V4, .host = "0.0.0.0", .port = 80}},
      {"127.0.0.1:{port}", {.kind = Kind::V4, .host = "127.0.0.1", .port = 0}},
      {"[::1]:8080", {.kind = Kind::V6, .host = "::1", .port = 8080}},
      {"[::]:{port}", {.kind = Kind::V6, .host = "::", .port = 0}},
      {"/run/app.sock", {.kind = Kind::Local, .path = "/run/app.sock"}},
      {"./run/app.sock", {.kind = Kind::Local, .path = "run/app.sock"}},
      {"run/app:8080.sock", {.kind = Kind::Local, .path = "run/app:8080.sock"}},
      {"../app.sock", {.kind = Kind::Local, .path = "../app.sock"}},
  };
  for (const auto& [text, address] : table) {
    INFO(text);
    CHECK(parse_listen_address(text).value() == address);
    const auto again = to_text(address);
    CHECK((address.kind == Kind::Local ? again == address.path : again == text));
  }
}

TEST_CASE("two spellings of an address are one address") {
  CHECK(parse_listen_address("[0:0::1]:80").value() == parse_listen_address("[::1]:80").value());
  CHECK(parse_listen_address("[FE80::1]:80").value() ==
        parse_listen_address("[fe80::1]:80").value());
  CHECK(parse_listen_address("./a/../b.sock").value() == parse_listen_address("./b.sock").value());
}

TEST_CASE("what is no address to listen at says how it is written") {
  CHECK_THAT(problem_of("localhost:8080"),
             Catch::Contains("a host name may mean several addresses"));
  CHECK_THAT(problem_of("example.com:80"), Catch::Contains("\"127.0.0.1:8080\""));
  CHECK_THAT(problem_of(":8080"), Catch::Contains("before the port stands an IPv4 address"));
  CHECK_THAT(problem_of("127.0.0.256:80"), Catch::Contains("before the port stands"));
  CHECK_THAT(problem_of("127.0.0.1"), Catch::Contains("\"127.0.0.1:8080\""));
  CHECK_THAT(problem_of("::1"), Catch::Contains("\"[::1]:8080\""));
  CHECK_THAT(problem_of("::1:8080"), Catch::Contains("in brackets"));
  CHECK_THAT(problem_of("app.sock"), Catch::Contains("\"./app.sock\""));
  CHECK_THAT(problem_of("@abstract"), Catch::Contains("which has a slash"));
  for (const auto* text : {"[::1]", "[::1]8080", "[", "[]:1", "[127.0.0.1]:80", "[::g]:80"}) {
    INFO(text);
    CHECK_THAT(problem_of(text), Catch::Contains("in brackets stands an IPv6 address"));
  }
  for (const auto* text :
       {"0", "65536", "127.0.0.1:0", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:+1", "[::1]:70000",
        "[::1]:", "99999999999999999999", "127.0.0.1:${port}", "127.0.0.1:{port}0"}) {
    INFO(text);
    CHECK_THAT(problem_of(text), Catch::Contains("a number from 1 to 65535, or {port}"));
  }
  CHECK_THAT(problem_of("./run/"), Catch::Contains("name a file in it"));
  CHECK_THAT(problem_of("/"), Catch::Contains("name a file in it"));
  CHECK_THAT(problem_of("./{port}.sock"), Catch::Contains("a path has no {port}"));
  CHECK_THAT(problem_of("./a\nb"), Catch::Contains("control characters"));
}

TEST_CASE("a path is as long as a socket's may be and no longer") {
  CHECK(problem_of("/" + std::string(106, 'x')) == "none");
  CHECK_THAT(problem_of("/" + std::string(107, 'x')),
             Catch::Contains("108 bytes, 107 are possible"));
}

TEST_CASE("of two addresses of one port only one can be had where one is part of the other") {
  CHECK(exclude_each_other("8080", "127.0.0.1:8080"));
  CHECK(exclude_each_other("8080", "[::1]:8080"));
  CHECK(exclude_each_other("8080", "8080"));
  CHECK(exclude_each_other("{port}", "127.0.0.1:{port}"));
  CHECK(exclude_each_other("0.0.0.0:80", "127.0.0.1:80"));
  CHECK(exclude_each_other("[::]:80", "127.0.0.1:80"));
  CHECK(exclude_each_other("[::]:80", "[::1]:80"));
  CHECK(exclude_each_other("./a.sock", "./b/../a.sock"));
  CHECK_FALSE(exclude_each_other("8080", "8081"));
  CHECK_FALSE(exclude_each_other("8080", "127.0.0.1:{port}"));
  CHECK_FALSE(exclude_each_other("127.0.0.1:80", "127.0.0.2:80"));
  CHECK_FALSE(exclude_each_other("127.0.0.1:80", "[::1]:80"));
  CHECK_FALSE(exclude_each_other("0.0.0.0:80", "[::1]:80"));
  CHECK_FALSE(exclude_each_other("./a.sock", "/a.sock"));
  CHECK_FALSE(exclude_each_other("./a.sock", "8080"));
}
