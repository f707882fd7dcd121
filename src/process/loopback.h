// SPDX-License-Identifier: MIT
// Connections to this machine's own ports, by TCP. Non-blocking.
#pragma once

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

// A server may listen at one of them only.
enum class Loopback {
  V4,  // 127.0.0.1
  V6   // ::1
};

// Errors of both: Errc::Unavailable if nobody listens there (any more), or if this machine has no
// such address; anything else went wrong on our side (no descriptors left).
//
// A connection that is on its way; EPOLLOUT tells when it is known what came of it.
[[nodiscard]] Result<UniqueFd> begin_connect(Loopback address, int port);
// What came of it. One that was made leads to a listener, never to ourselves.
[[nodiscard]] Result<void> finish_connect(int socket, int port);

}  // namespace poltergeist::process
