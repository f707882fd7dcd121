// SPDX-License-Identifier: MIT
// One client of the daemon: bytes to messages and back on the loop, with back-pressure. A client
// that does not read what it asked for is not read from either, and dropped in the end; it never
// delays anybody.
#pragma once

#include <functional>
#include <memory>

#include "api/framing.h"
#include "api/json_rpc.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::daemon {

class Connection {
 public:
  using OnMessage = std::function<void(api::Message)>;
  using OnClosed = std::function<void()>;

  // `on_closed` is called once, when the other side is gone or was dropped, from the loop; the
  // owner may destroy the connection in it. Neither callback is called from within send().
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(Loop& loop, UniqueFd socket,
                                                                OnMessage on_message,
                                                                OnClosed on_closed);

  // Queues a message and writes what the socket takes.
  void send(const api::Message& message);

 private:
  Connection(Loop& loop, UniqueFd socket, OnMessage on_message, OnClosed on_closed)
      : loop_(loop),
        socket_(std::move(socket)),
        on_message_(std::move(on_message)),
        on_closed_(std::move(on_closed)) {}
  void on_ready(std::uint32_t events);
  [[nodiscard]] bool read_some();
  void handle_lines();
  [[nodiscard]] bool write_some();
  void update_interest();

  Loop& loop_;
  UniqueFd socket_;
  Loop::Handle ready_;  // after socket_
  OnMessage on_message_;
  OnClosed on_closed_;
  api::LineReader lines_;
  api::WriteBuffer unsent_;
  bool broken_ = false;
  // Tells a callback's caller that the connection was destroyed meanwhile.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 public:
  ~Connection() { *alive_ = false; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
};

}  // namespace poltergeist::daemon
