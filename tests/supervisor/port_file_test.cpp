// SPDX-License-Identifier: MIT
#include "supervisor/port_file.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::supervisor;
using namespace std::chrono_literals;

TEST_CASE("a port is a number in its file and nothing else is") {
  const test::TempDir dir;
  const std::vector<std::pair<std::string, std::optional<int>>> table = {
      {"3000", 3000},      {"  80\n", 80},          {"65535\r\n", 65'535},     {"", std::nullopt},
      {"0", std::nullopt}, {"65536", std::nullopt}, {"port 3000", {}},         {"3000 3001", {}},
      {"-1", {}},          {"3000x", {}},           {std::string(99, '9'), {}}};
  for (const auto& [text, port] : table) {
    INFO(text);
    CHECK(port_in_file(dir.write("port", text)) == port);
  }
  CHECK_FALSE(port_in_file(dir / "nobody wrote it"));
  CHECK_FALSE(port_in_file(dir.path()));
}

TEST_CASE("only a file is forgotten and never what a link leads to") {
  const test::TempDir dir;
  PortFile::forget(dir.write("port", "3000"));
  CHECK_FALSE(std::filesystem::exists(dir / "port"));
  dir.write("precious", "text");
  std::filesystem::create_symlink(dir / "precious", dir / "link");
  std::filesystem::create_directory(dir / "directory");
  for (const char* name : {"link", "directory", "nothing"}) PortFile::forget(dir / name);
  CHECK(dir.read("precious") == "text");
  CHECK(std::filesystem::is_directory(dir / "directory"));
}

TEST_CASE("a port that is written later is told once when it is whole") {
  const test::TempDir dir;
  const auto loop = Loop::create().value();
  std::vector<int> ports;
  const PortFile file(*loop, dir / "port", [&](int port) { ports.push_back(port); });
  const auto half = loop->at(now() + 30ms, "half", [&] { dir.write("port", ""); });
  const auto whole = loop->at(now() + 60ms, "whole", [&] { dir.write("port", "4321\n"); });
  const auto guard = loop->at(now() + 20s, "the test's patience", [&] { loop->stop(); });
  REQUIRE(loop->run_until([&] { return !ports.empty(); }));
  CHECK(ports == std::vector<int>{4321});
}
