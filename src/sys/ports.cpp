// SPDX-License-Identifier: MIT
#include "sys/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "sys/files.h"
#include "sys/unique_fd.h"

namespace poltergeist {

namespace {

constexpr int kLowestPort = 1;
constexpr int kHighestPort = 65535;

enum class Listening { Possible, Refused, NoSuchAddress };

Listening refusal() {
  const bool is_absent = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
  return is_absent ? Listening::NoSuchAddress : Listening::Refused;
}

bool set_option(const UniqueFd& socket, int level, int option) {
  const int on = 1;
  return ::setsockopt(socket.get(), level, option, &on, sizeof on) == 0;
}

// A server that sets SO_REUSEADDR, as nearly all do: it may bind beside connections in TIME_WAIT,
// and beside another that is bound but does not listen yet, so that only listen() decides.
template <typename Address>
Listening try_to_listen(int family, const Address& address) {
  const UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return refusal();
  // Else an IPv6 wildcard would be an IPv4 one as well, which is asked for by itself.
  const bool is_ready = set_option(socket, SOL_SOCKET, SO_REUSEADDR) &&
                        (family != AF_INET6 || set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // as it is meant to be passed
  if (!is_ready || ::bind(socket.get(), generic, sizeof address) != 0) return refusal();
  return ::listen(socket.get(), 0) == 0 ? Listening::Possible : refusal();
}

Listening try_ipv4(int port, in_addr_t host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(host);
  return try_to_listen(AF_INET, address);
}

Listening try_ipv6(int port, const in6_addr& host) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  address.sin6_addr = host;
  return try_to_listen(AF_INET6, address);
}

bool is_port(int number) {
  return kLowestPort <= number && number <= kHighestPort;
}

bool contains(PortRange range, int port) {
  return range.from <= port && port <= range.to;
}

int size_of(PortRange range) {
  return range.to - range.from + 1;
}

Result<void> check(PortRange range) {
  const auto [from, to] = range;
  if (!is_port(from) || !is_port(to)) {
    return fail(Errc::Invalid, "Invalid port range {}-{}: a port is a number from {} to {}", from,
                to, kLowestPort, kHighestPort);
  }
  if (from > to) {
    return fail(Errc::Invalid,
                "Invalid port range {}-{}: it ends before it begins; write the lower port first",
                from, to);
  }
  return {};
}

// FNV-1a, 64 bits, with the constants of its authors (Fowler, Noll, Vo:
// http://www.isthe.com/chongo/tech/comp/fnv/): std::hash may change with the library.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace

bool is_port_free(int port) {
  // 0 would be any port: the kernel would choose a free one.
  if (!is_port(port)) return false;
  // Linux refuses the wildcard while somebody listens at one address. That is its own rule: with
  // other kernels' SO_REUSEADDR both are possible, so the loopback addresses are tried as well. One
  // that the machine lacks does not count; all have the first.
  return try_ipv4(port, INADDR_ANY) == Listening::Possible &&
         try_ipv4(port, INADDR_LOOPBACK) != Listening::Refused &&
         try_ipv6(port, in6addr_any) != Listening::Refused &&
         try_ipv6(port, in6addr_loopback) != Listening::Refused;
}

int preferred_port(PortRange range, std::string_view key) {
  if (!check(range)) return range.from;
  return range.from + static_cast<int>(stable_hash(key) % static_cast<unsigned>(size_of(range)));
}

Result<PortLease> PortLease::take(const std::filesystem::path& directory, PortRange range,
                                  int preferred, std::span<const int> held) {
  if (const auto valid = check(range); !valid) return fail(valid.error());
  if (const auto usable = ensure_private_directory(directory); !usable) {
    return fail(usable.error(), "leasing a port");
  }
  const int size = size_of(range);
  const int first = contains(range, preferred) ? preferred - range.from : 0;
  for (int i = 0; i < size; ++i) {
    auto lease = take_port(directory, range.from + (first + i) % size, held);
    if (lease || lease.error().code != Errc::Unavailable || size == 1) return lease;
  }
  return fail(Errc::Unavailable,
              "no port of {}-{} is free: each is in use, or leased to another program that "
              "Poltergeist runs; choose a wider range, or another one",
              range.from, range.to);
}

// The lock comes first: two who try the same port at once would each take the other for a server.
Result<PortLease> PortLease::take_port(const std::filesystem::path& directory, int port,
                                       std::span<const int> held) {
  auto lock = FileLock::take(directory / fmt::format("{}.lock", port));
  if (!lock && lock.error().code != Errc::Busy) {
    return fail(lock.error(), "leasing port {}", port);
  }
  if (!lock) {
    return fail(Errc::Unavailable, "port {} is leased to another program that Poltergeist runs",
                port);
  }
  if (std::ranges::find(held, port) == held.end() && !is_port_free(port)) {
    return fail(Errc::Unavailable, "port {} is in use", port);
  }
  return PortLease(std::move(*lock), port);
}

}  // namespace poltergeist
