// SPDX-License-Identifier: MIT
// Whole trees that come and go at once, seen and unseen: nothing in them is lost, and the kernel
// watches the directories that are there and no others.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support/oracle_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

// The root, src/ and what is below; `.poltergeist/` is no part of the tree.
int directories_of(const OracleProject& project) {
  int count = 2;
  for (const auto& entry : fs::recursive_directory_iterator(project.src())) {
    count += entry.symlink_status().type() == fs::file_type::directory ? 1 : 0;
  }
  return count;
}

// Of the descriptor with the most: the daemon has one instance for all.
int kernel_watches(pid_t daemon) {
  int most = 0;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(daemon) + "/fdinfo")) {
    std::ifstream info(entry.path());
    int count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify ") ? 1 : 0;
    most = std::max(most, count);
  }
  return most;
}

// Those beside the tree: the one above the root, and where the user's ignore file may appear.
constexpr int kAside = 2;

// Empty if what is watched is what there is. Behind a sync.
std::string wrongly_watched(const OracleProject& project) {
  const auto watch = project.watch_status();
  if (watch.at("state") != "ok") return "it is " + watch.at("state").get<std::string>();
  if (watch.at("backend") != "inotify") return {};
  const int there = directories_of(project);
  const int watched = kernel_watches(project.daemon_pid());
  if (watch.at("watches") != there || watched != there + kAside) {
    return std::to_string(there) + " directories, " + watch.at("watches").dump() +
           " watches, in the kernel " + std::to_string(watched);
  }
  return {};
}

void make_tree(const fs::path& root, int directories, int files_in_each) {
  for (int i = 0; i < directories; ++i) {
    const auto directory = root / ("d" + std::to_string(i % 10)) / ("e" + std::to_string(i));
    fs::create_directories(directory);
    for (int n = 0; n < files_in_each; ++n) {
      std::ofstream(directory / ("f" + std::to_string(n))) << i << ' ' << n;
    }
  }
}

void shell(const std::string& command) {
  INFO(command);
  REQUIRE(run({.argv = {"/bin/sh", "-c", command}}).code == 0);
}

// More names than the kernel's queue has room for, which nobody builds from. Each is two events at
// least.
void flood(const fs::path& directory) {
  int room = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> room;
  REQUIRE(room > 0);
  for (int n = 0; n < room / 2 + 1000; ++n) {
    const auto noise = (directory / (".noise" + std::to_string(n))).string();
    ::close(::open(noise.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
    ::unlink(noise.c_str());
  }
}

// What a developer does to a tree while the daemon stands still, in a place of its own for each
// round. `born` are directories that came with it.
std::vector<fs::path> turn_upside_down(const OracleProject& project, int round) {
  const auto number = std::to_string(round);
  flood(project.src());
  fs::remove_all(project.src() / "half");
  make_tree(project.src() / "half", 10 + round % 3, 2);
  std::vector<fs::path> born = {project.src() / "half/d1/e1"};
  for (int i = 0; i < 10; ++i) {
    const auto name = "moved" + std::to_string(i);
    const auto from = project.src() / (name + (round % 2 == 0 ? "a" : "b"));
    const auto to = project.src() / (name + (round % 2 == 0 ? "b" : "a"));
    if (fs::exists(from)) fs::rename(from, to);
    fs::create_directories(to / ("new" + number) / "deep");
    fs::remove_all(to / ("new" + std::to_string(round - 1)));
    born.push_back(to / ("new" + number) / "deep");
  }
  std::ofstream(project.src() / "hidden by the flood") << round;
  return born;
}

}  // namespace

TEST_CASE("a tree that is copied, unpacked or moved in is known to the last file") {
  OracleProject project;
  const auto model = project.outside() / "model";
  make_tree(model, backend_rounds(20, 2'000), 10);
  shell("tar -C " + model.string() + " -cf " + (project.outside() / "model.tar").string() + " .");
  project.haunt();
  const auto src = project.src().string();
  shell("cp -r " + model.string() + " " + src + "/copied");
  REQUIRE(project.converges_by_itself());
  CHECK(project.fault() == "");
  shell("mkdir " + src + "/unpacked && tar -C " + src + "/unpacked -xf " +
        (project.outside() / "model.tar").string());
  REQUIRE(project.converges_by_itself());
  CHECK(project.fault() == "");
  CHECK(wrongly_watched(project) == "");
  for (const auto* name : {"copied/d3/e3/f3", "unpacked/d7/e7/f7"}) {
    project.write(std::string("src/") + name, "edited");
    REQUIRE(project.converges_by_itself());
  }
  shell("rm -rf " + src + "/copied");
  CHECK(project.fault() == "");
  CHECK(wrongly_watched(project) == "");
}

TEST_CASE("directories that come and go by the thousand leave no watch and no trouble") {
  OracleProject project;
  project.write("src/a.c", "first");
  project.haunt();
  const auto place = project.src() / "storm";
  fs::create_directories(place);
  for (int i = 0; i < backend_rounds(400, 100'000); ++i) {
    const auto directory = place / std::to_string(i % 7);
    fs::create_directories(directory / "deep");
    if (i % 3 == 0) std::ofstream(directory / "deep/f") << i;
    fs::remove_all(directory);
  }
  fs::create_directories(place / "left/deep");
  REQUIRE(project.fault() == "");
  CHECK(wrongly_watched(project) == "");
  project.write("src/storm/left/deep/f", "and watched");
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
  // Those that are moved out live on elsewhere, and are nothing to us.
  make_tree(place / "out", 20, 1);
  REQUIRE(project.fault() == "");
  fs::rename(place / "out", project.outside() / "out");
  CHECK(project.fault() == "");
  CHECK(wrongly_watched(project) == "");
}

TEST_CASE("a directory that is made, filled and renamed at once is known by its new name") {
  OracleProject project;
  project.haunt();
  for (int i = 0; i < backend_rounds(12, 2'000); ++i) {
    INFO("round " << i);
    const auto number = std::to_string(i % 50);
    fs::remove_all(project.src() / ("to" + number));
    fs::create_directories(project.src() / "from/deep");
    std::ofstream(project.src() / "from/deep/f") << i;
    fs::rename(project.src() / "from", project.src() / ("to" + number));
    REQUIRE(project.fault() == "");
    project.write("src/to" + number + "/deep/f", "edited " + std::to_string(i));
    REQUIRE(project.converges_by_itself());
  }
  CHECK(project.fault() == "");
  CHECK(wrongly_watched(project) == "");
}

TEST_CASE("half of a tree is made anew behind an overflow, and what was born in it is watched") {
  OracleProject project;
  make_tree(project.src() / "half", 10, 2);
  project.haunt();
  const auto daemon = project.daemon_pid();
  for (int i = 0; i < backend_rounds(1, 200); ++i) {
    INFO("round " << i);
    ::kill(daemon, SIGSTOP);
    const auto born = turn_upside_down(project, i);
    ::kill(daemon, SIGCONT);
    REQUIRE(project.fault() == "");
    REQUIRE(wrongly_watched(project) == "");
    for (const auto& directory : born) {
      std::ofstream(directory / "f") << "since then " << i;
      REQUIRE(project.converges_by_itself());
    }
    REQUIRE(project.fault() == "");
  }
  const auto watch = project.watch_status();
  if (watch.at("backend") == "inotify") CHECK(watch.at("overflows").get<int>() > 0);
}
