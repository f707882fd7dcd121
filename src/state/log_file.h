// SPDX-License-Identifier: MIT
// A file that only grows: append whole lines, never fail. What the disk refuses is counted and said
// in the file as soon as it takes text again. 0600; a link, FIFO or foreign file is never written
// to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::state {

class LogFile {
 public:
  enum class Begin {
    Append,  // go on at the end of what is there
    Anew     // what is there becomes <path>.1, the file is new
  };

  LogFile(std::filesystem::path path, Begin begin);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Appends `text`, whole lines; one that begins anew where the last write broke off.
  void append(std::string_view text);
  // Moves the file to <path>.1 and goes on with a new one.
  void rotate();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t lost_lines() const { return lost_lines_; }
  // Why nothing can be written; nothing if it can.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void open(Begin begin);
  // How much of the text was written; the trouble is noted if that is not all.
  std::size_t write(std::string_view text);
  // Ends a torn line and says what was lost; false if even that cannot be written.
  bool mend();
  void lose(std::string_view text);

  std::filesystem::path path_;
  Begin begin_;
  UniqueFd fd_;  // empty while the file cannot be opened
  std::uint64_t size_ = 0;
  std::uint64_t lost_lines_ = 0;    // altogether
  std::uint64_t unsaid_lines_ = 0;  // of them, those that the file does not yet speak of
  bool torn_ = false;               // the last line in the file is not whole
  std::optional<Error> trouble_;
};

}  // namespace poltergeist::state
