// SPDX-License-Identifier: MIT
// Local stream sockets, non-blocking on the listening side, with the peer's identity.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/listen_address.h"
#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist {

// A blocking stream socket that is bound there, and does not listen yet. Errc::Busy if something
// is at that path; Errc::Invalid, with a remedy for sockets of ours, if it is too long.
[[nodiscard]] Result<UniqueFd> bind_at(const std::filesystem::path& path);
// Binds and listens with mode 0600, replacing what is there: only the holder of the project's lock
// may call it. Errc::Invalid with a remedy if the path is too long.
[[nodiscard]] Result<UniqueFd> listen_at(const std::filesystem::path& path);
// The next waiting connection, non-blocking; an empty descriptor if there is none.
[[nodiscard]] Result<UniqueFd> accept_from(int listener);
// A blocking connection. Errc::NotFound or Errc::Unavailable if nobody listens.
[[nodiscard]] Result<UniqueFd> connect_to(const std::filesystem::path& path);
// A connection that is there at once or not at all, non-blocking. Errc::NotFound or
// Errc::Unavailable if nobody listens; Errc::Busy: somebody does, and has more to do than he can.
[[nodiscard]] Result<UniqueFd> connect_at_once(const std::filesystem::path& path);
[[nodiscard]] Result<uid_t> peer_uid(int connection);
// Of a connection that we made: who listens.
[[nodiscard]] Result<pid_t> peer_pid(int connection);

}  // namespace poltergeist
