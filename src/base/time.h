// SPDX-License-Identifier: MIT
// Two kinds of time that do not mix: Instant for how long something takes (monotonic, never jumps),
// WallTime for what is written down and shown. Logic is given both as parameters; sys/clock.h reads
// them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace poltergeist {

using Duration = std::chrono::nanoseconds;
using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

// "2026-01-31T12:00:00.000Z": ISO 8601, UTC, milliseconds.
[[nodiscard]] std::string to_iso8601(WallTime time);
// Reads what to_iso8601 writes; nothing for anything else.
[[nodiscard]] std::optional<WallTime> from_iso8601(std::string_view text);

// For people: "12ms", "1.4s", "2m 5s".
[[nodiscard]] std::string format_duration(Duration duration);

// The earlier of two deadlines, either of which may be absent.
[[nodiscard]] inline std::optional<Instant> earlier(std::optional<Instant> a,
                                                    std::optional<Instant> b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

}  // namespace poltergeist
