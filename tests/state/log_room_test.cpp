// SPDX-License-Identifier: MIT
#include "state/log_room.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

namespace {

class Place {
 public:
  Place() { fs::create_directories(directory_ / "app"); }

  [[nodiscard]] ProjectPaths paths() const {
    return *ProjectPaths::create(directory_.path(), directory_ / "app");
  }
  // Written that long ago.
  void add(const std::string& name, std::size_t bytes, std::chrono::hours ago) const {
    const auto file = directory_ / (paths().key() + name);
    std::ofstream(file) << std::string(bytes, 'x');
    const auto when = std::chrono::duration_cast<Seconds>((kNow - ago).time_since_epoch()).count();
    const timespec times[2] = {{when, 0}, {when, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  }
  // What is gone, without the project's key.
  [[nodiscard]] std::vector<std::string> gone(const LogRoom& room) const {
    std::vector<std::string> names;
    for (const auto& file : make_log_room(paths(), room, kNow)) {
      CHECK_FALSE(fs::exists(file));
      names.push_back(file.filename().string().substr(paths().key().size()));
    }
    return names;
  }

  const WallTime kNow = wall_now();

 private:
  test::TempDir directory_;
};

using Names = std::vector<std::string>;
using std::chrono::hours;

}  // namespace

TEST_CASE("old logs go after two weeks, the latest never") {
  const Place place;
  place.add("-app.log", 10, hours(24 * 300));
  place.add("-app.log.1", 10, hours(24 * 301));
  place.add("-app-runner.log.1", 10, hours(24 * 13));
  place.add("-daemon.log.1", 10, hours(24 * 15));
  place.add("-app.state", 10, hours(24 * 300));
  CHECK(place.gone({}) == Names{"-app.log.1", "-daemon.log.1"});
  CHECK(place.gone({}).empty());
}

TEST_CASE("the oldest logs make room for the others") {
  const Place place;
  place.add("-a.log", 1000, hours(1));
  place.add("-a.log.1", 1000, hours(2));
  place.add("-b.log", 1000, hours(9));
  place.add("-b.log.1", 1000, hours(10));
  place.add("-c.log.1", 1000, hours(5));
  CHECK(place.gone({.bytes = 5000}).empty());
  CHECK(place.gone({.bytes = 4999}) == Names{"-b.log.1"});
  CHECK(place.gone({.bytes = 100}) == Names{"-c.log.1", "-a.log.1"});
}

TEST_CASE("the logs of other projects are nobody's business here") {
  const Place place;
  const Place other;
  place.add("-a.log.1", 1000, hours(1));
  place.add("x-a.log.1", 1000, hours(1));
  CHECK(other.gone({.bytes = 0}).empty());
  CHECK(place.gone({.bytes = 0}) == Names{"-a.log.1"});
}

TEST_CASE("a state directory that is gone is no trouble") {
  const test::TempDir directory;
  fs::create_directories(directory / "app");
  fs::create_directories(directory / "state");
  const auto paths = *ProjectPaths::create(directory / "state", directory / "app");
  fs::remove_all(directory / "state");
  CHECK(make_log_room(paths, {}, wall_now()).empty());
}
