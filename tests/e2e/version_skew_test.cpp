// SPDX-License-Identifier: MIT
// Clients and daemons of different versions, and programs that are replaced while they run: each
// either works or says what to do, and any version can end any other.
#include <fstream>
#include <optional>

#include <catch2/catch.hpp>

#include "api/json_rpc.h"
#include "support/fake_daemon.h"
#include "support/rounds.h"
#include "support/test_project.h"
#include "sys/file_lock.h"

using namespace poltergeist::test;
using poltergeist::FileLock;
using poltergeist::api::kProtocols;
using poltergeist::api::ProtocolRange;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr int kNewest = kProtocols.newest;
constexpr int kOldest = kProtocols.oldest;

// Where the daemon of the project listens, found out by means of one.
fs::path socket_of(const TestProject& project) {
  project.haunt();
  auto socket = project.socket();
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  return socket;
}

// A daemon of another version, with the project's lock.
class Foreigner {
 public:
  Foreigner(const TestProject& project, ProtocolRange protocols)
      : Foreigner(project, socket_of(project), protocols) {}

 private:
  Foreigner(const TestProject& project, const fs::path& socket, ProtocolRange protocols)
      : lock_(FileLock::take(fs::path(socket).replace_extension(".lock")).value()),
        daemon_(socket, project.root()) {
    daemon_.speak(protocols);
    daemon_.settle({.target = "app",
                    .type = "executable",
                    .answer = poltergeist::api::Answer::Fresh,
                    .output_path = (project.root() / "app").string()});
    daemon_.when_stopped([this] { lock_.reset(); });
  }

  std::optional<FileLock> lock_;
  FakeDaemon daemon_;
};

void configure(const TestProject& project) {
  project.write("app.sh", "#!/bin/sh\necho ran\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.sh", "app")}}});
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The project's poltergeist, as a file that may be replaced.
fs::path copy_program(const TestProject& project) {
  const auto copy = project.state_dir().parent_path() / "poltergeist";
  const auto next = project.state_dir().parent_path() / "poltergeist.next";
  fs::copy_file(project.poltergeist({}).argv.front(), next, fs::copy_options::overwrite_existing);
  fs::rename(next, copy);
  return copy;
}

}  // namespace

TEST_CASE("a daemon with which a protocol is shared is asked, whatever else it speaks") {
  const auto protocols =
      GENERATE(ProtocolRange{kOldest, kNewest}, ProtocolRange{kOldest, kNewest + 1},
               ProtocolRange{kOldest - 1, kNewest}, ProtocolRange{kNewest, kNewest + 2});
  const TestProject project;
  configure(project);
  project.write("app", "#!/bin/sh\necho ran\n");
  fs::permissions(project.root() / "app", fs::perms::owner_all);
  const Foreigner daemon(project, protocols);
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  const auto ran = project.run_polter({"app"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "ran\n");
}

TEST_CASE("a daemon that shares no protocol with us is not believed, and we say what to do") {
  const auto protocols =
      GENERATE(ProtocolRange{kNewest + 1, kNewest + 1}, ProtocolRange{kNewest + 1, kNewest + 2},
               ProtocolRange{kOldest - 2, kOldest - 1});
  const bool is_newer = protocols.oldest > kNewest;
  const TestProject project;
  configure(project);
  project.write("app", "#!/bin/sh\necho ran\n");
  fs::permissions(project.root() / "app", fs::perms::owner_all);
  const Foreigner daemon(project, protocols);
  for (const auto* verb : {"wait", "build", "status", "pause", "events"}) {
    INFO(verb);
    const auto ran = project.run_poltergeist({verb});
    CHECK(ran.code == 3);
    CHECK(contains(ran.err, is_newer ? "newer than this program" : "older than this program"));
    CHECK(contains(ran.err, "`poltergeist restart`"));
  }
  const auto ran = project.run_polter({"app"});
  CHECK(ran.code == 3);
  CHECK(ran.out.empty());
  CHECK(contains(ran.err, "`poltergeist restart`"));
}

TEST_CASE("a daemon of any version is ended by stop, and replaced by restart") {
  const auto protocols =
      GENERATE(ProtocolRange{kNewest + 1, kNewest + 2}, ProtocolRange{kOldest - 1, kOldest - 1});
  const TestProject project;
  configure(project);
  {
    const Foreigner daemon(project, protocols);
    CHECK(project.run_poltergeist({"stop"}).code == 0);
    CHECK(project.run_poltergeist({"status"}).code == 3);
  }
  const Foreigner daemon(project, protocols);
  REQUIRE(project.run_poltergeist({"restart"}).code == 0);
  CHECK(project.run_polter({"app"}).out == "ran\n");
}

TEST_CASE("the daemon's program may be replaced and removed while it runs") {
  const TestProject project;
  configure(project);
  const auto program = copy_program(project);
  auto haunt = project.poltergeist({"haunt"});
  haunt.argv.front() = program;
  REQUIRE(run(haunt).code == 0);
  const auto says_so = [&] {
    return contains(project.run_poltergeist({"status"}).out, "replaced");
  };
  CHECK_FALSE(says_so());
  for (int i = 0; i < rounds(3, 50); ++i) {
    copy_program(project);
    project.write("app.sh", "#!/bin/sh\necho " + std::to_string(i) + "\n");
    REQUIRE(project.run_polter({"app"}).out == std::to_string(i) + "\n");
  }
  CHECK(says_so());
  CHECK(contains(project.run_poltergeist({"doctor"}).out, "the file of its program was replaced"));
  fs::remove(program);
  project.write("app.sh", "#!/bin/sh\necho last\n");
  CHECK(project.run_polter({"app"}).out == "last\n");
  CHECK_FALSE(says_so());  // there is nothing that could run in its place

  copy_program(project);
  auto restart = haunt;
  restart.argv = {program, "restart"};
  REQUIRE(run(restart).code == 0);
  CHECK_FALSE(says_so());
  CHECK(project.run_polter({"app"}).out == "last\n");
}
