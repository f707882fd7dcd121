// SPDX-License-Identifier: MIT
#include "sys/server_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <utility>

#include "sys/unix_socket.h"

namespace poltergeist {

namespace {

using Kind = ListenAddress::Kind;

// As large as the longer of them, and begins like both.
union TcpAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

struct Destination {
  TcpAddress address{};
  socklen_t size = 0;
};

// An empty host is every address.
Destination destination_of(int family, const std::string& host, int port) {
  const auto network_port = htons(static_cast<std::uint16_t>(port));
  Destination to;
  if (family == AF_INET) {
    to.address.v4 = {.sin_family = AF_INET, .sin_port = network_port, .sin_addr = {}};
    if (!host.empty()) ::inet_pton(AF_INET, host.c_str(), &to.address.v4.sin_addr);
    to.size = sizeof to.address.v4;
  } else {
    to.address.v6 = {.sin6_family = AF_INET6, .sin6_port = network_port};
    if (!host.empty()) ::inet_pton(AF_INET6, host.c_str(), &to.address.v6.sin6_addr);
    to.size = sizeof to.address.v6;
  }
  return to;
}

bool set_number(const UniqueFd& socket, int level, int option, int number) {
  return ::setsockopt(socket.get(), level, option, &number, sizeof number) == 0;
}

// Nothing, with errno, if it cannot be. Beside one in TIME_WAIT it can.
UniqueFd try_to_bind(int family, const ListenAddress& at) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || !set_number(socket, SOL_SOCKET, SO_REUSEADDR, 1)) return {};
  // Of one address of IPv6 the system's own rule holds, which makes the wildcard one of IPv4, too.
  if (family == AF_INET6 && at.kind == Kind::EveryAddress &&
      !set_number(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0)) {
    return {};
  }
  const auto to = destination_of(family, at.host, at.port);
  if (::bind(socket.get(), &to.address.generic, to.size) != 0) {
    const int number = errno;
    socket.reset();
    errno = number;
  }
  return socket;
}

Failure explain_bind(const ListenAddress& at) {
  switch (errno) {
    case EADDRINUSE:
      return fail(Errc::Busy, "{} is in use", to_text(at));
    case EACCES:
      return fail(Errc::Denied,
                  "listening at {}: Permission denied; low ports are for root alone (sysctl "
                  "net.ipv4.ip_unprivileged_port_start)",
                  to_text(at));
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return fail(Errc::Unavailable, "listening at {}: this machine has no such address",
                  to_text(at));
    default:
      return fail_errno("listening at {}", to_text(at));
  }
}

// Of a path that is to become a socket. A socket whose owner is gone refuses connections.
Result<void> make_room_at(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("{}", path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Errc::Invalid,
                "{} is there and no socket: remove it, or let the program listen elsewhere", path);
  }
  const auto connection = connect_at_once(path);
  if (connection || connection.error().code == Errc::Busy) {
    return fail(Errc::Busy, "{} is in use", path);
  }
  if (connection.error().code != Errc::Unavailable && connection.error().code != Errc::NotFound) {
    return fail(connection.error());
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("removing {}", path);
  return {};
}

}  // namespace

Result<ServerSocket> ServerSocket::open(const ListenAddress& address) {
  auto opened = address.kind == Kind::Local ? open_local(address.path) : open_tcp(address);
  if (!opened) return opened;
  if (::listen(opened->fd(), SOMAXCONN) != 0) return explain_bind(address);
  return opened;
}

Result<ServerSocket> ServerSocket::open_tcp(const ListenAddress& address) {
  auto socket = try_to_bind(address.kind == Kind::V4 ? AF_INET : AF_INET6, address);
  const bool is_ipv4_left =
      address.kind == Kind::EveryAddress && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
  if (!socket && is_ipv4_left) socket = try_to_bind(AF_INET, address);
  if (!socket) return explain_bind(address);
  ServerSocket opened;
  opened.socket_ = std::move(socket);
  return opened;
}

Result<ServerSocket> ServerSocket::open_local(const std::string& path) {
  if (path.size() > kLongestSocketPath) {
    return fail(Errc::Invalid,
                "{}: too long for a socket ({} bytes, {} are possible); name a shorter path", path,
                path.size(), kLongestSocketPath);
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return fail(Errc::Io, "the directory of {}: {}", path, error.message());
  if (auto room = make_room_at(path); !room) return fail(room.error());
  auto socket = bind_at(path);
  if (!socket) return fail(socket.error());
  ServerSocket opened;
  opened.socket_ = std::move(*socket);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno("{}", path);
  opened.path_ = path;
  opened.device_ = status.st_dev;
  opened.inode_ = status.st_ino;
  return opened;
}

ServerSocket& ServerSocket::operator=(ServerSocket&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

ServerSocket::~ServerSocket() {
  // First the file: as long as we listen, nobody takes it for one that was left.
  if (socket_ && has_file()) ::unlink(path_.c_str());
}

bool ServerSocket::has_file() const {
  struct stat status {};
  return !path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

bool ServerSocket::restore() const {
  if (!path_.empty() && !has_file()) return false;
  const int flags = ::fcntl(fd(), F_GETFL);
  if (flags < 0 || ::fcntl(fd(), F_SETFL, flags & ~O_NONBLOCK) != 0) return false;
  if (::listen(fd(), SOMAXCONN) != 0) return false;
  pollfd state{fd(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) >= 0 && (state.revents & POLLRDHUP) == 0;
}

}  // namespace poltergeist
