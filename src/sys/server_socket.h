// SPDX-License-Identifier: MIT
// A stream socket that listens, held open for programs that come and go: who connects meanwhile
// waits in its queue instead of being refused.
//
// Whoever holds a copy of the descriptor (a program that it was handed to) shares its state, so
// restore() puts that right between two of them. Nothing inherits it unasked (close-on-exec), and a
// killed owner leaves at most the file of a local socket behind, which the next open() replaces.
#pragma once

#include <sys/types.h>

#include "base/listen_address.h"
#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist {

class ServerSocket {
 public:
  // Binds and listens, with the longest queue that the system allows. The address has its port; a
  // path is absolute. Directories that it lacks are made; a socket at which nobody listens any more
  // is replaced, and nothing else ever is.
  // Every address of the machine is one socket for IPv6 and IPv4, or for IPv4 where the machine has
  // no other.
  // Errc::Busy: somebody listens there. Errc::Invalid: what is at the path is no socket.
  [[nodiscard]] static Result<ServerSocket> open(const ListenAddress& address);
  ServerSocket(ServerSocket&&) noexcept = default;
  ServerSocket& operator=(ServerSocket&& other) noexcept;
  // The file of a local socket goes, too, if it is still this one's.
  ~ServerSocket();

  [[nodiscard]] int fd() const { return socket_.get(); }
  // As it was when it was opened: blocking, and listening with the longest queue. A program may
  // have made it non-blocking, shortened the queue, or shut it down. False if nothing helps but to
  // open it anew: a local socket that was shut down, or whose file is gone.
  [[nodiscard]] bool restore() const;

 private:
  ServerSocket() = default;
  [[nodiscard]] static Result<ServerSocket> open_tcp(const ListenAddress& address);
  [[nodiscard]] static Result<ServerSocket> open_local(const std::string& path);
  [[nodiscard]] bool has_file() const;

  UniqueFd socket_;
  std::string path_;  // of a local one
  dev_t device_ = 0;  // these two say whether that file is still this one's
  ino_t inode_ = 0;
};

}  // namespace poltergeist
