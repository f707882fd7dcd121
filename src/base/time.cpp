// SPDX-License-Identifier: MIT
#include "base/time.h"

#include <cstdio>
#include <ctime>

#include <fmt/format.h>

namespace poltergeist {

namespace {

constexpr std::size_t kIsoLength = 24;  // 2026-01-31T12:00:00.000Z

void put_digits(std::string& text, std::size_t at, std::size_t count, long value) {
  for (std::size_t i = at + count; i > at; --i) {
    text[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

// By hand, because several of them belong to everything that is written down: with gmtime_r() and
// fmt they were 2 % of what a task costs the daemon.
std::string to_iso8601(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  std::string text("0000-00-00T00:00:00.000Z");
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, clock.hours().count());
  put_digits(text, 14, 2, clock.minutes().count());
  put_digits(text, 17, 2, clock.seconds().count());
  put_digits(text, 20, 3, clock.subseconds().count());
  return text;
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
