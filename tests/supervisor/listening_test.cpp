// SPDX-License-Identifier: MIT
#include "supervisor/listening.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/ports.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::supervisor;

namespace {

int free_port_from(int from) {
  for (int port = from; port < from + 1000; ++port) {
    if (is_port_free(port)) return port;
  }
  throw std::runtime_error("no port is free");
}

struct World {
  void name(const std::vector<std::string>& texts) {
    settings.auto_run.listen.clear();
    for (const auto& text : texts) {
      settings.auto_run.listen.push_back(parse_listen_address(text).value());
    }
  }

  test::TempDir dir;
  Settings settings{.name = "app", .auto_run = {}, .root = dir.path(), .cwd = dir.path()};
  Listening listening;
  std::string a = "127.0.0.1:" + std::to_string(free_port_from(23'000));
  std::string b = "127.0.0.1:" + std::to_string(free_port_from(24'000));
};

}  // namespace

TEST_CASE("what the settings name is held in their order with its port and its path") {
  World world;
  const int port = free_port_from(25'000);
  world.name({"./run/app.sock", world.b, "127.0.0.1:{port}", world.a});
  REQUIRE(world.listening.open(world.settings, port));
  const auto last = "127.0.0.1:" + std::to_string(port);
  CHECK(world.listening.addresses() ==
        std::vector<std::string>{(world.dir / "run/app.sock").string(), world.b, last, world.a});
  CHECK(world.listening.ports().size() == 3);
  const auto passed = world.listening.handover("app");
  REQUIRE(passed.size() == 4);
  for (const auto& one : passed) CHECK(one.name == "app");
  CHECK(connect_to(world.dir / "run/app.sock"));
}

TEST_CASE("of a changed list what stayed is the same socket and what went is free") {
  World world;
  world.name({world.a, "./app.sock"});
  REQUIRE(world.listening.open(world.settings, std::nullopt));
  const int kept = world.listening.handover("app").at(0).fd;
  const auto client = connect_to(world.dir / "app.sock").value();

  world.name({world.b, world.a});
  world.listening.keep_named(world.settings, std::nullopt);
  CHECK(world.listening.addresses() == std::vector<std::string>{world.a});
  CHECK_FALSE(std::filesystem::exists(world.dir / "app.sock"));
  REQUIRE(world.listening.open(world.settings, std::nullopt));
  CHECK(world.listening.addresses() == std::vector<std::string>{world.b, world.a});
  CHECK(world.listening.handover("app").at(1).fd == kept);
}

TEST_CASE("another port is another socket") {
  World world;
  world.name({"127.0.0.1:{port}"});
  const int one = free_port_from(25'000);
  const int other = free_port_from(26'000);
  REQUIRE(world.listening.open(world.settings, one));
  REQUIRE(world.listening.open(world.settings, one));
  CHECK(world.listening.ports() == std::vector{one});
  REQUIRE(world.listening.open(world.settings, other));
  CHECK(world.listening.ports() == std::vector{other});
  CHECK(is_port_free(one));
  world.listening.close();
  CHECK(is_port_free(other));
  CHECK(world.listening.addresses().empty());
}

TEST_CASE("where somebody listens already he is named and nothing new is open") {
  World world;
  World stranger;
  stranger.name({world.b, "./app.sock"});
  REQUIRE(stranger.listening.open(stranger.settings, std::nullopt));
  world.name({world.a, world.b});
  const auto taken = world.listening.open(world.settings, std::nullopt);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == Errc::Unavailable);
  const auto us = " is in use by pid " + std::to_string(::getpid()) + " (";
  CHECK_THAT(taken.error().message,
             Catch::StartsWith(world.b + us) &&
                 Catch::EndsWith("): choose another one, or end what has it"));
  CHECK(world.listening.addresses().empty());

  const auto path = (stranger.dir / "app.sock").string();
  world.name({path});
  CHECK_THAT(world.listening.open(world.settings, std::nullopt).error().message,
             Catch::StartsWith(path + us));
}
