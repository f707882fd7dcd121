// SPDX-License-Identifier: MIT
#include "process/containment.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "base/log.h"
#include "process/pidfd.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

// Enough for a program that forks as fast as it can: each look kills all that it finds, and what is
// found again and again dies on its own time.
constexpr int kMostLooks = 10;

bool reap(pid_t child) {
  siginfo_t info{};
  constexpr int kOptions = WEXITED | WNOHANG;
  return ::waitid(P_PID, static_cast<id_t>(child), &info, kOptions) == 0 && info.si_pid != 0;
}

void await_exit(pid_t pid, Milliseconds at_most) {
  const auto pidfd = open_pidfd(pid);
  if (!pidfd) return;
  pollfd ready{pidfd->get(), POLLIN, 0};
  ::poll(&ready, 1, static_cast<int>(at_most.count()));
}

// A child of ours that has not ended; one that somebody else has reaped has.
bool is_running(pid_t child) {
  siginfo_t info{};
  constexpr int kOptions = WEXITED | WNOHANG | WNOWAIT;
  return ::waitid(P_PID, static_cast<id_t>(child), &info, kOptions) == 0 && info.si_pid == 0;
}

bool is_stop_signal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

Result<void> become_subreaper() {
  if (!can_list_children()) {
    return fail(Errc::Unavailable,
                "/proc does not list the children of processes: mount /proc, and use a kernel with "
                "CONFIG_PROC_CHILDREN");
  }
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail_errno("becoming a subreaper");
  return {};
}

Containment contain(pid_t leader, const UnitMark& mark, bool leads_group, CgroupLeaf leaf) {
  Containment unit;
  unit.leader_ = leader;
  const auto carried = mark_of(leader);
  const auto number = mark.number_for(leader);
  unit.number_ = carried && carried->number == number ? number : 0;
  unit.entry_ = mark.entry();
  unit.leads_group_ = leads_group;
  unit.leaf_ = std::move(leaf);
  if (unit.leaf_) unit.leaf_.set_leader(leader);
  return unit;
}

bool Containment::has_seen(const ProcessId& id) const {
  return std::binary_search(seen_.begin(), seen_.end(), id);
}

// One look at its mark tells; what /proc says of a process takes many times as long.
bool Containment::is_of_another_unit(pid_t child_of_ours) const {
  const auto carried = mark_of(child_of_ours);
  return carried && carried->owner == ::getpid() && carried->number != number_;
}

bool Containment::owns(const ProcessEntry& child_of_ours) const {
  const auto& id = child_of_ours.id;
  if (id.pid == leader_ || has_seen(id)) return true;
  if (number_ == 0) return has_environment_entry(id.pid, entry_);
  const auto carried = mark_of(id.pid);
  return carried && carried->number == number_;
}

std::vector<ProcessEntry> Containment::members() {
  std::vector<ProcessEntry> found;
  const auto add = [&](pid_t pid) {
    auto entry = find_process(pid);
    if (entry && entry->state != ProcessState::Dead && owns(*entry)) {
      found.push_back(*std::move(entry));
    }
  };
  if (leader_ != 0) add(leader_);
  for (const pid_t pid : own_children()) {
    if (pid != leader_ && !is_of_another_unit(pid)) add(pid);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const pid_t parent = found[i].id.pid;
    for (const pid_t pid : children_of(parent)) {
      auto entry = find_process(pid);
      // One whose parent died meanwhile is a child of ours now, and found as such by the next look.
      if (entry && entry->state != ProcessState::Dead && entry->parent == parent) {
        found.push_back(*std::move(entry));
      }
    }
  }
  add_members_of_leaf(found);
  seen_.clear();
  for (const auto& entry : found) seen_.push_back(entry.id);
  std::sort(seen_.begin(), seen_.end());
  return found;
}

Duration Containment::processor_time() {
  if (leaf_) {
    if (const auto used = leaf_.cgroup().processor_time()) return *used;
  }
  Duration used{0};
  for (const auto& member : members()) {
    used += processor_time_of(member.id.pid).value_or(Duration::zero());
  }
  return used;
}

void Containment::add_members_of_leaf(std::vector<ProcessEntry>& found) const {
  if (!leaf_) return;
  std::set<pid_t> known;
  for (const auto& entry : found) known.insert(entry.id.pid);
  for (const pid_t pid : leaf_.cgroup().members()) {
    if (known.contains(pid)) continue;
    auto entry = find_process(pid);
    if (entry && entry->state != ProcessState::Dead) found.push_back(*std::move(entry));
  }
}

bool Containment::leaf_is_empty() const {
  if (!leaf_ || !leaf_.cgroup().is_populated()) return true;
  // Some kernels count the dead for a moment: then there is nobody to wait for.
  std::vector<ProcessEntry> living;
  add_members_of_leaf(living);
  return living.empty();
}

std::size_t Containment::signal_all(int signal) {
  const auto found = members();
  for (const auto& entry : found) {
    if (!signal_process(entry.id, signal) || is_stop_signal(signal)) continue;
    // Looked at after the signal: one that stops between a look and the signal would sleep on it.
    const auto since = find_process(entry.id.pid);
    if (since && since->state == ProcessState::Stopped) signal_process(entry.id, SIGCONT);
  }
  return found.size();
}

void Containment::kill_all() {
  // The cgroup and the group first: the kernel kills each as one, so nobody in it forks away
  // meanwhile.
  if (leaf_) leaf_.kill();
  if (leads_group_ && leader_ != 0) ::kill(-leader_, SIGKILL);
  for (int look = 0; look < kMostLooks; ++look) {
    const auto before = seen_;
    bool is_new = false;
    for (const auto& entry : members()) {
      signal_process(entry.id, SIGKILL);
      is_new = is_new || !std::binary_search(before.begin(), before.end(), entry.id);
    }
    if (!is_new) return;
  }
}

bool Containment::is_empty() {
  if (leader_ != 0 && is_running(leader_)) return false;
  if (!leaf_is_empty()) return false;
  // From here on what it left is ours. Only we reap our children, so whoever hangs below us hangs
  // below an entry of this list, be it a zombie by now: then its children are ours already, and one
  // more look shows them.
  while (true) {
    bool reaped = false;
    for (const pid_t pid : own_children()) {
      if (pid == leader_ || is_of_another_unit(pid)) continue;
      const auto entry = find_process(pid);
      if (!entry || !owns(*entry)) continue;
      if (entry->state != ProcessState::Dead) return false;
      reaped = reap(pid) || reaped;
    }
    if (!reaped) return true;
  }
}

bool Containment::kill_and_await(Duration at_most) {
  const Instant until = now() + at_most;
  constexpr Milliseconds kLookAgain{50};
  while (!is_empty()) {
    kill_all();
    const auto left = members();
    if (left.empty()) continue;
    if (now() >= until) {
      log_error("process {} ({}) is still there after SIGKILL", left.front().id.pid,
                left.front().name);
      return false;
    }
    await_exit(left.front().id.pid, kLookAgain);
  }
  return true;
}

std::size_t reap_orphans(const CgroupBranch* branch) {
  std::size_t reaped = 0;
  const pid_t self = ::getpid();
  for (const pid_t pid : own_children()) {
    const auto mark = mark_of(pid);
    // The leaders of our units are their Child's to reap.
    if (mark && mark->owner == self && mark->leader == pid) continue;
    const auto entry = find_process(pid);
    if (!entry || entry->state != ProcessState::Dead) continue;
    // What carries no mark and is in none of our cgroups was not started here.
    if (!mark && (branch == nullptr || !branch->holds_orphan(pid))) continue;
    if (reap(pid)) ++reaped;
  }
  return reaped;
}

}  // namespace poltergeist::process
