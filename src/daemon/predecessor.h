// SPDX-License-Identifier: MIT
// A daemon of the project that nobody can reach, because its lock or its socket was removed: a
// cleaner of /tmp came by, or somebody deleted the state directory. It goes on building and keeps
// its programs running, so whoever takes its place ends it first.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "base/time.h"

namespace poltergeist::daemon {

// Longer than a daemon gives its builds and programs to end (10 s and then SIGKILL).
inline constexpr Seconds kStopPatience{15};

// Ends it as a stop would, and waits until it is gone, at most kStopPatience. Its pid; nothing if
// there is none. Errc::Timeout with what to do if it does not end.
// Only for who holds the project's lock, or has found that nobody serves: whoever listens at
// `socket` is ended.
[[nodiscard]] Result<std::optional<pid_t>> end_predecessor(const std::filesystem::path& socket);

}  // namespace poltergeist::daemon
