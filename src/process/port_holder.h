// SPDX-License-Identifier: MIT
// Who listens on a TCP port of this machine, or at a local socket, for people who wonder why theirs
// is not free.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"

namespace poltergeist::process {

// A socket in LISTEN, as the kernel lists it.
struct ListeningSocket {
  int port = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const ListeningSocket&, const ListeningSocket&) = default;
};

// A line of /proc/net/tcp or /proc/net/tcp6; nothing if it is not one, or of another state.
[[nodiscard]] std::optional<ListeningSocket> parse_tcp_line(std::string_view line);

struct PortHolder {
  pid_t pid = 0;
  // One line that may be shown, of at most kLongestCommand bytes: what it was started with, or the
  // kernel's name for it. Empty if it ended meanwhile.
  std::string command;

  friend bool operator==(const PortHolder&, const PortHolder&) = default;
};

inline constexpr std::size_t kLongestCommand = 200;

// Who listens there, at any address; of several who share it, the one with the lowest pid. Nothing
// if nobody does, or nobody whom we may look into (another user's).
// For a message, not for every turn of a loop: 10 ms or more, for the kernel walks through the room
// for all its connections, and we through every descriptor of every process.
[[nodiscard]] std::optional<PortHolder> holder_of_port(int port);

// The same of a local socket; connects to it. Who it was handed to is not seen.
[[nodiscard]] std::optional<PortHolder> holder_of_socket(const std::filesystem::path& path);

// A local socket in LISTEN that was bound to a path, as the kernel lists it.
struct BoundSocket {
  std::uint64_t inode = 0;
  std::string path;

  friend bool operator==(const BoundSocket&, const BoundSocket&) = default;
};
// A line of /proc/net/unix; nothing if it is not one, or of another state.
[[nodiscard]] std::optional<BoundSocket> parse_unix_line(std::string_view line);

struct BoundListener {
  pid_t pid = 0;
  UniqueFd pidfd;  // of him and no later one with his number
};
// Who listens at a local socket that was bound to `path`, also when its file was removed and nobody
// can connect any more. Nothing if nobody does, or nobody whom we may look into; a process with
// other mounts than ours means another file by that path.
[[nodiscard]] std::optional<BoundListener> listener_bound_to(const std::filesystem::path& path);

// Of a connection that we made: who listens, if he is stopped (Ctrl+Z, SIGSTOP) and cannot answer.
[[nodiscard]] std::optional<pid_t> stopped_listener(int connection);

// "pid 4711 (node server.js)".
[[nodiscard]] std::string describe(const PortHolder& holder);

}  // namespace poltergeist::process
