// SPDX-License-Identifier: MIT
// A directory of the cgroup v2 file system: a set of processes that nobody leaves by forking,
// whatever else he does, and that the kernel kills as one. No controller is ever enabled in one of
// ours, so it costs its members nothing.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class Cgroup {
 public:
  Cgroup() = default;  // none
  // Errc::Invalid if what is there lies on another file system.
  [[nodiscard]] static Result<Cgroup> open(std::filesystem::path path);
  // Makes the directory. It stays when this goes out of scope.
  [[nodiscard]] static Result<Cgroup> create(std::filesystem::path path);

  explicit operator bool() const { return static_cast<bool>(directory_); }
  [[nodiscard]] int fd() const { return directory_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Somebody lives in it, or in one below it. The dead do not count, reaped or not.
  [[nodiscard]] bool is_populated() const;
  // Nobody is there, and nobody left anything that the next one would notice: no cgroup below, not
  // frozen.
  [[nodiscard]] bool is_as_new() const;
  // Whoever lives in it and below it, in no order.
  [[nodiscard]] std::vector<pid_t> members() const;
  // What all who ever were in it, or below it, have used. Only its growth says something of those
  // who are there now. Nothing before Linux 4.15.
  [[nodiscard]] std::optional<Duration> processor_time() const;
  // SIGKILL to all of them, as one: nobody forks away meanwhile. False where the kernel cannot
  // (before Linux 5.14).
  bool kill() const;
  // Removes it and those below. False while somebody lives there.
  bool remove();

 private:
  [[nodiscard]] std::string events() const;

  std::filesystem::path path_;
  UniqueFd directory_;
  UniqueFd events_;  // cgroup.events, asked at each end of a unit
};

// The cgroup that this process is in. Errors say why it is not to be found.
[[nodiscard]] Result<std::filesystem::path> own_cgroup();
// The same from the texts of /proc/self/mountinfo and /proc/self/cgroup. Pure.
[[nodiscard]] Result<std::filesystem::path> cgroup_in(std::string_view mountinfo,
                                                      std::string_view cgroup);
// From the text of a cpu.stat, which needs no controller. Pure.
[[nodiscard]] std::optional<Duration> processor_time_in(std::string_view cpu_stat);

}  // namespace poltergeist::process
