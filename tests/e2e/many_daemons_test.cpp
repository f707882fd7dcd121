// SPDX-License-Identifier: MIT
// Many start the daemon of a project at once, by several ways to it, and after daemons that left
// what they could. In a pid namespace, where the daemons can be counted.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/own_processes.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

// What the starters find, and what happens to them.
enum class Round { Nothing, AnotherWay, Stale, Killed };
constexpr int kKinds = 4;

struct Started {
  std::vector<int> codes;
  std::vector<std::string> said;
  std::chrono::steady_clock::duration took{};
};

// They wait at a FIFO until it is opened, and go on together from there.
class Starters {
 public:
  Starters(const TestProject& project, int count, const fs::path& other_way)
      : gate_((project.root() / "gate").string()) {
    ::mkfifo(gate_.c_str(), 0600);
    for (int i = 0; i < count; ++i) {
      auto call = project.poltergeist({"haunt"});
      if (!other_way.empty() && i % 2 == 1) {
        call.cwd = other_way;
        call.env["PWD"] = other_way.string();
      }
      call.before_exec = [gate = gate_.c_str()] { ::open(gate, O_RDONLY | O_CLOEXEC); };
      programs_.emplace_back(call);
    }
  }
  void let_go() {
    began_ = std::chrono::steady_clock::now();
    opened_ = poltergeist::UniqueFd(::open(gate_.c_str(), O_WRONLY | O_CLOEXEC));
  }
  Started await_ends() {
    Started started;
    for (auto& program : programs_) {
      started.codes.push_back(program.await_end().shell_code());
      started.said.push_back(program.output() + program.errors());
    }
    started.took = std::chrono::steady_clock::now() - began_;
    return started;
  }

 private:
  std::string gate_;
  std::vector<Program> programs_;
  poltergeist::UniqueFd opened_;
  std::chrono::steady_clock::time_point began_;
};

std::vector<pid_t> daemons() {
  std::vector<pid_t> found;
  for (const auto& process : everyone_else()) {
    if (process.command.find("haunt --foreground") != std::string::npos) {
      found.push_back(process.pid);
    }
  }
  return found;
}

// Who holds an exclusive lock on a file, if anybody does.
pid_t holder_of(const fs::path& lock) {
  struct stat status {};
  if (::stat(lock.c_str(), &status) != 0) return 0;
  const auto inode = ":" + std::to_string(status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream fields(line);
    std::string number, kind, advice, access, pid, file;
    fields >> number >> kind >> advice >> access >> pid >> file;
    if (kind == "FLOCK" && access == "WRITE" && file.ends_with(inode)) return std::stoi(pid);
  }
  return 0;
}

fs::path lock_of(const TestProject& project) {
  for (const auto& entry : fs::directory_iterator(project.state_dir())) {
    if (entry.path().extension() == ".lock") return entry.path();
  }
  return {};
}

// As soon as there is a winner, it is killed; it has not begun to serve then.
void kill_the_winner(const TestProject& project) {
  pid_t winner = 0;
  REQUIRE(await([&] { return (winner = holder_of(lock_of(project))) != 0; }));
  ::kill(winner, SIGKILL);
}

// The pid that a starter was told; 0: none.
pid_t pid_in(const std::string& said) {
  const auto at = said.find("(pid ");
  return at == std::string::npos ? 0 : std::stoi(said.substr(at + 5));
}

void leave_a_mess(const TestProject& project) {
  project.haunt();
  const auto pid = project.daemon_pid();
  ::kill(pid, SIGKILL);
  REQUIRE(await_death(pid));
}

// All were told of the same daemon, one of them that it is new.
void check_one_of(const Started& started) {
  std::set<pid_t> told;
  for (const auto& said : started.said) told.insert(pid_in(said));
  CHECK(told.size() == 1);
  CHECK(told.count(0) == 0);
  CHECK(std::count(started.codes.begin(), started.codes.end(), 0) ==
        static_cast<std::ptrdiff_t>(started.codes.size()));
  CHECK(std::count_if(started.said.begin(), started.said.end(),
                      [](const std::string& said) { return said.starts_with("haunting "); }) == 1);
}

}  // namespace

TEST_CASE("of many daemons that are started at once there is one whatever they find") {
  const TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "a.txt", "app")}}});
  const auto link = project.root().parent_path() / "link";
  fs::create_directory_symlink(project.root(), link);
  const int times = rounds(kKinds, 100);
  const int starters = rounds(12, 50);
  std::chrono::steady_clock::duration slowest{};
  for (int number = 0; number < times; ++number) {
    const auto kind = static_cast<Round>(number % kKinds);
    INFO("round " << number);
    if (kind == Round::Stale) leave_a_mess(project);
    Starters all(project, starters, kind == Round::AnotherWay ? link : fs::path());
    all.let_go();
    if (kind == Round::Killed) kill_the_winner(project);
    const auto started = all.await_ends();
    slowest = std::max(slowest, started.took);
    if (kind == Round::Killed) {
      // Who waited for it was told; whoever asks again has one.
      REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
    } else {
      check_one_of(started);
    }
    // The others end as soon as they know that they are not the one.
    REQUIRE(await([&] { return daemons().size() <= 1; }));
    REQUIRE(daemons() == std::vector{project.daemon_pid()});
    REQUIRE(project.run_poltergeist({"stop"}).code == 0);
    // Its lock is free a moment before it is gone.
    REQUIRE(await([&] { return daemons().empty(); }));
  }
  WARN(times << " rounds of " << starters << " starters: one each; the last was answered after "
             << std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count()
             << " ms at most");
}
