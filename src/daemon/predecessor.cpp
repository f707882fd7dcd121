// SPDX-License-Identifier: MIT
#include "daemon/predecessor.h"

#include <poll.h>

#include <cerrno>
#include <csignal>

#include "process/pidfd.h"
#include "process/port_holder.h"

namespace poltergeist::daemon {

Result<std::optional<pid_t>> end_predecessor(const std::filesystem::path& socket) {
  const auto listener = process::listener_bound_to(socket);
  if (!listener) return std::nullopt;
  process::send_signal(listener->pidfd, SIGTERM);
  pollfd gone{listener->pidfd.get(), POLLIN, 0};
  constexpr int kPatienceMs = static_cast<int>(Milliseconds(kStopPatience).count());
  int ready = -1;
  do ready = ::poll(&gone, 1, kPatienceMs);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0) {
    return fail(Errc::Timeout,
                "a daemon (pid {0}) whose files in {1} were removed has not ended after {2}; "
                "`kill -9 {0}` ends it",
                listener->pid, socket.parent_path().string(), format_duration(kStopPatience));
  }
  return listener->pid;
}

}  // namespace poltergeist::daemon
