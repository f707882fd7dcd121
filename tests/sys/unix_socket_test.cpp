// SPDX-License-Identifier: MIT
#include "sys/unix_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;

TEST_CASE("a client reaches a listener, which knows the client's user") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s");
  REQUIRE(listener);
  struct stat status {};
  REQUIRE(::stat((dir / "s").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK_FALSE(accept_from(listener->get()).value());  // nobody yet, and it does not block
  const auto client = connect_to(dir / "s");
  REQUIRE(client);
  const auto server = accept_from(listener->get());
  REQUIRE(server);
  REQUIRE(*server);
  CHECK(peer_uid(server->get()).value() == ::geteuid());
}

TEST_CASE("nobody listening is told from a path that is too long") {
  const test::TempDir dir;
  CHECK(connect_to(dir / "absent").error().code == Errc::NotFound);
  { const auto gone = listen_at(dir / "gone"); }
  CHECK(connect_to(dir / "gone").error().code == Errc::Unavailable);
  const auto too_long = listen_at(dir / std::string(kLongestSocketPath, 'x'));
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code == Errc::Invalid);
  CHECK(too_long.error().message.find("POLTERGEIST_STATE_DIR") != std::string::npos);
}

TEST_CASE("the longest possible path is usable") {
  const test::TempDir dir;
  const auto room = kLongestSocketPath - dir.path().native().size() - 1;
  const auto path = dir / std::string(room, 'x');
  const auto listener = listen_at(path);
  REQUIRE(listener);
  CHECK(connect_to(path));
}
