// SPDX-License-Identifier: MIT
// Whether the kernel has killed processes because memory ran out: it counts them for the whole
// machine, those at the limit of a memory cgroup included, and anybody may read that.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/exit.h"
#include "base/time.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

// From the text of /proc/vmstat; nothing before Linux 4.13. Pure.
[[nodiscard]] std::optional<std::uint64_t> memory_kills_in(std::string_view vmstat);
// Who ended a process in this way that nobody here has killed, by that count before it began and
// now. One that died of it is not told from one that somebody killed while another died of it.
// 128 + SIGKILL is how a shell tells that of its command.
[[nodiscard]] Exit::Killer killer_of(const Exit& exit, std::optional<std::uint64_t> before,
                                     std::optional<std::uint64_t> since);

class MemoryKills {
 public:
  // The count as of at most a second ago, for whoever starts something now: to ask takes 30
  // microseconds, a fifth of what it takes to start a process.
  [[nodiscard]] std::optional<std::uint64_t> lately(Instant now);
  [[nodiscard]] std::optional<std::uint64_t> count();

 private:
  UniqueFd file_;
  std::optional<std::uint64_t> last_;
  std::optional<Instant> asked_;
};

}  // namespace poltergeist::process
