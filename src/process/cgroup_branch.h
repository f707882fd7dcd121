// SPDX-License-Identifier: MIT
// The cgroups that this process makes: a branch `poltergeist-PID-…` below its own cgroup, and on it
// a leaf for each unit. It needs the right to make directories there, as root has it, a service of
// systemd's user manager, or a container with cgroups of its own. We never move ourselves or
// anybody else, and touch no cgroup but these.
//
// A leaf is lent to a unit, whose leader is born in it. Given back as it was, it is lent again: to
// make and remove one costs as much as to start a process. One that is given back with somebody in
// it, what a build leaves on purpose, waits until he is gone. A cgroup `kept` without members says
// of a branch that its owner ended in good order, so that what lives on there is meant to.
//
// The owner holds a lock on the branch's directory, so a branch without one is what somebody left
// who was killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "process/cgroup.h"

namespace poltergeist::process {

class CgroupBranch;

// A cgroup that nobody else is in. Goes back to its branch, which outlives it, on destruction.
class CgroupLeaf {
 public:
  CgroupLeaf() = default;  // none
  CgroupLeaf(CgroupLeaf&& other) noexcept;
  CgroupLeaf& operator=(CgroupLeaf&& other) noexcept;
  CgroupLeaf(const CgroupLeaf&) = delete;
  CgroupLeaf& operator=(const CgroupLeaf&) = delete;
  ~CgroupLeaf() { give_back(); }

  explicit operator bool() const { return static_cast<bool>(cgroup_); }
  [[nodiscard]] const Cgroup& cgroup() const { return cgroup_; }
  // Who was born in it, first.
  void set_leader(pid_t leader);
  // SIGKILL to all of them, as one, where the kernel can.
  void kill();
  // Nobody can be born in it, for this reason (errno). It is none from now on.
  void refuse(int error);

 private:
  friend class CgroupBranch;
  enum class Use { First, Again };
  CgroupLeaf(CgroupBranch& branch, Cgroup cgroup, Use use)
      : branch_(&branch), cgroup_(std::move(cgroup)), use_(use) {}
  void give_back();

  CgroupBranch* branch_ = nullptr;
  Cgroup cgroup_;
  Use use_ = Use::First;
  pid_t leader_ = 0;
  bool is_spent_ = false;  // nobody can be born in it any more (clone_into.h)
};

class CgroupBranch {
 public:
  // Below the cgroup `own`, which this process is in. Errors say why there can be none, for people.
  [[nodiscard]] static Result<std::unique_ptr<CgroupBranch>> create(
      const std::filesystem::path& own);
  CgroupBranch(const CgroupBranch&) = delete;
  CgroupBranch& operator=(const CgroupBranch&) = delete;
  // Removes all of it, but for where somebody still lives.
  ~CgroupBranch();

  // None if none can be had now, or nobody can be born in one.
  [[nodiscard]] CgroupLeaf lend();
  [[nodiscard]] const std::filesystem::path& path() const { return root_.path(); }
  // Why nobody can be born in a leaf; empty: so far everybody was.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  // Whether `child`, of this process, is in one of the leaves, and none of their leaders. The dead
  // stay where they died.
  [[nodiscard]] bool holds_orphan(pid_t child) const;

 private:
  friend class CgroupLeaf;
  explicit CgroupBranch(Cgroup root) : root_(std::move(root)) {}
  void take_back(Cgroup leaf, pid_t leader, bool is_spent);
  void look_at_occupied();

  Cgroup root_;
  std::vector<Cgroup> free_;
  std::vector<Cgroup> occupied_;
  std::set<pid_t> leaders_;
  std::uint64_t made_ = 0;
  std::string trouble_;
};

// Kills whoever lives on a branch whose owner is dead, and removes it. True when nothing is left of
// it; until then, to be called again.
bool end_branch(const std::filesystem::path& branch);
// The same with every branch below `own` whose owner is dead, unless he ended in good order. Waits
// for that, for a second at most. Returns how many processes there were.
std::size_t end_left_branches(const std::filesystem::path& own);

}  // namespace poltergeist::process
