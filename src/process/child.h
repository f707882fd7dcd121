// SPDX-License-Identifier: MIT
// A started program, owned: whoever holds the Child is the only one who reaps it, and a Child that
// goes out of scope takes its whole unit with it. The pid stays the child's own until reap(),
// because an unreaped process keeps its number and that of its group.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/exit.h"
#include "base/time.h"
#include "process/containment.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Child {
 public:
  // What spawn() knows of the process that it started.
  struct Parts {
    pid_t pid = 0;
    UniqueFd pidfd;
    UniqueFd out;  // the read end of its stdout, if that is a pipe; non-blocking
    UniqueFd err;
    Containment containment;
    bool independent = false;
  };
  explicit Child(Parts parts) : parts_(std::move(parts)) {}
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills and reaps what is left of the unit; an Independent child is let go instead.
  ~Child();

  [[nodiscard]] pid_t pid() const { return parts_.pid; }
  // Readable when the process has exited.
  [[nodiscard]] int pidfd() const { return parts_.pidfd.get(); }
  [[nodiscard]] UniqueFd take_out() { return std::move(parts_.out); }
  [[nodiscard]] UniqueFd take_err() { return std::move(parts_.err); }
  // The unit that it leads.
  [[nodiscard]] Containment& containment() { return parts_.containment; }

  // How it ended, if it has. It stays a zombie, which keeps its pid and group from being used
  // again.
  [[nodiscard]] std::optional<Exit> peek() const;
  // Waits for its end and frees its pid; the same answer each time.
  Exit reap();
  [[nodiscard]] bool is_reaped() const { return ended_.has_value(); }
  // The signal that stopped it (Ctrl+Z), once per stop.
  [[nodiscard]] std::optional<int> take_stop();

 private:
  void give_up();

  Parts parts_;
  std::optional<Exit> ended_;  // set by reap()
};

}  // namespace poltergeist::process
