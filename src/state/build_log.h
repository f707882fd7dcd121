// SPDX-License-Identifier: MIT
// The output of one build of a target. A new build never truncates the old log under a reader: it
// moves it to .log.1. A build that says too much keeps its beginning and its end; one that cannot
// be written is built all the same.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "state/log_file.h"

namespace poltergeist::state {

struct BuildLogLimits {
  std::uint64_t head = 16 << 20;    // bytes written as they come
  std::uint64_t tail = 64 << 10;    // bytes of the end that are kept beyond that
  std::size_t lines_kept = 100;     // for tail()
  std::size_t line_kept = 4 << 10;  // bytes of a line in tail()
};

class BuildLog {
 public:
  explicit BuildLog(std::filesystem::path path, BuildLogLimits limits = {});
  BuildLog(const BuildLog&) = delete;
  BuildLog& operator=(const BuildLog&) = delete;
  ~BuildLog() { finish(); }

  // `line` without its end.
  void append(std::string_view line);
  // Writes the end that was kept back. Nothing can be appended after it.
  void finish();

  // The last n lines (at most lines_kept), whatever became of the file.
  [[nodiscard]] std::vector<std::string> tail(std::size_t n) const;
  [[nodiscard]] std::uint64_t line_count() const { return line_count_; }
  [[nodiscard]] const LogFile& file() const { return file_; }

 private:
  void keep_back(std::string_view line);

  LogFile file_;
  BuildLogLimits limits_;
  std::deque<std::string> last_lines_;
  std::uint64_t line_count_ = 0;
  std::deque<std::string> kept_back_;  // the end, once the head is full
  std::uint64_t kept_back_bytes_ = 0;
  std::uint64_t left_out_bytes_ = 0;
  bool full_ = false;
  bool finished_ = false;
};

}  // namespace poltergeist::state
