// SPDX-License-Identifier: MIT
// What `poltergeist clean` may remove: files of ours, of any project, that no daemon serves and
// nobody has written for a while. A project is left alone as a whole while its lock is held; a file
// that does not look like ours in name, owner, kind and content is never touched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace poltergeist::state {

struct StaleFile {
  std::filesystem::path file;
  std::string project;  // its name, as far as it is known
  std::string target;   // empty: a file of the whole project
  std::string reason;   // why it may go

  friend bool operator==(const StaleFile&, const StaleFile&) = default;
};

// What may go, by name. `unused_for` zero: of any age.
[[nodiscard]] Result<std::vector<StaleFile>> stale_files(const std::filesystem::path& state_dir,
                                                         Seconds unused_for, WallTime now);

// Removes what stale_files() would name now. Each project is locked meanwhile, so that a daemon
// that starts at this moment loses nothing. Returns what is gone.
[[nodiscard]] Result<std::vector<StaleFile>> remove_stale_files(
    const std::filesystem::path& state_dir, Seconds unused_for, WallTime now);

}  // namespace poltergeist::state
