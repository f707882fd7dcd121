// SPDX-License-Identifier: MIT
// One client of the daemon: bytes to messages and back on the loop, with back-pressure. A client
// that does not read what it asked for is not read from either, and dropped in the end: when too
// much waits for it, or when it goes on asking and takes nothing for kPatience. It never delays
// anybody, and what is kept for it is bounded (api/framing.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/framing.h"
#include "api/json_rpc.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::daemon {

class Connection {
 public:
  using OnMessage = std::function<void(api::Message)>;
  using OnClosed = std::function<void()>;
  static constexpr Milliseconds kPatience{10'000};

  // `on_closed` is called once, when the other side is gone or was dropped, from the loop. The
  // owner may destroy the connection in either callback. Neither is called from within send().
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(Loop& loop, UniqueFd socket,
                                                                OnMessage on_message,
                                                                OnClosed on_closed,
                                                                Milliseconds patience = kPatience);

  // Queues a message and writes what the socket takes.
  void send(const api::Message& message);
  // The same with one that is encoded already.
  void send_line(std::string_view line);
  // For those who have much to send: they wait while this holds, and are called once, from the
  // loop, when all has been taken. A client that takes nothing for kPatience meanwhile is dropped.
  // One that is gone takes nothing any more, and is closed by the loop.
  [[nodiscard]] bool is_full() const { return broken_ || unsent_.above_high_water(); }
  void when_taken(std::function<void()> then);

 private:
  Connection(Loop& loop, UniqueFd socket, OnMessage on_message, OnClosed on_closed,
             Milliseconds patience)
      : loop_(loop),
        socket_(std::move(socket)),
        on_message_(std::move(on_message)),
        on_closed_(std::move(on_closed)),
        patience_(patience) {}
  void on_ready(std::uint32_t events);
  [[nodiscard]] bool read_some();
  void handle_lines();
  void close();
  [[nodiscard]] bool write_some();
  void update_interest();

  Loop& loop_;
  UniqueFd socket_;
  Loop::Handle ready_;  // after socket_
  OnMessage on_message_;
  OnClosed on_closed_;
  Milliseconds patience_;
  api::LineReader lines_;
  std::optional<std::string> waiting_;  // a request that is not looked at before answers are read
  api::WriteBuffer unsent_;
  std::function<void()> when_taken_;
  Loop::Handle impatience_;  // there while one waits, from the last byte that was taken
  bool broken_ = false;
  // Tells a callback's caller that the connection was destroyed meanwhile.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 public:
  ~Connection() { *alive_ = false; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
};

}  // namespace poltergeist::daemon
