// SPDX-License-Identifier: MIT
// The kernel's table of mounts, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist {

struct MountEntry {
  std::uint64_t id = 0;  // another one at the same place has another
  std::string root;      // what of the file system is mounted: "/" is all of it
  std::string place;     // where; absolute
  std::string type;      // of the file system, as mount(8) calls it: "nfs4", "fuse.sshfs"

  friend auto operator<=>(const MountEntry&, const MountEntry&) = default;
};

// The text of /proc/PID/mountinfo (proc_pid_mountinfo(5)), in the order in which they were mounted.
// Lines that are none are left out.
[[nodiscard]] std::vector<MountEntry> parse_mountinfo(std::string_view text);

}  // namespace poltergeist
