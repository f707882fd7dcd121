// SPDX-License-Identifier: MIT
// How a process ended: by itself with a code, or by a signal. A value; the process room makes it,
// the cores decide by it.
#pragma once

#include <string>

#include <fmt/format.h>

#include "base/signal_names.h"

namespace poltergeist {

struct Exit {
  enum class Kind { Code, Signal };
  Kind kind = Kind::Code;
  int number = 0;  // the code (0–255), or the signal

  [[nodiscard]] static constexpr Exit by_code(int code) { return {Kind::Code, code}; }
  [[nodiscard]] static constexpr Exit by_signal(int signal) { return {Kind::Signal, signal}; }

  [[nodiscard]] constexpr bool ok() const { return kind == Kind::Code && number == 0; }
  // What a shell's `$?` says: the code, or 128 + the signal.
  [[nodiscard]] constexpr int shell_code() const {
    constexpr int kSignalBase = 128;
    return kind == Kind::Code ? number : kSignalBase + number;
  }
  // "exit 3", "SIGKILL".
  [[nodiscard]] std::string text() const {
    return kind == Kind::Code ? fmt::format("exit {}", number) : signal_name(number);
  }

  friend constexpr bool operator==(const Exit&, const Exit&) = default;
};

}  // namespace poltergeist
