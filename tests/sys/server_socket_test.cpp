// SPDX-License-Identifier: MIT
#include "sys/server_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/ports.h"
#include "sys/unix_socket.h"

using namespace poltergeist;

namespace {

// One that is nobody's now.
int free_port() {
  for (int port = 22'000; port < 32'000; ++port) {
    if (is_port_free(port)) return port;
  }
  throw std::runtime_error("no port is free");
}

Result<ServerSocket> open_at(const std::string& text) {
  return ServerSocket::open(parse_listen_address(text).value());
}

// Whether a connection is taken; it is closed at once, without leaving one that still closes.
bool connects(int family, int port) {
  const UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port))};
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = v4.sin_port, .sin6_addr = in6addr_loopback};
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return family == AF_INET
             ? ::connect(socket.get(), reinterpret_cast<sockaddr*>(&v4), sizeof v4) == 0
             : ::connect(socket.get(), reinterpret_cast<sockaddr*>(&v6), sizeof v6) == 0;
}

bool has_ipv6() {
  return open_at("[::1]:" + std::to_string(free_port())).has_value();
}

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

TEST_CASE("every address of a port is IPv4 and IPv6") {
  const int port = free_port();
  {
    const auto socket = open_at(std::to_string(port)).value();
    CHECK(connects(AF_INET, port));
    if (has_ipv6()) CHECK(connects(AF_INET6, port));
    CHECK_FALSE(is_port_free(port));
  }
  CHECK_FALSE(connects(AF_INET, port));
  CHECK(is_port_free(port));
}

TEST_CASE("one address of a port leaves the others to others") {
  const int port = free_port();
  const auto one = open_at("127.0.0.1:" + std::to_string(port)).value();
  const auto other = open_at("127.0.0.2:" + std::to_string(port)).value();
  CHECK(connects(AF_INET, port));
  if (!has_ipv6()) return;
  CHECK_FALSE(connects(AF_INET6, port));
  const auto third = open_at("[::1]:" + std::to_string(port)).value();
  CHECK(connects(AF_INET6, port));
}

TEST_CASE("a port where somebody listens is busy") {
  const auto at = "127.0.0.1:" + std::to_string(free_port());
  const auto first = open_at(at).value();
  const auto second = open_at(at);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::Busy);
  CHECK(second.error().message == at + " is in use");
}

TEST_CASE("an address that the machine does not have says so") {
  // Of a net that is for documents (RFC 5737).
  const auto socket = open_at("192.0.2.1:22000");
  REQUIRE_FALSE(socket);
  CHECK(socket.error().message == "listening at 192.0.2.1:22000: this machine has no such address");
}

TEST_CASE("what a program did to its copy is undone") {
  const int port = free_port();
  const auto socket = open_at(std::to_string(port)).value();
  const UniqueFd copy(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
  ::fcntl(copy.get(), F_SETFL, O_NONBLOCK);
  REQUIRE(::shutdown(copy.get(), SHUT_RDWR) == 0);
  REQUIRE_FALSE(connects(AF_INET, port));
  CHECK(socket.restore());
  CHECK(connects(AF_INET, port));
  CHECK((::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK((::fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a short queue is as long as before after a restore") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  const auto socket = open_at(path.string()).value();
  REQUIRE(::listen(socket.fd(), 0) == 0);
  std::vector<UniqueFd> clients;
  const auto more = [&] {
    auto client = connect_at_once(path);
    if (client) clients.push_back(std::move(*client));
    return client.has_value();
  };
  while (more()) {
    REQUIRE(clients.size() < 100);
  }
  CHECK(socket.restore());
  CHECK(more());
}

TEST_CASE("a local socket is made with its directories and goes with its owner") {
  const test::TempDir dir;
  const auto path = dir / "run/of/app.sock";
  {
    auto socket = open_at(path.string()).value();
    CHECK(connect_to(path));
    const ServerSocket moved = std::move(socket);
    CHECK(connect_to(path));
  }
  CHECK_FALSE(is_there(path));
  CHECK(is_there(dir / "run/of"));
}

TEST_CASE("a local socket that was shut down or whose file is gone has to be opened anew") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  auto socket = open_at(path.string()).value();
  CHECK(socket.restore());
  REQUIRE(::shutdown(socket.fd(), SHUT_RDWR) == 0);
  CHECK_FALSE(socket.restore());
  { const auto gone = std::move(socket); }
  const auto next = open_at(path.string()).value();
  CHECK(next.restore());
  std::filesystem::remove(path);
  CHECK_FALSE(next.restore());
}

TEST_CASE("a socket that a killed owner left behind is replaced") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  {
    const auto left = bind_at(path).value();
    REQUIRE(::listen(left.get(), 1) == 0);
  }
  REQUIRE(is_there(path));
  const auto socket = open_at(path.string()).value();
  CHECK(connect_to(path));
}

TEST_CASE("a local socket at which somebody listens is busy also when his queue is full") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  const auto owner = bind_at(path).value();
  REQUIRE(::listen(owner.get(), 0) == 0);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) {
    const auto second = open_at(path.string());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::Busy);
    if (auto client = connect_at_once(path)) clients.push_back(std::move(*client));
  }
  CHECK(connect_at_once(path).error().code == Errc::Busy);
}

TEST_CASE("nothing but a socket is ever replaced by one") {
  const test::TempDir dir;
  dir.write("a-file", "precious");
  std::filesystem::create_directory(dir / "a-directory");
  std::filesystem::create_symlink(dir / "a-file", dir / "a-link");
  for (const auto* name : {"a-file", "a-directory", "a-link"}) {
    const auto socket = open_at((dir / name).string());
    REQUIRE_FALSE(socket);
    CHECK(socket.error().code == Errc::Invalid);
    CHECK_THAT(socket.error().message, Catch::Contains("is there and no socket"));
  }
  CHECK(dir.read("a-file") == "precious");
  CHECK_FALSE(open_at((dir / "a-file/app.sock").string()));
}

TEST_CASE("a path that is too long for a socket says how long it may be") {
  const auto socket = ServerSocket::open(
      {.kind = ListenAddress::Kind::Local, .path = "/tmp/" + std::string(103, 'x')});
  REQUIRE_FALSE(socket);
  CHECK_THAT(socket.error().message, Catch::Contains("108 bytes, 107 are possible") &&
                                         Catch::EndsWith("name a shorter path"));
}

TEST_CASE("a file that took the place of a socket stays when its owner goes") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  {
    const auto socket = open_at(path.string()).value();
    std::filesystem::remove(path);
    dir.write("app.sock", "another's");
  }
  CHECK(dir.read("app.sock") == "another's");
}
