// SPDX-License-Identifier: MIT
// Ports and servers of a test's own, on the loopback addresses and on the test's loop.
#pragma once

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "process/chaos_world.h"
#include "process/loopback.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

union Address {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

inline UniqueFd bound_socket(Loopback loopback, int port) {
  Address address{};
  const bool is_v4 = loopback == Loopback::V4;
  if (is_v4) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(static_cast<std::uint16_t>(port));
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.v6.sin6_addr = in6addr_loopback;
  }
  UniqueFd socket(
      ::socket(address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const socklen_t size = is_v4 ? sizeof address.v4 : sizeof address.v6;
  if (!socket || ::bind(socket.get(), &address.generic, size) != 0) return {};
  return socket;
}

// A port that is nobody else's: it refuses connections until listen().
class Port {
 public:
  explicit Port(Loopback loopback = Loopback::V4, int number = 0)
      : socket_(bound_socket(loopback, number)) {
    Address address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket_.get(), &address.generic, &size) != 0) return;
    number_ = ntohs(loopback == Loopback::V4 ? address.v4.sin_port : address.v6.sin6_port);
  }
  // Whether the machine has such an address, and nobody else this port of it.
  [[nodiscard]] bool exists() const { return number_ != 0; }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] int socket() const { return socket_.get(); }
  void listen(int backlog = 16) const { REQUIRE(::listen(socket_.get(), backlog) == 0); }

 private:
  UniqueFd socket_;
  int number_ = 0;
};

// The same port of both addresses; not there if the machine has no IPv6.
struct BothPorts {
  BothPorts() {
    constexpr int kMostTries = 100;  // somebody else may have the other one
    for (int i = 0; i < kMostTries && !exists(); ++i) {
      v4 = Port();
      v6 = Port(Loopback::V6, v4.number());
    }
  }
  [[nodiscard]] bool exists() const { return v6.exists(); }
  [[nodiscard]] int number() const { return v4.number(); }

  Port v4;
  Port v6 = Port(Loopback::V6, v4.number());
};

// Listens, and does with each connection and each request what the test says.
class Server {
 public:
  struct Peer {
    UniqueFd socket;
    std::string received;
    Loop::Handle readable;

    void send(std::string_view text) const {
      CHECK(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
    }
    void close() {
      readable.reset();
      socket.reset();
    }
  };
  using OnPeer = std::function<void(Peer& peer)>;

  Server(const World& world, const Port& port, OnPeer on_request, OnPeer on_accepted = nullptr)
      : loop_(*world.loop), on_request_(std::move(on_request)), on_accepted_(on_accepted) {
    port.listen();
    acceptable_ = loop_
                      .watch(port.socket(), EPOLLIN, "a server",
                             [this, listener = port.socket()](std::uint32_t) { accept(listener); })
                      .value();
  }

  std::vector<std::string> requests;
  int accepted = 0;
  int left = 0;          // closed by who asked
  int most_at_once = 0;  // that were open

 private:
  void accept(int listener) {
    peers_.emplace_back();
    auto& peer = peers_.back();
    peer.socket = UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    REQUIRE(peer.socket);
    ++accepted;
    most_at_once = std::max(most_at_once, accepted - left);
    peer.readable = loop_
                        .watch(peer.socket.get(), EPOLLIN, "a peer",
                               [this, &peer](std::uint32_t) { receive(peer); })
                        .value();
    if (on_accepted_) on_accepted_(peer);
  }

  void receive(Peer& peer) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(peer.socket.get(), bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      ++left;
      return peer.close();
    }
    peer.received.append(bytes.data(), static_cast<std::size_t>(count));
    if (!peer.received.ends_with("\r\n\r\n")) return;
    requests.push_back(peer.received);
    on_request_(peer);
  }

  Loop& loop_;
  OnPeer on_request_;
  OnPeer on_accepted_;
  std::list<Peer> peers_;
  Loop::Handle acceptable_;
};

inline Server::OnPeer says(std::string text) {
  return [text = std::move(text)](Server::Peer& peer) { peer.send(text); };
}
inline void say_nothing(Server::Peer& /*peer*/) {}

}  // namespace poltergeist::process
