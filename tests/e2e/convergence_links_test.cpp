// SPDX-License-Identifier: MIT
// Links by the thousand, to everything and to nothing: they are files, and nobody goes where they
// lead.
#include <catch2/catch.hpp>

#include "support/oracle_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

// As rename(2) replaces a link: there is one at every moment. It comes from outside, where nobody
// sees it before.
void swap_link(const OracleProject& project, const fs::path& link, const fs::path& target) {
  const auto next = project.outside() / "next";
  fs::create_symlink(target, next);
  fs::rename(next, link);
}

}  // namespace

TEST_CASE("a farm of links costs no watch and no walk, wherever they lead") {
  OracleProject project;
  const auto modules = project.outside() / "modules";
  for (int i = 0; i < 50; ++i) fs::create_directories(modules / std::to_string(i) / "deep");
  const std::vector<fs::path> targets = {"/", "..", ".", "farm", "nothing", modules, "l0", "/proc"};
  fs::create_directories(project.src() / "farm");
  const int links = backend_rounds(1'000, 10'000);
  for (int i = 0; i < links; ++i) {
    const auto& target = targets[static_cast<std::size_t>(i) % targets.size()];
    fs::create_symlink(target, project.src() / "farm" / ("l" + std::to_string(i)));
  }
  const auto begin = std::chrono::steady_clock::now();
  project.haunt();
  const auto took = std::chrono::steady_clock::now() - begin;
  WARN(
      "started and built in " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                              << " ms");
  REQUIRE(project.fault() == "");
  // The root, src and the farm.
  CHECK(project.watch_status().at("directories") == 3);
  const auto builds = project.builds();
  std::ofstream(modules / "1/deep/f") << "nothing to us";
  REQUIRE(project.fault() == "");
  CHECK(project.builds() == builds);
  for (int i = 0; i < 10; ++i) {
    swap_link(project, project.src() / "farm" / ("l" + std::to_string(i * (links / 10))),
              "elsewhere");
    REQUIRE(project.fault() == "");
  }
  CHECK(project.builds() == builds + 10);
  CHECK(project.watch_status().at("directories") == 3);
}

TEST_CASE("a directory of links that is swapped by one link is a change each time") {
  OracleProject project;
  for (const auto* version : {"v0", "v1"}) {
    project.write(std::string("src/mount/") + version + "/key", version);
  }
  fs::create_symlink("v0", project.src() / "mount/current");
  fs::create_symlink("current/key", project.src() / "mount/key");
  project.haunt();
  REQUIRE(project.fault() == "");
  const auto builds = project.builds();
  const int swaps = backend_rounds(20, 100);
  for (int i = 0; i < swaps; ++i) {
    INFO("swap " << i);
    swap_link(project, project.src() / "mount/current", i % 2 == 0 ? "v1" : "v0");
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
  }
  CHECK(project.builds() == builds + static_cast<std::size_t>(swaps));
}
