// SPDX-License-Identifier: MIT
// What the tests of this room share: the chaos program, a loop with an orphanage, and ways to wait
// for what happens. Every wait has a limit that only a failure reaches.
#pragma once

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "process/environment.h"
#include "process/orphanage.h"
#include "process/process_table.h"
#include "process/spawn.h"
#include "process/unit.h"
#include "process/unit_mark.h"
#include "support/rounds.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace poltergeist::process {

using test::rounds;

inline constexpr Seconds kNeverSoLong{20};

inline SpawnPlan chaos(std::vector<std::string> arguments) {
  SpawnPlan plan;
  plan.argv = {POLTERGEIST_BINARY_DIR "/tests/process/chaos"};
  plan.argv.insert(plan.argv.end(), arguments.begin(), arguments.end());
  plan.env = own_environment();
  plan.out = Stream::pipe();
  plan.in_cgroup = true;
  return plan;
}

inline SpawnPlan shell(const std::string& line) {
  SpawnPlan plan = chaos({});
  plan.argv = {"/bin/sh", "-c", line};
  return plan;
}

inline bool is_readable(int fd, Milliseconds at_most = kNeverSoLong) {
  pollfd ready{fd, POLLIN, 0};
  return ::poll(&ready, 1, static_cast<int>(at_most.count())) == 1;
}

// Everything up to the end of the file, or up to the end of the line that `until` ends.
inline std::string read_until(int fd, const std::string& until = "") {
  std::string text;
  std::array<char, 4096> buffer{};
  while (is_readable(fd)) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (!until.empty() && text.find(until) != std::string::npos) return text;
  }
  return text + "(nothing more came)";
}

inline bool is_alive(pid_t pid) {
  const auto entry = find_process(pid);
  return entry && entry->state != ProcessState::Dead;
}

// The children of a process, but for the shepherd that stands beside it.
inline std::vector<pid_t> children_without_shepherd(pid_t pid = ::getpid()) {
  auto children = children_of(pid);
  std::erase_if(children, [&](pid_t child) {
    const auto entry = find_process(child);
    const auto mark = mark_of(child);
    return entry && entry->name == "polter-shepherd" && mark && mark->owner == pid;
  });
  return children;
}

// Whoever hangs below this process: with it as a subreaper, everybody whom it ever started and who
// lives; but for the shepherds.
inline std::vector<std::string> everyone_below(pid_t pid = ::getpid()) {
  std::vector<std::string> names;
  for (const pid_t child : children_without_shepherd(pid)) {
    const auto entry = find_process(child);
    if (entry) names.push_back(entry->name + " " + std::to_string(child));
    for (auto& name : everyone_below(child)) names.push_back(std::move(name));
  }
  return names;
}

// Waits until nobody hangs below this process, and reaps whom it was left by one that it forked.
inline bool are_all_gone() {
  const Instant until = now() + kNeverSoLong;
  while (!everyone_below().empty()) {
    if (now() >= until) return false;
    if (::waitpid(-1, nullptr, WNOHANG) <= 0) ::poll(nullptr, 0, 1);
  }
  return true;
}

enum class Cgroups { No, WherePossible };

inline Result<std::filesystem::path> place_for(Cgroups cgroups) {
  if (cgroups == Cgroups::WherePossible) return own_cgroup();
  return fail(Errc::Unavailable, "not wanted");
}

// A loop, and units on it.
struct World {
  explicit World(Cgroups cgroups = Cgroups::WherePossible) : World(place_for(cgroups)) {}
  explicit World(const Result<std::filesystem::path>& cgroup)
      : orphanage(Orphanage::create(*loop, cgroup).value()) {}

  std::unique_ptr<Loop> loop = Loop::create().value();
  std::unique_ptr<Orphanage> orphanage;

  // False if it took longer than anything takes.
  bool run_until(const std::function<bool()>& done) const {
    bool is_late = false;
    const auto guard = loop->at(now() + kNeverSoLong, "too late", [&] { is_late = true; });
    loop->run_until([&] { return is_late || done(); });
    return !is_late;
  }
};

// A unit whose events are kept.
struct Watched {
  std::unique_ptr<Unit> unit;
  std::string output;
  std::vector<std::string> lines;
  std::vector<Exit> exits;
  int gone = 0;
  std::string order;  // e for exited, g for gone

  Watched(const World& world, const SpawnPlan& plan, Leftovers leftovers) {
    UnitEvents events;
    events.bytes = [this](Source, std::string_view bytes) { output += bytes; };
    events.line = [this](Source, const Line& line) { lines.emplace_back(line.text); };
    events.exited = [this](Exit exit) {
      exits.push_back(exit);
      order += 'e';
    };
    events.gone = [this] {
      ++gone;
      order += 'g';
    };
    unit = Unit::start(*world.orphanage, plan, leftovers, "a test", std::move(events)).value();
  }
  [[nodiscard]] bool has_said(std::string_view text) const {
    return output.find(text) != std::string::npos;
  }
  [[nodiscard]] bool is_gone() const { return gone > 0; }
  [[nodiscard]] bool has_exited() const { return !exits.empty(); }
};

}  // namespace poltergeist::process
