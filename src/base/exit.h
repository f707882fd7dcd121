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
  // Who sent a SIGKILL that was not ours.
  enum class Killer {
    Unknown,
    Memory,   // the kernel, because memory ran out
    Somebody  // anybody else
  };
  Kind kind = Kind::Code;
  int number = 0;  // the code (0–255), or the signal
  Killer killer = Killer::Unknown;

  [[nodiscard]] static constexpr Exit by_code(int code) { return {Kind::Code, code}; }
  [[nodiscard]] static constexpr Exit by_signal(int signal) { return {Kind::Signal, signal}; }

  [[nodiscard]] constexpr bool ok() const { return kind == Kind::Code && number == 0; }
  // What a shell's `$?` says: the code, or 128 + the signal.
  [[nodiscard]] constexpr int shell_code() const {
    constexpr int kSignalBase = 128;
    return kind == Kind::Code ? number : kSignalBase + number;
  }
  // "exit 3", "SIGSEGV", "SIGKILL because memory ran out".
  [[nodiscard]] std::string text() const {
    return (kind == Kind::Code ? fmt::format("exit {}", number) : signal_name(number))
        .append(killer_text());
  }
  // What text() ends with: whose doing it was, where that is known.
  [[nodiscard]] constexpr const char* killer_text() const {
    switch (killer) {
      case Killer::Memory:
        return " because memory ran out";
      case Killer::Somebody:
        return " from somebody else";
      case Killer::Unknown:
        break;
    }
    return "";
  }

  // The same end, whoever brought it about.
  friend constexpr bool operator==(const Exit& a, const Exit& b) {
    return a.kind == b.kind && a.number == b.number;
  }
};

}  // namespace poltergeist
