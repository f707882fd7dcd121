// SPDX-License-Identifier: MIT
#include "state/build_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace poltergeist::state {

BuildLog::BuildLog(std::filesystem::path path, BuildLogLimits limits)
    : file_(std::move(path), LogFile::Begin::Anew), limits_(limits) {}

void BuildLog::append(std::string_view line) {
  if (finished_) return;
  ++line_count_;
  last_lines_.emplace_back(line.substr(0, limits_.line_kept));
  if (last_lines_.size() > limits_.lines_kept) last_lines_.pop_front();

  const std::uint64_t bytes = line.size() + 1;
  if (!full_ && file_.size() + bytes > limits_.head) {
    full_ = true;
    file_.append(fmt::format("[poltergeist: {} bytes reached; of the rest only the end follows]\n",
                             limits_.head));
  }
  if (full_) {
    keep_back(line);
  } else {
    file_.append(std::string(line) + "\n");
  }
}

void BuildLog::keep_back(std::string_view line) {
  // A line that is longer than all that is kept: its end.
  if (line.size() >= limits_.tail) {
    left_out_bytes_ += line.size() - (limits_.tail - 1);
    line.remove_prefix(line.size() - (limits_.tail - 1));
  }
  kept_back_.emplace_back(line);
  kept_back_bytes_ += line.size() + 1;
  while (kept_back_bytes_ > limits_.tail) {
    const auto bytes = kept_back_.front().size() + 1;
    kept_back_bytes_ -= bytes;
    left_out_bytes_ += bytes;
    kept_back_.pop_front();
  }
}

void BuildLog::finish() {
  if (std::exchange(finished_, true) || !full_) return;
  std::string end;
  if (left_out_bytes_ > 0) {
    end = fmt::format("[poltergeist: {} bytes left out]\n", left_out_bytes_);
  }
  for (const auto& line : kept_back_) end += line + "\n";
  file_.append(end);
  kept_back_.clear();
}

std::vector<std::string> BuildLog::tail(std::size_t n) const {
  const auto count = std::min(n, last_lines_.size());
  return {std::prev(last_lines_.end(), static_cast<std::ptrdiff_t>(count)), last_lines_.end()};
}

}  // namespace poltergeist::state
