// SPDX-License-Identifier: MIT
// Another user of the same machine, and a repository of somebody's making: what they plant, connect
// to and ask for does no harm.
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::UniqueFd;
using poltergeist::api::Client;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

bool may_be_another_user() {
  if (::geteuid() == 0) return true;
  WARN("only root can be another user: nothing was tested");
  return false;
}

// A target with a hook that builds, and one that fails.
void set_up(const TestProject& project) {
  auto app = TestProject::copying_target("app", "app.txt", "app");
  app["postBuild"] = {{{"name", "tell"}, {"command", "echo told"}, {"runOn", {"success"}}}};
  project.write("app.txt", "#!/bin/sh\n");
  project.configure({{"targets",
                      {app,
                       {{"name", "broken"},
                        {"type", "custom"},
                        {"buildCommand", "echo no; exit 1"},
                        {"watchPaths", {"app.txt"}}}}}});
}

// All that a daemon writes: files of its state directory and of the project, in use and left
// behind.
void add_names(const TestProject& project, std::set<fs::path>& names) {
  for (const auto& directory : {project.state_dir(), project.root() / ".poltergeist"}) {
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      if (!entry.is_directory()) names.insert(entry.path());
    }
  }
}

// One life of a daemon in which it does what makes it write; how it began.
Ran live(const TestProject& project, std::set<fs::path>* names = nullptr) {
  auto begun = project.run_poltergeist({"haunt"});
  for (const auto* verb : {"wait", "pause", "status"}) project.run_poltergeist({verb});
  if (names != nullptr) add_names(project, *names);
  for (const auto* verb : {"resume", "errors"}) project.run_poltergeist({verb});
  project.run_poltergeist({"logs", "app"});
  project.run_poltergeist({"build", "app", "--force"});
  project.run_poltergeist({"stop"});
  if (names != nullptr) add_names(project, *names);
  return begun;
}

enum class PlantedAs { Link, OtherName, Fifo };

// In place of all that a daemon writes there.
void plant(PlantedAs kind, const std::set<fs::path>& names, const fs::path& victim) {
  for (const auto& name : names) {
    fs::remove(name);
    switch (kind) {
      case PlantedAs::Link:
        fs::create_symlink(victim, name);
        break;
      case PlantedAs::OtherName:
        fs::create_hard_link(victim, name);
        break;
      case PlantedAs::Fifo:
        REQUIRE(::mkfifo(name.c_str(), 0600) == 0);
    }
  }
}

void clear(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) fs::remove_all(entry);
}

UniqueFd connected(const fs::path& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fd.reset();
  }
  return fd;
}

// What another user hears who connects and commands: how many bytes, until he is hung up on; -1 if
// he cannot even connect.
int heard_by_another_user(const fs::path& socket, const std::string& commands) {
  auto pipe = std::array<int, 2>{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int heard = -1;
    if (::setresgid(kNobody, kNobody, kNobody) == 0 &&
        ::setresuid(kNobody, kNobody, kNobody) == 0) {
      const auto fd = connected(socket);
      if (fd) {
        heard = 0;
        ::send(fd.get(), commands.data(), commands.size(), MSG_NOSIGNAL);
        std::array<char, 4096> bytes;
        for (ssize_t count = 0; (count = ::read(fd.get(), bytes.data(), bytes.size())) > 0;) {
          heard += static_cast<int>(count);
        }
      }
    }
    ::_exit(::write(pipe[1], &heard, sizeof heard) == sizeof heard ? 0 : 1);
  }
  ::close(pipe[1]);
  int heard = -2;
  CHECK(::read(pipe[0], &heard, sizeof heard) == sizeof heard);
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  return heard;
}

// Tells whether anything in a directory was opened or made.
class Guard {
 public:
  explicit Guard(const fs::path& directory) : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    const auto mask = IN_OPEN | IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVE;
    REQUIRE(::inotify_add_watch(fd_.get(), directory.c_str(), mask) >= 0);
  }
  [[nodiscard]] bool saw_something() const {
    alignas(inotify_event) std::array<char, 4096> records;
    return ::read(fd_.get(), records.data(), records.size()) > 0;
  }

 private:
  UniqueFd fd_;
};

// Names that lead out, or are none; the fourth one leads to "outside" beside the state directory
// from a directory there that is called as all files of the project begin.
std::vector<std::string> evil_names() {
  return {"../x",        "a/b",
          "..",          "/../../outside/x",
          "/etc/passwd", std::string(300, 'n'),
          "\x1b[2J",     "a\nb",
          "x\xff",       "app/",
          "app\x01",     "...",
          ".",           "~root",
          "app/../app"};
}

std::size_t descriptors_held_by(pid_t pid) {
  const auto all = fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("whatever another user planted as /tmp/poltergeist is left alone") {
  if (!may_be_another_user()) return;
  if (run({.argv = {"unshare", "--mount", "true"}}).code != 0) {
    WARN("no mount namespace may be made here: nothing was tested");
    return;
  }
  const TestProject project;
  set_up(project);
  struct Case {
    const char* planted;
    bool both;  // also as the name that is taken instead
  };
  const auto [planted, both] = GENERATE(values<Case>({
      {"mkdir -m 0777 $P && chown 65534 $P", false},
      {"mkdir -m 0700 $P && chown 65534 $P", false},
      {"ln -s /tmp/victim $P && chown -h 65534 $P", false},
      {"echo x > $P && chown 65534 $P", false},
      {"mkfifo -m 0666 $P && chown 65534 $P", false},
      {"mkdir -m 0777 $P && chown 65534 $P", true},
      {"ln -s /tmp/victim $P && chown -h 65534 $P", true},
      {"mkfifo -m 0666 $P && chown 65534 $P", true},
  }));
  INFO(planted << (both ? ", twice" : ""));
  // Where the test's own /tmp does not hide them.
  const std::string program = "/mnt/poltergeist";
  fs::copy_file(project.poltergeist({}).argv[0], project.root().parent_path() / "poltergeist");
  const std::string plant = planted;
  auto call = project.poltergeist({});
  call.env["POLTERGEIST_STATE_DIR"] = "";
  call.argv = {
      "unshare", "--mount", "sh", "-c",
      "mount --bind .. /mnt && mount -t tmpfs -o mode=1777 none /tmp && cd /mnt/project &&\n"
      "mkdir -m 0700 /tmp/victim || exit 99\n"
      "P=/tmp/poltergeist; " +
          plant + "\n" + (both ? "P=/tmp/poltergeist-0; " + plant + "\n" : std::string()) +
          program + " haunt\necho haunt $?\n" + program + " wait app > /dev/null\n" + program +
          " stop > /dev/null\n" +
          "ls -A /tmp/victim /tmp/poltergeist/ 2> /dev/null | grep project\n"
          "stat -c '%a %u' /tmp/poltergeist-0\nls -A /tmp/poltergeist-0 | grep -c project\n"};
  const auto ran = run(call);
  INFO(ran.out << ran.err);
  REQUIRE(ran.code != 99);
  if (both) {
    CHECK(ran.out.starts_with("haunt 2\n"));
    CHECK(ran.err.find("no place for state") != std::string::npos);
    CHECK(ran.err.find("POLTERGEIST_STATE_DIR") != std::string::npos);
    CHECK(ran.out.find("project") == std::string::npos);
  } else {
    CHECK(ran.out.find("haunt 0\n700 0\n") != std::string::npos);
    CHECK(ran.code == 0);
  }
}

TEST_CASE("nothing that is planted in place of our files is written to or waited for") {
  TestProject project;
  set_up(project);
  std::set<fs::path> names;
  REQUIRE(live(project, &names).code == 0);
  REQUIRE(names.size() >= 12);
  const auto victim = project.root().parent_path() / "victim";
  const std::string precious = "precious\n";
  // Without these two no daemon begins: each is planted alone.
  std::set<fs::path> lock;
  std::set<fs::path> log;
  std::set<fs::path> others;
  for (const auto& name : names) {
    const bool is_log = name.string().ends_with("-daemon.log");
    (name.extension() == ".lock" ? lock : is_log ? log : others).insert(name);
  }
  REQUIRE((lock.size() == 1 && log.size() == 1));

  for (const auto kind : {PlantedAs::Link, PlantedAs::OtherName, PlantedAs::Fifo}) {
    for (const auto* planted : {&lock, &log, &others}) {
      clear(project.state_dir());
      clear(project.root() / ".poltergeist");
      fs::remove(victim);
      { std::ofstream(victim) << precious; }
      fs::permissions(victim, fs::perms(0640));
      plant(kind, *planted, victim);
      const auto begun = live(project);
      INFO("kind " << static_cast<int>(kind) << ", " << *planted->begin());
      INFO(begun.out << begun.err);
      std::ifstream stream(victim);
      CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == precious);
      CHECK(fs::status(victim).permissions() == fs::perms(0640));
      CHECK((begun.code == 0) == (planted == &others));
      if (planted == &others) continue;
      CHECK(begun.err.find(planted->begin()->string()) != std::string::npos);
    }
  }
}

TEST_CASE("a repository may bring links along under the names of our own directory") {
  TestProject project;
  set_up(project);
  const auto victim = project.root().parent_path() / "victim";
  fs::create_directory(victim);
  SECTION("the directory") {
    fs::create_symlink(victim, project.root() / ".poltergeist");
  }
  SECTION("what lies in it, not there yet") {
    fs::create_directory(project.root() / ".poltergeist");
    for (const auto* name :
         {"history.db", "history.db-wal", "history.db-shm", "history.db-journal"}) {
      fs::create_symlink(victim / name, project.root() / ".poltergeist" / name);
    }
  }
  const Guard guard(victim);
  const auto begun = live(project);
  project.run_poltergeist({"doctor"});
  INFO(begun.out << begun.err);
  CHECK(begun.code == 0);
  CHECK_FALSE(guard.saw_something());
  CHECK(fs::is_empty(victim));
  CHECK(project.builds_of("app") >= 1);
}

TEST_CASE("another user who connects is hung up on before he is heard") {
  if (!may_be_another_user()) return;
  const TestProject project;
  set_up(project);
  project.haunt();
  const auto builds = project.builds_of("app");
  const auto socket = project.socket();
  fs::permissions(project.state_dir().parent_path(), fs::perms(0755));
  for (const auto& open : {project.state_dir(), socket}) fs::permissions(open, fs::perms(0777));
  const std::string build =
      R"({"jsonrpc":"2.0","id":1,"method":"build","params":{"target":"app","force":true}})";
  const std::string stop = R"({"jsonrpc":"2.0","id":2,"method":"stop"})";
  CHECK(heard_by_another_user(socket, build + "\n" + stop + "\n") == 0);
  CHECK(heard_by_another_user(socket, std::string(2 << 20, '[')) == 0);
  CHECK(heard_by_another_user(socket, "") == 0);
  fs::permissions(project.state_dir(), fs::perms(0700));
  CHECK(project.run_poltergeist({"wait"}).code == 1);  // "broken" fails, and nobody stopped it
  CHECK(project.builds_of("app") == builds);
  for (const auto& entry : fs::directory_iterator(project.state_dir())) {
    if (!entry.path().string().ends_with("-daemon.log")) continue;
    std::ifstream stream(entry.path());
    const std::string log(std::istreambuf_iterator<char>(stream), {});
    CHECK(log.find("refused a connection of user 65534") != std::string::npos);
  }
}

TEST_CASE("names that lead out of the state directory are refused wherever they are said") {
  TestProject project;
  set_up(project);
  project.haunt();
  const auto outside = project.root().parent_path() / "outside";
  fs::create_directory(outside);
  for (const auto* file : {"x.state", "x.log", "x"}) std::ofstream(outside / file) << "{}";
  auto stem = project.socket().stem().string() + "-";  // "project-H8-", as all names begin
  fs::create_directory(project.state_dir() / stem);
  fs::create_directory(project.state_dir() / (stem + "app-"));
  const Guard guard(outside);

  auto client = Client::connect(project.socket());
  REQUIRE(client);
  for (const auto& name : evil_names()) {
    INFO(name);
    for (const auto* verb : {"status", "build", "wait", "logs", "errors"}) {
      const auto ran = project.run_poltergeist({verb, "--", name});
      INFO(verb << ": " << ran.out << ran.err);
      CHECK(ran.code == 4);
      CHECK(ran.err.find("there is no target") != std::string::npos);
      CHECK(ran.err.find('\x1b') == std::string::npos);
    }
    CHECK(project.run_poltergeist({"runner", "status", "--", name}).code == 4);
    CHECK(project.run_polter({"--no-start", name}).code == 4);
    project.run_poltergeist({"logs", "app", "-C", name});
    for (const auto* method : {"status", "build", "wait", "runner.start", "runner.stop",
                               "runner.restart", "runner.status"}) {
      const auto answer = client->call_rpc(method, {{"target", name}});
      INFO(method);
      REQUIRE_FALSE(answer);
      CHECK(answer.error().message.find("there is no target") != std::string::npos);
    }
    std::ignore = client->call_rpc("events", {{"scope", "target:" + name}});
  }
  CHECK_FALSE(guard.saw_something());
  CHECK(project.run_poltergeist({"status"}).code == 0);
  // What would have been seen: the way there is open.
  CHECK(std::ifstream(project.state_dir() / (stem + "/../../outside/x.state")).good());
  CHECK(guard.saw_something());
}

TEST_CASE("names that lead out of the state directory are refused in a configuration") {
  const TestProject project;
  auto names = evil_names();
  names.emplace_back();
  for (auto name : names) {
    if (name.find('\xff') != std::string::npos) name = "x\x7f";  // JSON is UTF-8
    project.configure({{"targets",
                        {{{"name", name},
                          {"type", "custom"},
                          {"buildCommand", "touch ran"},
                          {"watchPaths", {"*"}}}}}});
    for (const auto* verb : {"validate", "haunt"}) {
      const auto ran = project.run_poltergeist({verb});
      INFO(verb << ": " << ran.out << ran.err);
      CHECK(ran.code == 2);
      CHECK(ran.err.find("poltergeist.config.json:") != std::string::npos);
      CHECK(ran.err.find('\x1b') == std::string::npos);
    }
    CHECK_FALSE(fs::exists(project.root() / "ran"));
  }
}

TEST_CASE("clients that never read or never finish or hang up keep nobody and leave nothing") {
  const TestProject project;
  set_up(project);
  project.haunt();
  const auto daemon = project.daemon_pid();
  const auto socket = project.socket();
  const auto before = descriptors_held_by(daemon);
  const std::string request = R"({"jsonrpc":"2.0","id":1,"method":"status"})"
                              "\n";
  const auto is_answered = [&] { return project.run_poltergeist({"status"}).code == 0; };
  {
    const auto deaf = connected(socket);
    REQUIRE(deaf);
    // Until the daemon takes nothing more of it.
    while (::send(deaf.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(request.size())) {
    }
    const auto slow = connected(socket);
    REQUIRE(slow);
    for (const char byte : request) {
      if (byte == '\n') break;
      REQUIRE(::send(slow.get(), &byte, 1, MSG_NOSIGNAL) == 1);
      const auto other = connected(socket);
      std::array<char, 16> hello;
      CHECK(::read(other.get(), hello.data(), hello.size()) > 0);
    }
    CHECK(is_answered());
    for (std::size_t bytes = 0; bytes <= request.size(); ++bytes) {
      const auto gone = connected(socket);
      REQUIRE(gone);
      CHECK(::send(gone.get(), request.data(), bytes, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes));
    }
    project.write("app.txt", "#!/bin/sh\n# new\n");
    CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
    CHECK(is_answered());
  }
  CHECK(await([&] { return descriptors_held_by(daemon) <= before; }));
}
