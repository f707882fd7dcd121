// SPDX-License-Identifier: MIT
// Signals as events. Block them first, before anything else exists that could inherit the mask;
// children get an empty mask and default handlers from the process room.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/result.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist {

// Whether whoever started us had it ignored, as nohup does with SIGHUP. One that is blocked arrives
// all the same.
[[nodiscard]] bool is_ignored(int signal);

// What becomes of a signal that came while it was blocked and that nobody has read.
enum class Unread { Delivered, Discarded };

// Blocks these signals for as long as it lives, then restores the mask that was there before.
class BlockedSignals {
 public:
  explicit BlockedSignals(std::initializer_list<int> signals, Unread unread = Unread::Delivered);
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();

 private:
  sigset_t set_;
  sigset_t before_{};
  Unread unread_;
};

struct ArrivedSignal {
  int number = 0;
  // Typed at the terminal (si_code is SI_KERNEL) rather than sent by a process: then the whole
  // foreground group got it already.
  bool from_terminal = false;
};

// Delivers blocked signals to the loop, one call each.
class SignalSource {
 public:
  using OnSignal = std::function<void(ArrivedSignal)>;
  [[nodiscard]] static Result<std::unique_ptr<SignalSource>> create(
      Loop& loop, std::initializer_list<int> signals, OnSignal on_signal);

  // Whether one has come that the loop has not delivered yet.
  [[nodiscard]] bool has_unread() const;

 private:
  SignalSource(std::initializer_list<int> signals, UniqueFd fd)
      : blocked_(signals), fd_(std::move(fd)) {}
  void read_all(const OnSignal& on_signal);

  BlockedSignals blocked_;
  UniqueFd fd_;
  Loop::Handle readable_;
};

}  // namespace poltergeist
