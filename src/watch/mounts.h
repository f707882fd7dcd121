// SPDX-License-Identifier: MIT
// The file systems that are mounted at and below a directory, and the news of it: no event of a
// directory tells that another has been put over it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sys/unique_fd.h"

namespace poltergeist::watch {

struct Mount {
  std::uint64_t id = 0;  // another one at the same place has another
  std::string place;     // absolute
  std::string type;      // of the file system, as mount(8) calls it: "nfs4", "fuse.sshfs"

  friend auto operator<=>(const Mount&, const Mount&) = default;
};

class Mounts {
 public:
  // `root` is a real path. Where /proc is not there, nothing is ever known.
  explicit Mounts(std::filesystem::path root);

  // Ready for EPOLLPRI, once, when something was mounted or unmounted anywhere; -1 without /proc.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // The same, without waiting. It takes the news from whoever waits for the descriptor.
  [[nodiscard]] bool has_news() const;

  // Reads them anew; true if they are others than before.
  bool look();
  // In the order in which they were mounted. The root's own is among them only if it is mounted
  // right there.
  [[nodiscard]] const std::vector<Mount>& below() const { return below_; }

 private:
  std::filesystem::path root_;
  UniqueFd fd_;
  std::vector<Mount> below_;
};

// The text of /proc/PID/mountinfo (proc_pid_mountinfo(5)): those at `root` and below. Lines that
// are none are left out.
[[nodiscard]] std::vector<Mount> mounts_in(std::string_view mountinfo, std::string_view root);
// Those that are in one of the lists only.
[[nodiscard]] std::vector<Mount> difference(std::vector<Mount> before, std::vector<Mount> after);

}  // namespace poltergeist::watch
