// SPDX-License-Identifier: MIT
#include "process/loopback.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace poltergeist::process {

namespace {

// As large as the longer of them, and begins like both.
union Address {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

struct Destination {
  Address address;
  socklen_t size;
};

Destination destination_of(Loopback loopback, int port) {
  const auto network_port = htons(static_cast<std::uint16_t>(port));
  Destination to{};
  if (loopback == Loopback::V4) {
    to.address.v4 = {.sin_family = AF_INET, .sin_port = network_port, .sin_addr = {}};
    to.address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.size = sizeof to.address.v4;
  } else {
    to.address.v6 = {.sin6_family = AF_INET6, .sin6_port = network_port};
    to.address.v6.sin6_addr = in6addr_loopback;
    to.size = sizeof to.address.v6;
  }
  return to;
}

Failure failed(int number) {
  switch (number) {
    case ECONNREFUSED:
    case EAFNOSUPPORT:  // a kernel without IPv6, or one that is told not to have it
    case EADDRNOTAVAIL:
    case ENETUNREACH:
      return fail(Errc::Unavailable, "nobody listens");
    default:
      errno = number;
      return fail_errno("connecting");
  }
}

// The kernel chooses the number of our end among those that are free. When that is the very one
// that we ask for, our call meets itself, and TCP takes that for a connection.
bool is_connected_to_itself(int socket, int port) {
  Address own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket, &own.generic, &size) != 0) return false;
  const auto own_port = own.generic.sa_family == AF_INET ? own.v4.sin_port : own.v6.sin6_port;
  return ntohs(own_port) == port;
}

// Without this a closed connection of ours would keep the port busy for a minute, and the server
// from having it.
void forget_at_close(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Result<UniqueFd> begin_connect(Loopback address, int port) {
  const auto to = destination_of(address, port);
  UniqueFd socket(
      ::socket(to.address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failed(errno);
  if (::connect(socket.get(), &to.address.generic, to.size) == 0) return socket;
  // Interrupted, it goes on all the same.
  if (errno == EINPROGRESS || errno == EINTR) return socket;
  return failed(errno);
}

Result<void> finish_connect(int socket, int port) {
  int number = 0;
  socklen_t size = sizeof number;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) != 0) return failed(errno);
  if (number != 0) return failed(number);
  if (!is_connected_to_itself(socket, port)) return {};
  forget_at_close(socket);
  return failed(ECONNREFUSED);
}

}  // namespace poltergeist::process
