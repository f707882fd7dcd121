// SPDX-License-Identifier: MIT
// A unit: a program that we started (its leader) and everything that came of it, also what left its
// process group or session, closed its descriptors or cleaned its environment.
//
// How members are found. This process is a subreaper: whoever in a unit loses its parent becomes
// our own child. So every living member hangs below a child of ours, and the kernel's lists of
// children lead to all of them. Which unit an adopted child belongs to is known from the mark that
// it inherited (unit_mark.h), or from having been seen below the unit before. Where the unit has a
// cgroup (cgroup_branch.h) the kernel keeps a second list, which nobody gets off by any of that,
// and kills all who are on it as one; a member is who is found by either.
//
// Nobody is signalled by number alone: a process is (pid, start time), signals go through a pidfd
// that was checked to be of that start time, and the leader and its group are known by their number
// only while the leader is unreaped.
//
// Out of reach is what another manager starts on a program's behalf (docker, systemd-run, a tmux
// server).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "process/cgroup_branch.h"
#include "process/process_table.h"
#include "process/unit_mark.h"

namespace poltergeist::process {

// Makes this process the one that orphaned descendants are re-parented to. Once, before the first
// unit starts. Errc::Unavailable if the kernel cannot list children (CONFIG_PROC_CHILDREN).
[[nodiscard]] Result<void> become_subreaper();

class Containment {
 public:
  Containment() = default;

  // Everything of the unit that lives now, the leader first, parents before their children.
  // Remembers them.
  [[nodiscard]] std::vector<ProcessEntry> members();
  // What the unit has used, counted from anywhere: the difference of two looks is what was used
  // between them, as far as those who did it live or were waited for by one who does.
  [[nodiscard]] Duration processor_time();
  // Sends a signal to each of them, once, and SIGCONT to those that are stopped, so that they can
  // act on it. Returns how many there were.
  std::size_t signal_all(int signal);
  // SIGKILL to all, until a look finds nobody new. They may take a moment to be gone.
  void kill_all();
  // Reaps what died of the unit, except the leader, and says whether nothing but the leader's
  // zombie is left: only ever true when it is so.
  [[nodiscard]] bool is_empty();
  // The number of the leader, and of its group, may be used again from now on.
  void forget_leader() { leader_ = 0; }
  // kill_all() until is_empty(), for at most `at_most`. Blocks: for destructors.
  bool kill_and_await(Duration at_most);

 private:
  friend Containment contain(pid_t leader, const UnitMark& mark, bool leads_group, CgroupLeaf leaf);
  [[nodiscard]] bool is_of_another_unit(pid_t child_of_ours) const;
  [[nodiscard]] bool has_seen(const ProcessId& id) const;
  [[nodiscard]] bool owns(const ProcessEntry& child_of_ours) const;
  void add_members_of_leaf(std::vector<ProcessEntry>& found) const;
  [[nodiscard]] bool leaf_is_empty() const;

  pid_t leader_ = 0;          // its own number as long as nobody has reaped it
  std::uint64_t number_ = 0;  // of the mark; 0: the leader could not set it
  std::string entry_;
  bool leads_group_ = false;
  CgroupLeaf leaf_;
  std::vector<ProcessId> seen_;  // sorted; as of the latest look
};

// The unit of a process that was just started with `mark`, in `leaf` if that is one, and is not
// reaped yet.
[[nodiscard]] Containment contain(pid_t leader, const UnitMark& mark, bool leads_group,
                                  CgroupLeaf leaf = {});

// Reaps every dead process that was orphaned to us and is the leader of none of our units, which
// are known by their marks and by `branch`, if there is one. Returns how many.
std::size_t reap_orphans(const CgroupBranch* branch = nullptr);

}  // namespace poltergeist::process
