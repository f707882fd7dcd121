// SPDX-License-Identifier: MIT
#include "base/listen_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "base/text.h"

namespace poltergeist {

namespace {

using Kind = ListenAddress::Kind;

constexpr std::string_view kPlaceholder = "{port}";
constexpr std::uint64_t kHighestPort = 65'535;
constexpr std::string_view kEveryV4 = "0.0.0.0";
constexpr std::string_view kEveryV6 = "::";

// In its one form; nothing if it is no address of that family.
std::optional<std::string> canonical(int family, std::string_view host) {
  in6_addr address{};  // the larger of the two
  if (::inet_pton(family, std::string(host).c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, &address, text.data(), text.size());
}

Result<int> port_in(std::string_view text) {
  if (text == kPlaceholder) return 0;
  const auto number = parse_number(text);
  if (number && *number >= 1 && *number <= kHighestPort) return static_cast<int>(*number);
  return fail(Errc::Invalid, "its port must be a number from 1 to {}, or {}", kHighestPort,
              kPlaceholder);
}

Result<ListenAddress> at_host(Kind kind, std::string host, std::string_view port_text) {
  const auto port = port_in(port_text);
  if (!port) return fail(port.error());
  return ListenAddress{.kind = kind, .host = std::move(host), .port = *port, .path = {}};
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

Result<ListenAddress> at_path(std::string_view text) {
  if (text.find(kPlaceholder) != std::string_view::npos) {
    return fail(Errc::Invalid, "a path has no {}", kPlaceholder);
  }
  if (std::ranges::any_of(text, is_control)) {
    return fail(Errc::Invalid, "a path may not hold control characters");
  }
  if (text.back() == '/') return fail(Errc::Invalid, "a directory is no socket: name a file in it");
  if (text.size() > kLongestSocketPath) {
    return fail(Errc::Invalid, "too long for a socket ({} bytes, {} are possible)", text.size(),
                kLongestSocketPath);
  }
  return ListenAddress{.kind = Kind::Local,
                       .path = std::filesystem::path(text).lexically_normal().string()};
}

// "[::1]:8080"
Result<ListenAddress> at_bracketed(std::string_view text) {
  const auto end = text.find("]:");
  const auto host =
      end == std::string_view::npos ? std::nullopt : canonical(AF_INET6, text.substr(1, end - 1));
  if (!host) {
    return fail(Errc::Invalid,
                "in brackets stands an IPv6 address, and a port behind: \"[::1]:8080\"");
  }
  return at_host(Kind::V6, *host, text.substr(end + 2));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Of IPv6 wildcards, too, as nearly every machine is set up (net.ipv6.bindv6only = 0).
bool covers(const ListenAddress& one, const ListenAddress& other) {
  switch (one.kind) {
    case Kind::EveryAddress:
      return true;
    case Kind::V4:
      return other.kind == Kind::V4 && (one.host == kEveryV4 || one.host == other.host);
    case Kind::V6:
      return one.host == kEveryV6 || one.host == other.host;
    case Kind::Local:
      return false;
  }
  return false;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return at_path(text);
  if (is_number(text) || text == kPlaceholder) return at_host(Kind::EveryAddress, {}, text);
  if (text.starts_with('[')) return at_bracketed(text);
  if (canonical(AF_INET6, text)) {
    return fail(Errc::Invalid,
                "an IPv6 address stands in brackets, and a port behind: \"[{}]:8080\"", text);
  }
  if (canonical(AF_INET, text)) {
    return fail(Errc::Invalid, "its port is missing: \"{}:8080\"", text);
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(
        Errc::Invalid,
        "neither a port (\"8080\") nor an address (\"127.0.0.1:8080\", \"[::1]:8080\") nor a "
        "path, which has a slash (\"./app.sock\")");
  }
  const auto host = canonical(AF_INET, text.substr(0, colon));
  if (!host) {
    return fail(
        Errc::Invalid,
        "before the port stands an IPv4 address (\"127.0.0.1:8080\"), or an IPv6 address in "
        "brackets (\"[::1]:8080\"); a host name may mean several addresses");
  }
  return at_host(Kind::V4, *host, text.substr(colon + 1));
}

std::string to_text(const ListenAddress& address) {
  if (address.kind == Kind::Local) return address.path;
  const auto port = address.port == 0 ? std::string(kPlaceholder) : std::to_string(address.port);
  switch (address.kind) {
    case Kind::V4:
      return address.host + ':' + port;
    case Kind::V6:
      return '[' + address.host + "]:" + port;
    case Kind::EveryAddress:
    case Kind::Local:
      break;
  }
  return port;
}

bool are_exclusive(const ListenAddress& one, const ListenAddress& other) {
  if (one.kind == Kind::Local || other.kind == Kind::Local) return one == other;
  return one.port == other.port && (covers(one, other) || covers(other, one));
}

}  // namespace poltergeist
