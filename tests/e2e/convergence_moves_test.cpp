// SPDX-License-Identifier: MIT
// Directories that come, go and change places, up to the root itself.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include <random>

#include <catch2/catch.hpp>

#include "support/oracle_project.h"

using namespace poltergeist::test;

namespace {

namespace fs = std::filesystem;

// Directories of few names, so that they collide.
class Mover {
 public:
  explicit Mover(const OracleProject& project) : project_(project) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  void step() {
    std::error_code ignored;
    switch (below(7)) {
      case 0:
        fs::rename(any(), any(), ignored);
        break;
      case 1:
        fs::rename(any(), away(), ignored);
        break;
      case 2:
        fs::rename(away(), any(), ignored);
        break;
      case 3:
        ::renameat2(AT_FDCWD, any().c_str(), AT_FDCWD, any().c_str(), RENAME_EXCHANGE);
        break;
      case 4:
        if (below(3) == 0) fs::remove_all(any(), ignored);
        break;
      default: {
        const auto directory = any();
        fs::create_directories(directory, ignored);
        std::ofstream(directory / "f") << ++version_;
        break;
      }
    }
  }
  // Something in a directory that was moved out changes: nothing to us.
  void edit_away() { std::ofstream(away() / "f") << ++version_; }

 private:
  fs::path any() {
    fs::path path = project_.src();
    do path /= std::string(1, static_cast<char>('a' + below(3)));
    while (below(2) == 0);
    return path;
  }
  fs::path away() { return project_.outside() / (below(2) == 0 ? "p" : "q"); }

  const OracleProject& project_;
  std::mt19937 random_{11};
  int version_ = 0;
};

}  // namespace

TEST_CASE("directories move in, out and within, and no edit in any of them is lost") {
  OracleProject project;
  project.write("src/a/a/f", "first");
  project.haunt();
  const auto daemon = project.daemon_pid();
  Mover mover(project);
  for (int i = 0; i < backend_rounds(80, 3'000); ++i) {
    const bool still = mover.below(10) == 0;
    if (still) ::kill(daemon, SIGSTOP);
    for (auto steps = mover.below(6) + 1; steps > 0; --steps) mover.step();
    if (still) ::kill(daemon, SIGCONT);
    INFO("round " << i);
    REQUIRE(project.fault() == "");
    const auto builds = project.builds();
    mover.edit_away();
    REQUIRE(project.fault() == "");
    REQUIRE(project.builds() == builds);
  }
  const auto watch = project.watch_status();
  if (watch.at("backend") != "poll") CHECK(watch.at("watches") == watch.at("directories"));
  CHECK(watch.at("state") == "ok");
}

TEST_CASE("the directory that is watched may go and come back, also as another") {
  OracleProject project;
  project.write("src/a/f", "first");
  project.haunt();
  for (int i = 0; i < backend_rounds(10, 500); ++i) {
    INFO("round " << i);
    const auto number = std::to_string(i);
    fs::remove_all(project.src());
    REQUIRE(project.fault() == "");
    project.write("src/a/f", "came back " + number);
    REQUIRE(project.converges_by_itself());

    fs::rename(project.src(), project.outside() / ("src" + number));
    fs::create_directories(project.outside() / "other/b");
    std::ofstream(project.outside() / "other/b/f") << number;
    fs::rename(project.outside() / "other", project.src());
    REQUIRE(project.fault() == "");
    project.write("src/b/f", "edited " + number);
    REQUIRE(project.fault() == "");

    fs::rename(project.src(), project.outside() / "real");
    fs::create_symlink(project.outside() / "real", project.src());
    REQUIRE(project.fault() == "");
    fs::remove(project.src());
    fs::rename(project.outside() / "real", project.src());
    REQUIRE(project.fault() == "");
  }
}

TEST_CASE("the root may go and come back, also as another with the same name") {
  OracleProject project;
  project.write("src/a/f", "first");
  project.haunt();
  const auto away = project.outside() / "root";
  for (int i = 0; i < backend_rounds(8, 500); ++i) {
    INFO("round " << i);
    const auto number = std::to_string(i);
    const auto builds = project.builds();
    fs::rename(project.root(), away);
    fs::create_directories(project.root() / "src/a");  // an empty one takes its place for a moment
    if (i % 2 == 1) {
      fs::copy(away, project.outside() / "copy", fs::copy_options::recursive);
      fs::remove_all(away);
      fs::rename(project.outside() / "copy", away);
    }
    // Again, where the daemon was just about to write its history there.
    REQUIRE(await([&] {
      std::error_code trouble;
      fs::remove_all(project.root(), trouble);
      fs::rename(away, project.root(), trouble);
      return !trouble;
    }));
    project.write("src/a/f", "edited " + number);
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
    REQUIRE(project.builds() > builds);
    project.write("src/new" + number + "/f", "in a new directory");
    REQUIRE(project.converges_by_itself());
  }
  CHECK(project.watch_status().at("state") == "ok");
}

TEST_CASE("a directory with very many entries is watched as a small one is") {
  OracleProject project;
  const int entries = backend_rounds(5'000, 200'000);
  fs::create_directories(project.src() / "many");
  for (int i = 0; i < entries; ++i) {
    std::ofstream(project.src() / "many" / ("f" + std::to_string(i))) << i;
  }
  project.haunt();
  REQUIRE(project.fault() == "");
  for (int i = 0; i < 10; ++i) {
    const auto name = "src/many/f" + std::to_string(i * 4999 % entries);
    if (i % 3 == 0) {
      fs::remove(project.root() / name);
    } else {
      project.write(name, "edited");
    }
    REQUIRE(project.fault() == "");
  }
  fs::rename(project.src() / "many", project.src() / "moved");
  CHECK(project.fault() == "");
  project.write("src/moved/f1", "edited after the move");
  CHECK(project.fault() == "");
}
