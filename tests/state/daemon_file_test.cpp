// SPDX-License-Identifier: MIT
#include "state/daemon_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::state;

namespace {

ProjectPaths paths_in(const test::TempDir& dir) {
  return *ProjectPaths::create(dir.path(), dir.path());
}

}  // namespace

TEST_CASE("a daemon file is read as it was written") {
  const test::TempDir dir;
  const auto paths = paths_in(dir);
  const DaemonInfo info{.pid = 4711,
                        .start_time = *from_iso8601("2026-01-31T12:00:00.000Z"),
                        .log_file = paths.daemon_log(),
                        .project_path = dir.path(),
                        .config_path = dir / "poltergeist.config.json",
                        .socket = paths.socket(),
                        .version = "0.1.0",
                        .backend = "inotify"};
  REQUIRE(write_daemon_file(paths, info));
  CHECK(*read_daemon_file(paths) == info);
  remove_daemon_file(paths);
  CHECK(read_daemon_file(paths).error().code == Errc::NotFound);
}

TEST_CASE("a daemon file that says nonsense is an error, not a daemon") {
  const test::TempDir dir;
  const auto paths = paths_in(dir);
  for (const auto* text : {"", "{", "[]", "{}", R"({"pid": "1"})", R"({"pid": -1})",
                           R"({"pid": 0})", R"({"pid": 1e300})"}) {
    INFO(text);
    dir.write(paths.daemon_json().filename().string(), text);
    CHECK(read_daemon_file(paths).error().code == Errc::Invalid);
  }
}

TEST_CASE("a daemon is alive if it holds the lock and listens; its file proves nothing") {
  const test::TempDir dir;
  const auto paths = paths_in(dir);
  REQUIRE(write_daemon_file(paths, {.pid = ::getpid()}));
  CHECK(daemon_liveness(paths) == Liveness::Gone);
  {
    const auto lock = take_project_lock(paths);
    REQUIRE(lock);
    CHECK(daemon_liveness(paths) == Liveness::Silent);
    const auto listener = listen_at(paths.socket());
    REQUIRE(listener);
    CHECK(daemon_liveness(paths) == Liveness::Alive);
  }
  CHECK(daemon_liveness(paths) == Liveness::Gone);
}

TEST_CASE("a project has one lock holder") {
  const test::TempDir dir;
  const auto paths = paths_in(dir);
  const auto first = take_project_lock(paths);
  REQUIRE(first);
  CHECK(first->is_in_place(paths.lock()));
  CHECK(take_project_lock(paths).error().code == Errc::Busy);
}
