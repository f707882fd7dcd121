// SPDX-License-Identifier: MIT
// The kernel's table of processes, as much of it as containment needs.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace poltergeist::process {

// One process, for all time: a pid alone is used again.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot

  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
};

enum class ProcessState { Alive, Stopped, Dead };  // Dead: a zombie, waiting to be reaped

struct ProcessEntry {
  ProcessId id;
  pid_t parent = 0;
  ProcessState state = ProcessState::Alive;
  std::string name;  // as the kernel calls it: at most 15 bytes

  friend bool operator==(const ProcessEntry&, const ProcessEntry&) = default;
};

// The text of /proc/PID/stat; nothing if it is not one.
[[nodiscard]] std::optional<ProcessEntry> parse_stat(std::string_view text);
[[nodiscard]] std::optional<ProcessEntry> find_process(pid_t pid);

// What it and the children that it has waited for have used, in the text of /proc/PID/stat.
[[nodiscard]] std::optional<Duration> processor_time_of(std::string_view text);
[[nodiscard]] std::optional<Duration> processor_time_of(pid_t pid);

// The children of a process, dead ones included, in the order in which it got them.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
// Our own: those that the main thread started, and those that were orphaned to us, whom the kernel
// gives to the first thread that lives.
[[nodiscard]] std::vector<pid_t> own_children();
// Whether this kernel lists children at all (CONFIG_PROC_CHILDREN).
[[nodiscard]] bool can_list_children();

// Whether "NAME=value" was in the environment of a process when it began its program. False if we
// may not look.
[[nodiscard]] bool has_environment_entry(pid_t pid, std::string_view entry);

}  // namespace poltergeist::process
