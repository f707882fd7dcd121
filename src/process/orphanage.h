// SPDX-License-Identifier: MIT
// What outlives its unit: orphans that a build leaves on purpose (a compiler cache's server) are
// reaped when they die, and pipes that they still write to are read, so that they are not killed by
// SIGPIPE. What must not outlive us is the shepherd's, which stands beside us as long as this
// lives. Units begin in cgroups of their own where that can be. One per process, made before the
// first unit and gone after the last. Blocks SIGCHLD while it lives.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <optional>

#include "base/result.h"
#include "process/cgroup_branch.h"
#include "process/line_pump.h"
#include "process/memory_shortage.h"
#include "process/shepherd.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Orphanage {
 public:
  // Makes this process a subreaper (containment.h), and forks. The loop must outlive it. `cgroup`
  // is the one below which those of units are made, or why there is none.
  [[nodiscard]] static Result<std::unique_ptr<Orphanage>> create(
      Loop& loop, const Result<std::filesystem::path>& cgroup = own_cgroup());
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] pid_t shepherd() const { return shepherd_ ? shepherd_->pid() : 0; }  // 0: none
  // A cgroup for one more unit; none where that cannot be.
  [[nodiscard]] CgroupLeaf lend_leaf() { return branch_ ? (*branch_)->lend() : CgroupLeaf(); }
  // Where these are, or why there are none.
  [[nodiscard]] Result<std::filesystem::path> cgroup() const;
  // How often memory ran out so far: an end by SIGKILL may be of that.
  [[nodiscard]] MemoryKills& memory_kills() { return memory_kills_; }
  // Reads and forgets what still comes through `pipe`, until its last writer is gone.
  void keep_reading(UniqueFd pipe);

 private:
  Orphanage(Loop& loop, Result<std::unique_ptr<CgroupBranch>> branch)
      : loop_(loop), branch_(std::move(branch)) {}
  [[nodiscard]] Result<void> start_shepherd();
  void on_shepherd_gone();
  void replace_shepherd();

  Loop& loop_;
  MemoryKills memory_kills_;
  Result<std::unique_ptr<CgroupBranch>> branch_;
  std::optional<Shepherd> shepherd_;
  Instant shepherd_began_;
  Loop::Handle shepherd_ends_;
  Milliseconds shepherd_pause_{0};  // before the next one
  Loop::Handle shepherd_follows_;
  std::unique_ptr<SignalSource> child_died_;
  std::list<std::unique_ptr<OutputPump>> late_;
};

}  // namespace poltergeist::process
