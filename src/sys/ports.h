// SPDX-License-Identifier: MIT
// TCP ports for programs that listen: whether one is free, and leases, so that no two of this
// user's daemons give the same one away.
//
// A lease is a promise among ourselves. The kernel knows nothing of it: a stranger may listen there
// between the lease and the start of the program that it is for.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "base/port_range.h"
#include "base/result.h"
#include "sys/file_lock.h"

namespace poltergeist {

// Whether a server could listen there now, at all addresses and at the loopback ones, with IPv4
// and, where the machine has it, with IPv6. TIME_WAIT does not count, unless it comes from a server
// without SO_REUSEADDR: then the kernel keeps the port from every server for a minute. False for
// what is no port, for one that we may not have, and when no descriptor is left to find out.
//
// It listens there itself for an instant: not to be called while the program that shall have the
// port is starting, which would fail then.
[[nodiscard]] bool is_port_free(int port);

// The same port for the same text for ever, so that a program finds its port again after a restart.
// `range.from` for a range that PortLease::take() refuses.
[[nodiscard]] int preferred_port(PortRange range, std::string_view key);

// A port that nobody else takes by a lease of the same directory, in this process or in another,
// while it lives. A killed holder leaves no lease; a program that is executed does not inherit it.
class PortLease {
 public:
  // The first port that nobody has leased and that is free, from `preferred` (from the beginning,
  // if that is outside of the range) upwards and around the end of the range. Makes `directory`
  // (0700) below one that exists; it keeps "PORT.lock" of each port that was ever tried, for good:
  // to remove one would allow a second lease of its port.
  // Errc::Invalid for a range that is none. Errc::Unavailable if no port is left: for a range of
  // one, the message ends in "in use", or "in use within Poltergeist" for one that is leased, so
  // that who uses it, which is not known here, can be added: " by pid 4711 (node server.js)".
  // At those in `held` the caller listens himself: they are free.
  [[nodiscard]] static Result<PortLease> take(const std::filesystem::path& directory,
                                              PortRange range, int preferred,
                                              std::span<const int> held = {});

  [[nodiscard]] int port() const { return port_; }
  // is_port_free(port()): false while the program that it is for listens, too.
  [[nodiscard]] bool is_free() const { return is_port_free(port_); }

 private:
  PortLease(FileLock lock, int port) : lock_(std::move(lock)), port_(port) {}
  [[nodiscard]] static Result<PortLease> take_port(const std::filesystem::path& directory, int port,
                                                   std::span<const int> held);

  FileLock lock_;
  int port_;
};

}  // namespace poltergeist
