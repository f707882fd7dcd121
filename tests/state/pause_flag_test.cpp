// SPDX-License-Identifier: MIT
#include "state/pause_flag.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

TEST_CASE("a project is paused while its flag is there") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(dir.path(), dir.path());
  CHECK_FALSE(is_paused(paths));
  REQUIRE(set_paused(paths, true));
  REQUIRE(set_paused(paths, true));
  CHECK(is_paused(paths));
  REQUIRE(set_paused(paths, false));
  REQUIRE(set_paused(paths, false));
  CHECK_FALSE(is_paused(paths));
}

TEST_CASE("the original's flag pauses as well, and resuming removes it") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(dir.path(), dir.path());
  dir.write(fmt::format("{}-{}.paused", dir.path().filename().string(),
                        path_hash(dir.path()).substr(0, 6)),
            "paused");
  CHECK(is_paused(paths));
  REQUIRE(set_paused(paths, false));
  CHECK_FALSE(is_paused(paths));
}

TEST_CASE("pausing never writes through a link") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(dir.path(), dir.path());
  const auto victim = dir.write("victim", "precious");
  fs::create_symlink(victim, paths.paused());
  REQUIRE(set_paused(paths, true));
  CHECK(dir.read("victim") == "precious");
  REQUIRE(set_paused(paths, false));
  CHECK(dir.read("victim") == "precious");
}

TEST_CASE("a flag that cannot be set is an error") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(dir / "none", dir.path());
  CHECK_FALSE(set_paused(paths, true));
  CHECK_FALSE(is_paused(paths));
}
