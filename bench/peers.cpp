// SPDX-License-Identifier: MIT
// From a saved file to the first instruction of the command, beside the other programs of this kind
// that are installed here, each with the settings that it comes with. Every one has a tree of its
// own and they take turns, so that the machine's moods meet all of them. Prints a table for each
// size of tree.
//
//   peers [ROUNDS] [FILES DIRECTORIES]     default: 100 rounds; 100 files in 10, and 100,000 in
//   10,000
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "measure.h"
#include "support/test_project.h"
#include "support/watchman.h"

namespace {

using namespace poltergeist::bench;
using poltergeist::test::Call;
using poltergeist::test::Program;
using poltergeist::test::TestProject;
using poltergeist::test::Watchman;
using Json = nlohmann::json;
namespace fs = std::filesystem;

struct Size {
  int files;
  int directories;
};

// Runs until it goes: a program that watches the tree of `project` and runs a stamp after each save
// there.
class Peer {
 public:
  Peer(std::string name, Size size) : name_(std::move(name)) {
    for (int d = 0; d < size.directories; ++d) {
      const auto directory = project.root() / fmt::format("src/d{}/e{}", d / 100, d % 100);
      fs::create_directories(directory);
      for (int f = 0; f < size.files / size.directories; ++f)
        touch(directory / fmt::format("f{}.c", f));
    }
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] fs::path directory() const { return project.root() / "src/d0/e0"; }

  void run_in_shell(const std::string& command) {
    program_.emplace(
        Call{.argv = {"/bin/sh", "-c", "exec >/dev/null 2>&1; " + command}, .cwd = project.root()});
  }

  // False if no save sets anything off within two minutes.
  [[nodiscard]] bool is_awake() const {
    const auto began = monotonic_ns();
    while (monotonic_ns() - began < 120'000'000'000) {
      if (stamps.after(save(), 500)) return true;
    }
    return false;
  }
  void take_turn() {
    while (stamps.after(0, 20)) {  // a command that ran twice
    }
    if (const auto time = stamps.after(save(), 2000)) {
      times.push_back(*time);
    } else {
      ++missed;
    }
  }

  TestProject project;
  Stamps stamps{project.state_dir().parent_path() / "fifo"};
  std::unique_ptr<Watchman> watchman;
  std::vector<double> times;
  int missed = 0;

 private:
  static void touch(const fs::path& file) {
    ::close(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  }
  // In place, for not all of them see a file that takes another's name.
  [[nodiscard]] std::int64_t save() const {
    const auto file = directory() / "f0.c";
    const auto since = monotonic_ns();
    const int fd = ::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (::write(fd, &since, sizeof since) != sizeof since) std::abort();
    ::close(fd);
    return since;
  }

  std::string name_;
  std::optional<Program> program_;
};

struct Kind {
  const char* name;
  const char* program;  // that has to be installed; nullptr: ours
  std::function<void(Peer&)> start;
};

void haunt(Peer& peer, const Json& watcher) {
  peer.project.configure({{"watcher", watcher},
                          {"targets",
                           {{{"name", "app"},
                             {"type", "custom"},
                             {"buildCommand", peer.stamps.command()},
                             {"watchPaths", {"src/**/*.c"}}}}}});
  peer.project.haunt();
}

void set_trigger(Peer& peer) {
  peer.watchman = std::make_unique<Watchman>();
  const auto root = peer.project.root().string();
  const auto ask = [&](const Json& request) {
    const auto ran = poltergeist::test::run(
        {.argv = {"watchman", "--sockname=" + peer.watchman->socket().string(), "--no-spawn", "-j"},
         .in = request.dump()});
    if (ran.code != 0) fmt::print(stderr, "watchman: {}{}\n", ran.out, ran.err);
  };
  ask({"watch", root});
  ask({"trigger",
       root,
       {{"name", "stamp"},
        {"expression", {"suffix", "c"}},
        {"append_files", false},
        {"command", {"/bin/sh", "-c", peer.stamps.command()}}}});
}

std::vector<Kind> kinds() {
  const auto shell = [](const std::string& command) {
    return [command](Peer& peer) {
      peer.run_in_shell(fmt::format(fmt::runtime(command), peer.stamps.command()));
    };
  };
  return {
      {"bare inotify loop, one directory", nullptr,
       [](Peer& peer) {
         peer.run_in_shell(fmt::format("exec {} {} '{}'", BARE_LOOP_PROGRAM,
                                       peer.directory().string(), peer.stamps.command()));
       }},
      {"Poltergeist, settlingDelay 0", nullptr,
       [](Peer& peer) {
         haunt(peer, {{"settlingDelay", 0}});
       }},
      {"Poltergeist", nullptr, [](Peer& peer) { haunt(peer, Json::object()); }},
      {"entr", "entr", shell("find src -name '*.c' | entr -np {}")},
      {"inotifywait and a shell loop", "inotifywait",
       shell("inotifywait -mqr -e close_write -e moved_to src | while read -r line; do {}; done")},
      {"Watchman trigger", "watchman", set_trigger},
      {"reflex", "reflex", shell("exec reflex -r '[.]c$' -- {}")},
      {"nodemon", "nodemon", shell("exec nodemon --watch src --ext c --exec '{}'")},
      {"watchexec", "watchexec", shell("exec watchexec -p -e c -- {}")},
  };
}

bool is_installed(const char* program) {
  return program == nullptr ||
         poltergeist::test::run({.argv = {"/bin/sh", "-c", fmt::format("command -v {}", program)}})
                 .code == 0;
}

void compare(Size size, int rounds) {
  fmt::print("{} files in {} directories, {} rounds\n\n", size.files, size.directories, rounds);
  row({"", "p50", "p99", "p50 / bare", "p99 / bare", "saves that nothing followed"});
  row({"---", "---", "---", "---", "---", "---"});
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<std::string> missing;
  for (const auto& kind : kinds()) {
    if (!is_installed(kind.program)) {
      missing.emplace_back(kind.program);
      continue;
    }
    auto peer = std::make_unique<Peer>(kind.name, size);
    kind.start(*peer);
    if (peer->is_awake()) {
      peers.push_back(std::move(peer));
    } else {
      row({kind.name, "watched nothing within two minutes", "", "", "", ""});
    }
  }
  for (int round = 0; round < rounds; ++round) {
    for (const auto& peer : peers) peer->take_turn();
  }
  const auto& bare = peers.front()->times;
  for (const auto& peer : peers) {
    if (peer->times.empty()) {
      row({peer->name(), "", "", "", "", std::to_string(peer->missed)});
      continue;
    }
    const auto p50 = median(peer->times);
    const auto p99 = percentile(peer->times, 0.99);
    row({peer->name(), fmt::format("{:.2f} ms", p50), fmt::format("{:.2f} ms", p99),
         fmt::format("{:.2f} ×", p50 / median(bare)),
         fmt::format("{:.2f} ×", p99 / percentile(bare, 0.99)), std::to_string(peer->missed)});
  }
  if (!missing.empty()) fmt::print("\nnot installed here: {}\n", fmt::join(missing, ", "));
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(20, std::atoi(argv[1])) : 100;
  if (argc > 3) {
    compare(
        {.files = std::max(1, std::atoi(argv[2])), .directories = std::max(1, std::atoi(argv[3]))},
        rounds);
    return 0;
  }
  compare({.files = 100, .directories = 10}, rounds);
  compare({.files = 100'000, .directories = 10'000}, rounds);
}
