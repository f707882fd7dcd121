// SPDX-License-Identifier: MIT
#include "build/progress.h"

#include <algorithm>
#include <cstdint>

#include <re2/re2.h>

#include "base/text.h"

namespace poltergeist::build {

namespace {

constexpr std::size_t kLongestLine = 1024;
constexpr std::size_t kLongestLabel = 120;

std::string label_of(std::string_view text) {
  text = trimmed(text);
  return to_utf8(text.substr(0, kLongestLabel));
}

std::optional<Progress> counted(int current, int total, std::string_view label) {
  if (total <= 0 || current < 0 || current > total) return std::nullopt;
  return Progress{current, total, static_cast<int>(std::int64_t{current} * 100 / total),
                  label_of(label)};
}

std::optional<Progress> percentage(int percent, std::string_view label) {
  if (percent < 0 || percent > 100) return std::nullopt;
  return Progress{.percent = percent, .label = label_of(label)};
}

// Lines that begin with "[": ninja, SwiftPM, make as CMake writes it.
std::optional<Progress> read_bracketed(std::string_view line) {
  static const RE2 kCounted(R"(\[\s*(\d+)/(\d+)(?:\s+\d+%)?\]\s*(.*))");
  static const RE2 kPercent(R"(\[\s*(\d+)%\]\s*(.*))");
  int current = 0;
  int total = 0;
  std::string label;
  if (RE2::FullMatch(line, kCounted, &current, &total, &label)) {
    return counted(current, total, label);
  }
  if (RE2::FullMatch(line, kPercent, &current, &label)) return percentage(current, label);
  return std::nullopt;
}

// cargo on a terminal, ctest, docker's plain output, each with "n/m" somewhere.
std::optional<Progress> read_fraction(std::string_view line) {
  static const RE2 kCargo(
      R"(\s*(?:Building|Compiling|Checking) \[[=> ]*\] (\d+)/(\d+)(?:: (.*))?)");
  static const RE2 kCTest(R"(\s*(\d+)/(\d+) Test\s+#\d+: (\S+) \.*.*)");
  static const RE2 kDocker(R"(#\d+ \[(?:\S+ )?(\d+)/(\d+)\] (.*))");
  int current = 0;
  int total = 0;
  std::string label;
  if (RE2::FullMatch(line, kCargo, &current, &total, &label) ||
      RE2::FullMatch(line, kCTest, &current, &total, &label) ||
      RE2::FullMatch(line, kDocker, &current, &total, &label)) {
    return counted(current, total, label);
  }
  return std::nullopt;
}

// pytest: "tests/test_a.py ..F.   [ 42%]"
std::optional<Progress> read_trailing_percent(std::string_view line) {
  static const RE2 kPytest(R"((\S+\.py)(?:::\S+)?\s.*\[\s*(\d+)%\]\s*)");
  std::string label;
  int percent = 0;
  if (!RE2::FullMatch(line, kPytest, &label, &percent)) return std::nullopt;
  return percentage(percent, label);
}

// vitest: "Tests  1 failed | 2 passed (5)", jest: "Tests:  1 failed, 2 passed, 3 total"
std::optional<Progress> read_test_totals(std::string_view line) {
  static const RE2 kTotal(R"(\s*Tests:?\s+(.+?)(?:\s+\((\d+)\)|,\s+(\d+) total))");
  static const RE2 kPart(R"((\d+) (?:passed|failed|skipped|todo))");
  std::string parts;
  std::string in_brackets;
  std::string at_end;
  if (!RE2::FullMatch(line, kTotal, &parts, &in_brackets, &at_end)) return std::nullopt;
  const auto total = parse_number(in_brackets.empty() ? at_end : in_brackets).value_or(0);
  std::int64_t current = 0;
  bool has_parts = false;
  re2::StringPiece rest(parts);
  for (int part = 0; RE2::FindAndConsume(&rest, kPart, &part);) {
    current += part;
    has_parts = true;
  }
  if (!has_parts) return std::nullopt;
  constexpr std::int64_t kMost = 100'000'000;
  if (total > std::uint64_t{kMost} || current > kMost) return std::nullopt;
  return counted(static_cast<int>(current), static_cast<int>(total), parts);
}

}  // namespace

Progress ProgressScanner::one_more(std::string_view label) {
  ++counted_;
  expected_ = expected_ == 0 ? 0 : std::max(expected_, counted_);
  if (expected_ == 0) return {.current = counted_, .label = label_of(label)};
  return *counted(counted_, expected_, label);
}

// Tools that report one test case or one crate after another.
std::optional<Progress> ProgressScanner::read_test_case(std::string_view line) {
  static const RE2 kXCTest(R"(Test Case '(?:-\[)?([^'\]]+)\]?' (?:passed|failed) \(.*)");
  static const RE2 kExecuted(R"(\s*Executed (\d+) tests?, with .*)");
  static const RE2 kGoogleTest(R"(\[\s+(?:OK|FAILED|SKIPPED) +\] ([^\s,]+) \(\d+ ms\))");
  static const RE2 kGoogleTestTotal(R"(\[=+\] Running (\d+) tests? from .*)");
  static const RE2 kCollected(R"(collected (\d+) items?.*)");
  static const RE2 kCompiling(R"(\s+(?:Compiling|Checking) (\S+) v\d\S*.*)");
  std::string label;
  if (RE2::FullMatch(line, kXCTest, &label) || RE2::FullMatch(line, kGoogleTest, &label) ||
      RE2::FullMatch(line, kCompiling, &label)) {
    return one_more(label);
  }
  int total = 0;
  if (RE2::FullMatch(line, kExecuted, &total)) return counted(total, total, trimmed(line));
  if (RE2::FullMatch(line, kGoogleTestTotal, &total) || RE2::FullMatch(line, kCollected, &total)) {
    expected_ = total;
    counted_ = 0;
    return counted(0, total, trimmed(line));
  }
  return std::nullopt;
}

std::optional<Progress> ProgressScanner::read(std::string_view line) {
  if (line.starts_with('[')) {
    if (auto found = read_bracketed(line)) return found;
  }
  const bool has_slash = line.find('/') != std::string_view::npos;
  if (has_slash) {
    if (auto found = read_fraction(line)) return found;
  }
  if (line.find("%]") != std::string_view::npos) {
    if (auto found = read_trailing_percent(line)) return found;
  }
  if (line.find("Tests") != std::string_view::npos) {
    if (auto found = read_test_totals(line)) return found;
  }
  return read_test_case(line);
}

std::optional<Progress> ProgressScanner::feed(std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (const auto start = line.rfind('\r'); start != std::string_view::npos) {
    line.remove_prefix(start + 1);
  }
  if (line.empty() || line.size() > kLongestLine) return std::nullopt;
  std::string buffer;
  if (line.find('\x1b') != std::string_view::npos) {
    buffer = for_terminal(line);
    line = buffer;
  }
  auto found = read(line);
  if (!found || found == latest_) return std::nullopt;
  latest_ = std::move(found);
  return latest_;
}

}  // namespace poltergeist::build
