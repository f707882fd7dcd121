// SPDX-License-Identifier: MIT
// What outlives its unit: orphans that a build leaves on purpose (a compiler cache's server) are
// reaped when they die, and pipes that they still write to are read, so that they are not killed by
// SIGPIPE. What must not outlive us is the shepherd's, which stands beside us as long as this
// lives. One per process, made before the first unit and gone after the last. Blocks SIGCHLD while
// it lives.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "base/result.h"
#include "process/line_pump.h"
#include "process/shepherd.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Orphanage {
 public:
  // Makes this process a subreaper (containment.h), and forks. The loop must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Orphanage>> create(Loop& loop);
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] pid_t shepherd() const { return shepherd_ ? shepherd_->pid() : 0; }  // 0: none
  // Reads and forgets what still comes through `pipe`, until its last writer is gone.
  void keep_reading(UniqueFd pipe);

 private:
  explicit Orphanage(Loop& loop) : loop_(loop) {}
  [[nodiscard]] Result<void> start_shepherd();
  void on_shepherd_gone();

  Loop& loop_;
  std::optional<Shepherd> shepherd_;
  Instant shepherd_began_;
  Loop::Handle shepherd_ends_;
  std::unique_ptr<SignalSource> child_died_;
  std::list<std::unique_ptr<OutputPump>> late_;
};

}  // namespace poltergeist::process
