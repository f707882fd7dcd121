// SPDX-License-Identifier: MIT
// A unit: a program that we started (its leader) and everything that came of it, also what left its
// process group or session, closed its descriptors or cleaned its environment.
//
// How members are found. This process is a subreaper: whoever in a unit loses its parent becomes
// our own child. So every living member hangs below a child of ours, and the kernel's lists of
// children
// (/proc/PID/task/TID/children) lead to all of them. Which unit an adopted child belongs to is
// known from marks that are inherited and survive exec: the soft limit RLIMIT_RTTIME, which holds a
// number that only this unit has (the limit means nothing to programs without real-time scheduling,
// and `env -i` does not touch it), and POLTERGEIST_UNIT in the environment where limits cannot be
// set; or from having been seen below the unit before.
//
// Nobody is signalled by number alone: a process is (pid, start time), signals go through a pidfd
// that was checked to be of that start time, and the group is signalled only while its leader is
// unreaped.
//
// Out of reach is what another manager starts on a program's behalf (docker, systemd-run, a tmux
// server).
//
// contain() is the one place that decides how a unit is contained. A process of its own per unit,
// which takes the unit down when this process is killed, belongs there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace poltergeist::process {

// Makes this process the one that orphaned descendants are re-parented to. Once, before the first
// unit starts. Errc::Unavailable if the kernel cannot list children (CONFIG_PROC_CHILDREN).
[[nodiscard]] Result<void> become_subreaper();

// One process, for all time: a pid alone is used again.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot

  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
};

// What a member of a unit inherits, for us to know it by.
struct UnitMark {
  std::uint64_t number = 0;  // in RLIMIT_RTTIME; 0: none
  std::string entry;         // "POLTERGEIST_UNIT=…"
};

class Containment {
 public:
  Containment() = default;

  // Everything of the unit that lives now, parents before children, the leader first. Remembers
  // them.
  [[nodiscard]] std::vector<ProcessId> members();
  // Sends a signal to each of them, once, then SIGCONT, so that a stopped program can act on it.
  // Returns how many there were.
  std::size_t signal_all(int signal);
  // SIGKILL to all, until a look finds nobody new. They may take a moment to be gone.
  void kill_all();
  // Reaps what died of the unit, except the leader, and says whether nothing but the leader's
  // zombie is left: only ever true when it is so.
  [[nodiscard]] bool is_empty();
  // kill_all() until is_empty(), for at most `at_most`. Blocks: for destructors.
  bool kill_and_await(Duration at_most);

  [[nodiscard]] pid_t leader() const { return leader_; }

 private:
  friend Containment contain(pid_t leader, UnitMark mark, bool leads_group);

  pid_t leader_ = 0;
  UnitMark mark_;
  bool leads_group_ = false;
  std::vector<ProcessId> seen_;  // sorted; as of the latest look
};

// The unit of a process that was just started with `mark`.
[[nodiscard]] Containment contain(pid_t leader, UnitMark mark, bool leads_group);

// Reaps every dead process that was orphaned to us and is the leader of none of our units. Returns
// how many.
std::size_t reap_orphans();

}  // namespace poltergeist::process
