// SPDX-License-Identifier: MIT
// How much of inotify's limits a user's processes take.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace poltergeist::cli::doctor {

// What /proc shows: processes that may not be looked into are missing, and so are those of other
// user namespaces, which may have limits of their own. So it is "at least".
struct InotifyUse {
  std::uint64_t instances = 0;
  std::uint64_t watches = 0;

  friend bool operator==(const InotifyUse&, const InotifyUse&) = default;
};

[[nodiscard]] InotifyUse inotify_use(uid_t user);
[[nodiscard]] InotifyUse inotify_use_of(pid_t process);

}  // namespace poltergeist::cli::doctor
