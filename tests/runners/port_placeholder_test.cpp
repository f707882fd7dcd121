// SPDX-License-Identifier: MIT
#include "runners/port_placeholder.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::runners;

TEST_CASE("every place of the port is filled and a shell's variable is left alone") {
  CHECK(with_port("a {port} b{port}{port}", 3000) == "a 3000 b30003000");
  CHECK(with_port("echo ${port} $ {port}", 80) == "echo ${port} $ 80");
  CHECK(with_port("{port}", std::nullopt) == "{port}");
  CHECK(with_port("{PORT} {port {{port}}", 1) == "{PORT} {port {1}");
  CHECK(with_port("", 1).empty());
  CHECK(mentions_port("http://localhost:{port}/"));
  CHECK_FALSE(mentions_port("${port} {Port}"));
}

TEST_CASE("a port is chosen where somebody has to know it") {
  using Settings = config::AutoRun;
  CHECK_FALSE(needs_port(Settings{}));
  CHECK(needs_port(Settings{.command = "./serve-{port}"}));
  CHECK(needs_port(Settings{.args = {"--port", "{port}"}}));
  CHECK(needs_port(Settings{.env = {{"PORT", "{port}"}}}));
  CHECK(needs_port(Settings{.port = config::kAnyPort}));
  CHECK(needs_port(Settings{.post_run = "tunnel {port}"}));
  CHECK(needs_port(Settings{.cleanup = "free {port}"}));
  CHECK(needs_port(Settings{.ready_when = config::ReadyWhen{.port = 0}}));
  CHECK_FALSE(needs_port(Settings{.ready_when = config::ReadyWhen{.port = 8080}}));
  CHECK(needs_port(Settings{.ready_when = config::ReadyWhen{.http = "/"}}));
  CHECK(needs_port(Settings{.ready_when = config::ReadyWhen{.exec = "nc -z localhost {port}"}}));
  CHECK_FALSE(needs_port(Settings{.ready_when = config::ReadyWhen{.log_line = "listening"}}));
}

TEST_CASE("the port of a program is the one at which we listen for it") {
  using Settings = config::AutoRun;
  const auto listening = [](std::vector<std::string> texts) {
    std::vector<ListenAddress> addresses;
    for (const auto& text : texts) addresses.push_back(parse_listen_address(text).value());
    return addresses;
  };
  CHECK(listened_port(Settings{.listen = listening({"./a.sock", "127.0.0.1:8080", "9090"})}) ==
        8080);
  CHECK(listened_port(Settings{.listen = listening({"./a.sock"})}) == std::nullopt);
  CHECK(listened_port(Settings{.listen = listening({"8080", "127.0.0.1:{port}"})}) == std::nullopt);
  CHECK(listened_port(Settings{.port = PortRange{80, 80}, .listen = listening({"8080"})}) ==
        std::nullopt);
  CHECK(needs_port(Settings{.listen = listening({"8080", "127.0.0.1:{port}"})}));
  CHECK_FALSE(needs_port(Settings{.listen = listening({"8080"})}));
  CHECK_FALSE(needs_port(Settings{.listen = listening({"./a.sock"})}));
}

TEST_CASE("a program that writes its port itself is given one only if it asks for it") {
  using Settings = config::AutoRun;
  CHECK_FALSE(needs_port(Settings{.port_file = ".port", .post_run = "tunnel {port}"}));
  CHECK_FALSE(
      needs_port(Settings{.port_file = ".port", .ready_when = config::ReadyWhen{.port = 0}}));
  CHECK(needs_port(Settings{.args = {"{port}"}, .port_file = ".port"}));
}
