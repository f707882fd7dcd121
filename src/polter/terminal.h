// SPDX-License-Identifier: MIT
// The terminal that polter was started on, for programs that it starts one after the other: each
// finds it as the first one did.
//
// Who owns the terminal. The program runs in our own process group, as it would if the shell had
// started it. So it reads the keyboard when we are in the foreground; Ctrl+C, Ctrl+\ and Ctrl+Z
// reach it and us at the same time, from the kernel, once each; the window's size as well; and for
// the shell it and we are one job, which stops, continues and goes to the background as a whole. A
// group of its own would need the foreground handed to it, and then nobody could tell that Ctrl+C
// was typed when the program survives it.
#pragma once

#include <termios.h>

#include <functional>
#include <memory>

#include "base/result.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::polter {

class Terminal {
 public:
  // Our controlling terminal as it is now; none if we have none. Callers have SIGTTOU blocked as
  // long as it lives.
  [[nodiscard]] static std::unique_ptr<Terminal> controlling();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  // Takes it back.
  ~Terminal();

  // A program is about to have it.
  void lend() { is_lent_ = true; }
  // When that program is gone: the foreground is ours again if the group that has it is dead, the
  // settings are those of the start, and what full-screen programs switch on is off. Does nothing
  // if it was not lent, and nothing yet while another job has the foreground.
  void take_back();

  // Calls once when the terminal is closed, which the kernel tells by a signal only those whose
  // job has the foreground. Nothing of a terminal that goes on is waited for.
  [[nodiscard]] Result<void> watch_closing(Loop& loop, std::function<void()> on_closed);

 private:
  Terminal(UniqueFd fd, const termios& settings) : fd_(std::move(fd)), settings_(settings) {}

  UniqueFd fd_;
  termios settings_;
  bool is_lent_ = false;
  Loop::Handle closes_;  // after fd_: leaves epoll first
};

}  // namespace poltergeist::polter
