// SPDX-License-Identifier: MIT
// How much the logs of a project may take in all, and for how long the old ones are kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/time.h"
#include "state/state_dir.h"

namespace poltergeist::state {

struct LogRoom {
  std::uint64_t bytes = std::uint64_t{512} << 20;
  Seconds age = std::chrono::hours(24 * 14);
};

// Removes the old logs ("….log.1") that nobody has written for that long, then the oldest of the
// others until all logs of the project together fit. Whoever reads one keeps what he has open; the
// latest log of a build or a channel is never removed. Returns what is gone; what cannot be removed
// stays.
std::vector<std::filesystem::path> make_log_room(const ProjectPaths& paths, const LogRoom& room,
                                                 WallTime now);

}  // namespace poltergeist::state
