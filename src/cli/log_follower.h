// SPDX-License-Identifier: MIT
// Reads a log that grows, across the moments when it is renamed and a new one begins.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::cli {

class LogFollower {
 public:
  // What came, in pieces that may break a line; a new file is announced before its first piece.
  using OnBytes = std::function<void(std::string_view bytes)>;
  using OnNewFile = std::function<void()>;

  // Begins at the start of the file that is there now, or of the one that comes first.
  [[nodiscard]] static Result<LogFollower> open(std::filesystem::path file);

  // Gives out what there is now and has not been given out.
  [[nodiscard]] Result<void> drain(const OnBytes& on_bytes, const OnNewFile& on_new_file);
  // Waits until the file's directory says that something changed.
  [[nodiscard]] Result<void> await_change();

 private:
  LogFollower(std::filesystem::path file, UniqueFd events)
      : file_(std::move(file)), events_(std::move(events)) {}
  void read_rest(const OnBytes& on_bytes);
  [[nodiscard]] bool is_replaced() const;

  std::filesystem::path file_;
  UniqueFd events_;  // inotify on the directory: the file itself may not be there yet
  UniqueFd log_;     // may be empty
};

// Where the last `lines` lines of a text begin.
[[nodiscard]] std::size_t start_of_last_lines(std::string_view text, std::uint64_t lines);

}  // namespace poltergeist::cli
