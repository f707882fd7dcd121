// SPDX-License-Identifier: MIT
#include "process/pidfd.h"

// glibc 2.36 forgot the C linkage in this header.
extern "C" {
#include <sys/pidfd.h>
}

namespace poltergeist::process {

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd fd(::pidfd_open(pid, 0));
  if (!fd) {
    if (errno == ESRCH) return fail(Errc::NotFound, "process {} is gone", pid);
    return fail_errno("opening process {}", pid);
  }
  return fd;
}

bool send_signal(const UniqueFd& pidfd, int signal) {
  return ::pidfd_send_signal(pidfd.get(), signal, nullptr, 0) == 0;
}

// The descriptor was opened after `id` was seen: a start time that still fits afterwards cannot be
// that of anybody who had the number in between.
bool signal_process(const ProcessId& id, int signal) {
  const auto pidfd = open_pidfd(id.pid);
  if (!pidfd) return false;
  const auto entry = find_process(id.pid);
  return entry && entry->id == id && send_signal(*pidfd, signal);
}

}  // namespace poltergeist::process
