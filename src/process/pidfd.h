// SPDX-License-Identifier: MIT
// A process by descriptor: it means the same process for ever, whatever becomes of the number.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "process/process_table.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

// Errc::NotFound if there is no such process.
[[nodiscard]] Result<UniqueFd> open_pidfd(pid_t pid);
// False if it is gone or not ours to signal.
bool send_signal(const UniqueFd& pidfd, int signal);
// Signals this process and never a later one that has its number.
bool signal_process(const ProcessId& id, int signal);

}  // namespace poltergeist::process
