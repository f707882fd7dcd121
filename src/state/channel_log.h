// SPDX-License-Identifier: MIT
// What a long-lived thing of a target says: channels `runner`, `post-run`, `hook`. Goes on where
// the last process stopped; at its limit the file becomes .log.1 and a new one begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "state/log_file.h"

namespace poltergeist::state {

class ChannelLog {
 public:
  explicit ChannelLog(std::filesystem::path path, std::uint64_t limit = 10 << 20);

  // `line` without its end.
  void append(std::string_view line);
  [[nodiscard]] const LogFile& file() const { return file_; }

 private:
  LogFile file_;
  std::uint64_t limit_;
};

}  // namespace poltergeist::state
