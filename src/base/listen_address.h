// SPDX-License-Identifier: MIT
// Where a program listens, as people write it and as systemd reads it in ListenStream=: "8080",
// "127.0.0.1:8080", "[::1]:8080", "./run/app.sock". No host names: one name can be several
// addresses, or another one tomorrow.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace poltergeist {

// The longest path that a local socket can have on Linux (sun_path is 108 bytes with its end).
inline constexpr std::size_t kLongestSocketPath = 107;

struct ListenAddress {
  enum class Kind {
    EveryAddress,  // of the machine, IPv4 and IPv6
    V4,
    V6,
    Local  // a path
  };
  Kind kind = Kind::EveryAddress;
  std::string host;  // with V4 and V6, in the one form that inet_ntop() has for it
  int port = 0;      // 0: "{port}", which is not chosen yet; of Local always 0
  std::string path;  // with Local: lexically normal, absolute or relative

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// Errc::Invalid: what is wrong with it and how it is written instead.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);
// As it was written, or another spelling of the same.
[[nodiscard]] std::string to_text(const ListenAddress& address);

// Whether only one of them can be listened at: the same port, and one's addresses are among the
// other's; or the same path.
[[nodiscard]] bool are_exclusive(const ListenAddress& one, const ListenAddress& other);

}  // namespace poltergeist
