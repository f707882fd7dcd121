// SPDX-License-Identifier: MIT
// Local stream sockets, non-blocking on the listening side, with the peer's identity.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist {

// The longest path that a socket can have on Linux (sun_path is 108 bytes with its end).
inline constexpr std::size_t kLongestSocketPath = 107;

// Binds and listens with mode 0600, replacing what is there: only the holder of the project's lock
// may call it. Errc::Invalid with a remedy if the path is too long.
[[nodiscard]] Result<UniqueFd> listen_at(const std::filesystem::path& path);
// The next waiting connection, non-blocking; an empty descriptor if there is none.
[[nodiscard]] Result<UniqueFd> accept_from(int listener);
// A blocking connection. Errc::NotFound or Errc::Unavailable if nobody listens.
[[nodiscard]] Result<UniqueFd> connect_to(const std::filesystem::path& path);
[[nodiscard]] Result<uid_t> peer_uid(int connection);

}  // namespace poltergeist
