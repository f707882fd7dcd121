// SPDX-License-Identifier: MIT
// An exclusive flock on a file that is never removed: the one proof that its holder lives. The
// kernel frees it with the last descriptor, so a killed holder leaves no stale lock.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist {

class FileLock {
 public:
  // Takes the lock or fails at once with Errc::Busy, which is never said because of somebody who
  // only looks. Creates the file (0600); never follows a link.
  // Errc::Denied if what is there is no file, or one with another name.
  [[nodiscard]] static Result<FileLock> take(const std::filesystem::path& path);
  // Whether somebody holds it now. Takes a shared lock for an instant: never for the lock's own
  // holder.
  [[nodiscard]] static bool is_held(const std::filesystem::path& path);

  // Text in the file for people to read (`fuser` knows better). The lock is the truth, not the
  // text.
  [[nodiscard]] Result<void> note(std::string_view text);
  // The file at `path` is still the one that is locked (nobody removed or replaced it).
  [[nodiscard]] bool is_in_place(const std::filesystem::path& path) const;

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace poltergeist
