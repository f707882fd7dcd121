// SPDX-License-Identifier: MIT
#include "process/sweep.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <vector>

#include "base/text.h"
#include "process/pidfd.h"
#include "process/process_table.h"
#include "process/unit_mark.h"

namespace poltergeist::process {

namespace {

// Somebody who forks faster than we look is caught in a later look; nobody keeps that up for ever.
constexpr int kMostSweeps = 100;

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    if (const auto pid = parse_number(entry.path().filename().string())) {
      pids.push_back(static_cast<pid_t>(*pid));
    }
  }
  return pids;
}

bool descends_from(pid_t pid, pid_t ancestor) {
  std::set<pid_t> seen;  // a pid that is used again meanwhile could close a ring
  while (pid > 1 && seen.insert(pid).second) {
    const auto entry = find_process(pid);
    if (!entry) return false;
    if (entry->parent == ancestor) return true;
    pid = entry->parent;
  }
  return false;
}

}  // namespace

std::size_t kill_units_of(pid_t owner) {
  std::set<ProcessId> killed;
  for (int look = 0; look < kMostSweeps; ++look) {
    bool is_news = false;
    for (const auto pid : all_processes()) {
      const auto mark = mark_of(pid);
      if (!mark || mark->owner != owner || pid == ::getpid()) continue;
      const auto entry = find_process(pid);
      if (!entry || entry->state == ProcessState::Dead || descends_from(pid, owner)) continue;
      if (!signal_process(entry->id, SIGKILL)) continue;  // not ours to end
      is_news |= killed.insert(entry->id).second;
    }
    if (!is_news) break;
  }
  return killed.size();
}

}  // namespace poltergeist::process
