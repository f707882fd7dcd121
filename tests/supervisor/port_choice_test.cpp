// SPDX-License-Identifier: MIT
#include "supervisor/port_choice.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/unique_fd.h"

using namespace poltergeist;
using namespace poltergeist::supervisor;

namespace {

// Somebody who listens there.
UniqueFd listener_at(int port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 1) == 0);
  return fd;
}

struct World {
  test::TempDir dir;
  Settings settings{.name = "app",
                    .auto_run = {.args = {"{port}"}},
                    .root = dir.path(),
                    .cwd = dir.path(),
                    .leases = dir / "ports"};
  PortChoice choice;
};

}  // namespace

TEST_CASE("a program that needs no port gets none") {
  World world;
  world.settings.auto_run = {};
  CHECK(world.choice.for_launch(world.settings).value() == std::nullopt);
  CHECK_FALSE(std::filesystem::exists(world.settings.leases));
}

TEST_CASE("a port is kept over launches and found again by the next who asks for the same") {
  World world;
  const auto port = world.choice.for_launch(world.settings).value();
  REQUIRE(port);
  CHECK(world.choice.for_launch(world.settings).value() == port);
  CHECK(world.choice.take_notice().empty());
  world.choice = PortChoice();
  CHECK(world.choice.for_launch(world.settings).value() == port);
}

TEST_CASE("two runners that look in the same place have two ports") {
  World world;
  PortChoice other;
  const auto first = world.choice.for_launch(world.settings).value();
  const auto second = other.for_launch(world.settings).value();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
}

TEST_CASE("a port that somebody took meanwhile is another one at the next launch and he is named") {
  World world;
  const int port = world.choice.for_launch(world.settings).value().value();
  CHECK(world.choice.still_held_by().empty());
  const auto stranger = listener_at(port);
  CHECK_THAT(world.choice.still_held_by(),
             Catch::StartsWith("port " + std::to_string(port) + " is still in use by pid " +
                               std::to_string(::getpid())));
  const int next = world.choice.for_launch(world.settings).value().value();
  CHECK(next != port);
  CHECK_THAT(world.choice.take_notice(),
             Catch::StartsWith("port " + std::to_string(port) + " is in use by pid " +
                               std::to_string(::getpid())) &&
                 Catch::EndsWith(": " + std::to_string(next) + " instead"));
  CHECK(world.choice.take_notice().empty());
  CHECK(world.choice.for_launch(world.settings).value() == next);
}

TEST_CASE("a port that has to be this one and is taken is an error that names who has it") {
  World world;
  const int port = world.choice.for_launch(world.settings).value().value();
  world.settings.auto_run.port = PortRange{port, port};
  CHECK(world.choice.for_launch(world.settings).value() == port);
  const auto stranger = listener_at(port);
  const auto failed = world.choice.for_launch(world.settings);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::Unavailable);
  CHECK_THAT(failed.error().message, Catch::Contains(std::to_string(port)) &&
                                         Catch::Contains("pid " + std::to_string(::getpid())));
}

TEST_CASE("a port at which we listen for the program is the program's") {
  World world;
  const int port = world.choice.for_launch(world.settings).value().value();
  const auto ours = listener_at(port);
  CHECK(world.choice.for_launch(world.settings, {port}).value() == port);
  CHECK(world.choice.take_notice().empty());
  world.settings.auto_run.port = PortRange{port, port};
  CHECK(world.choice.for_launch(world.settings, {port}).value() == port);
  // Where any would do, one that is held under its number is not chosen.
  world.settings.auto_run.port = PortRange{port, port + 1};
  CHECK(world.choice.for_launch(world.settings, {port}).value() != port);
}

TEST_CASE("a port that is named to listen at is the program's and needs no lease") {
  World world;
  world.settings.auto_run.listen = {
      {.kind = ListenAddress::Kind::V4, .host = "127.0.0.1", .port = 8080}};
  CHECK(world.choice.for_launch(world.settings).value() == 8080);
  CHECK_FALSE(std::filesystem::exists(world.settings.leases));
}
