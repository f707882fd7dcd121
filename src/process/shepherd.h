// SPDX-License-Identifier: MIT
// Stands beside this process and waits for its end: a process of its own that ends what is left of
// our units if we are killed, by whatever signal. Found by their cgroups (cgroup_branch.h), where
// there are any, and by their marks (sweep.h), so that also those are ended that have a session of
// their own or no parent any more.
//
// It carries the mark of a unit of ours that is nothing but itself: it is no part of any other,
// also not of one that we belong to, and whoever inherits it knows it for an orphan.
//
// It is asleep until then: it costs no processor time, and of memory what a fork touches.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Shepherd {
 public:
  // Forks. When this returns, the copy holds nothing of ours open, has a session of its own, and no
  // signal but SIGKILL ends it. `branch` is that of our cgroups; empty: we have none.
  [[nodiscard]] static Result<Shepherd> start(const std::filesystem::path& branch = {});
  Shepherd(Shepherd&&) noexcept = default;
  Shepherd& operator=(Shepherd&&) = delete;
  // Tells it that we end in good order: what of our units lives on then, such as a compiler's
  // server, is meant to. Waits for its end.
  ~Shepherd();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable when somebody has ended it.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

 private:
  Shepherd(pid_t pid, UniqueFd pidfd, UniqueFd leash);

  pid_t pid_;
  UniqueFd pidfd_;
  UniqueFd leash_;  // one byte through it says that all is in order
};

}  // namespace poltergeist::process
