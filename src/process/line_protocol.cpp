// SPDX-License-Identifier: MIT
#include "process/line_protocol.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::process {

namespace {

constexpr std::string_view kMark = "::";
constexpr std::string_view kPairGaps = " \t";
constexpr std::size_t kLongestKey = 128;
constexpr std::size_t kLongestShownName = 40;

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || c == '-'; });
}

// Whether it may name a state or an output: it becomes a variable and a key of JSON.
bool is_storable_key(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !text.empty() && text.size() <= kLongestKey &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::optional<double> finite_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<ProtocolCommand> ProtocolReader::feed(const Line& line) {
  const bool is_rest = std::exchange(is_cut_, line.end == LineEnd::Split);
  if (is_rest) return std::nullopt;
  // Nearly all lines of a command are output: they cost a look at their first byte.
  if (line.text.empty() || (line.text.front() != ':' && line.text.front() != '\x1b')) {
    return std::nullopt;
  }
  const auto text = without_escapes(line.text);
  const auto parts = parts_of(text);
  if (!parts) return std::nullopt;
  auto command = command_of(*parts);
  if (!command || !is_cut_) return command;
  if (!std::exchange(has_warned_of_length_, true)) {
    warnings_.push_back(fmt::format(
        "the message of ::{}:: is longer than a line may be, so it is output", parts->name));
  }
  return std::nullopt;
}

std::optional<std::string> ProtocolReader::take_warning() {
  if (warnings_.empty()) return std::nullopt;
  auto warning = std::move(warnings_.front());
  warnings_.pop_front();
  return warning;
}

std::optional<ProtocolReader::Parts> ProtocolReader::parts_of(std::string_view text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  text.remove_prefix(kMark.size());
  const auto mark = text.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const auto head = text.substr(0, mark);
  const auto name = head.substr(0, head.find_first_of(kPairGaps));
  if (!is_name(name)) return std::nullopt;
  auto pairs = pairs_in(head.substr(name.size()));
  if (!pairs) return std::nullopt;
  return Parts{name, std::move(*pairs), text.substr(mark + kMark.size())};
}

std::optional<std::vector<ProtocolReader::Pair>> ProtocolReader::pairs_in(std::string_view text) {
  std::vector<Pair> pairs;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kPairGaps), text.size()));
    if (text.empty()) break;
    const auto word = text.substr(0, text.find_first_of(kPairGaps));
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    pairs.push_back({word.substr(0, equals), word.substr(equals + 1)});
    text.remove_prefix(word.size());
  }
  // Sorted, because a line has room for twenty thousand of them.
  std::ranges::sort(pairs, {}, &Pair::key);
  const auto twice = std::ranges::adjacent_find(pairs, {}, &Pair::key);
  return twice == pairs.end() ? std::optional(std::move(pairs)) : std::nullopt;
}

std::optional<std::string_view> ProtocolReader::value_of(const Parts& parts, std::string_view key) {
  const auto pair = std::ranges::find(parts.pairs, key, &Pair::key);
  return pair == parts.pairs.end() ? std::nullopt : std::optional(pair->value);
}

std::optional<ProtocolCommand> ProtocolReader::command_of(const Parts& parts) {
  if (parts.name == "log") {
    const auto level = value_in(kLogLevels, value_of(parts, "level").value_or("info"));
    if (!level) return std::nullopt;
    return LogMessage{*level, std::string(parts.message)};
  }
  if (parts.name == "progress") return progress_of(parts);
  if (parts.name == "set-state" || parts.name == "set-output") {
    const auto key = value_of(parts, "key");
    if (!key || !is_storable_key(*key)) return std::nullopt;
    if (parts.name == "set-state") return SetState{std::string(*key), std::string(parts.message)};
    return SetOutput{std::string(*key), std::string(parts.message)};
  }
  if (parts.name == "heartbeat") return Heartbeat{};
  warn_of_unknown(parts.name);
  return std::nullopt;
}

std::optional<ProtocolCommand> ProtocolReader::progress_of(const Parts& parts) {
  const auto said = value_of(parts, "percent");
  const auto percent = said ? finite_number(*said) : std::nullopt;
  if (!percent) return std::nullopt;
  const bool is_possible = *percent >= 0 && *percent <= 100;
  if (!is_possible && !std::exchange(has_warned_of_percent_, true)) {
    warnings_.push_back(fmt::format("::progress:: says {} percent, which counts as {}", *percent,
                                    *percent < 0 ? 0 : 100));
  }
  // Adding zero makes 0 of -0.
  return TaskProgress{std::clamp(*percent, 0.0, 100.0) + 0.0, std::string(parts.message)};
}

void ProtocolReader::warn_of_unknown(std::string_view name) {
  auto shown = std::string(name.substr(0, kLongestShownName));
  if (unknown_.size() == kMostUnknown || std::ranges::count(unknown_, shown) > 0) return;
  warnings_.push_back(fmt::format(
      "there is no command ::{}::, so the line is output{}", shown,
      did_you_mean(shown, {"log", "progress", "set-state", "set-output", "heartbeat"})));
  unknown_.push_back(std::move(shown));
}

}  // namespace poltergeist::process
