// SPDX-License-Identifier: MIT
#include "base/time.h"

#include <cstdio>
#include <ctime>

#include <fmt/compile.h>

namespace poltergeist {

namespace {

constexpr std::size_t kIsoLength = 24;  // 2026-01-31T12:00:00.000Z

}  // namespace

std::string to_iso8601(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto seconds = static_cast<std::time_t>(whole.count());
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  // Compiled, because several of them belong to everything that is written down.
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"), utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     (since_epoch - whole).count());
}

std::optional<WallTime> from_iso8601(std::string_view text) {
  if (text.size() != kIsoLength) return std::nullopt;
  std::tm utc{};
  int milliseconds = 0;
  int used = 0;
  const std::string copy(text);
  const int fields =
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &utc.tm_year, &utc.tm_mon,
                  &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &milliseconds, &used);
  if (fields != 7 || static_cast<std::size_t>(used) != kIsoLength) return std::nullopt;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  const std::time_t seconds = ::timegm(&utc);
  return WallTime(std::chrono::seconds(seconds) + Milliseconds(milliseconds));
}

std::string format_duration(Duration duration) {
  const auto ms = std::chrono::duration_cast<Milliseconds>(duration).count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f}s", static_cast<double>(ms) / 1000.0);
  const auto seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
}

}  // namespace poltergeist
