// SPDX-License-Identifier: MIT
// What outlives its unit: orphans that a build leaves on purpose (a compiler cache's server) are
// reaped when they die, and pipes that they still write to are read, so that they are not killed by
// SIGPIPE. One per process, made before the first unit and gone after the last. Blocks SIGCHLD
// while it lives.
#pragma once

#include <list>
#include <memory>

#include "base/result.h"
#include "process/line_pump.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Orphanage {
 public:
  // Makes this process a subreaper (containment.h). The loop must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Orphanage>> create(Loop& loop);
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }
  // Reads and forgets what still comes through `pipe`, until its last writer is gone.
  void keep_reading(UniqueFd pipe);

 private:
  explicit Orphanage(Loop& loop) : loop_(loop) {}

  Loop& loop_;
  std::unique_ptr<SignalSource> child_died_;
  std::list<std::unique_ptr<OutputPump>> late_;
};

}  // namespace poltergeist::process
