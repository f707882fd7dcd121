// SPDX-License-Identifier: MIT
#include "daemon/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

namespace poltergeist::daemon {

Result<std::unique_ptr<Connection>> Connection::open(Loop& loop, UniqueFd socket,
                                                     OnMessage on_message, OnClosed on_closed) {
  std::unique_ptr<Connection> connection(
      new Connection(loop, std::move(socket), std::move(on_message), std::move(on_closed)));
  auto ready =
      loop.watch(connection->socket_.get(), EPOLLIN, "a client",
                 [self = connection.get()](std::uint32_t events) { self->on_ready(events); });
  if (!ready) return fail(ready.error());
  connection->ready_ = std::move(*ready);
  return connection;
}

void Connection::send(const api::Message& message) {
  if (broken_) return;
  unsent_.add(api::encode(message));
  if (!write_some() || unsent_.must_drop()) {
    // Closed from the loop, not from here: the caller is in the middle of using us.
    broken_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);
  }
  update_interest();
}

void Connection::on_ready(std::uint32_t events) {
  const auto alive = alive_;
  bool open = !broken_;
  if (open && (events & EPOLLOUT) != 0) open = write_some();
  if (open && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) open = read_some();
  // What came before the end of the connection is still carried out.
  handle_lines();
  if (!*alive) return;
  if (!open || broken_) {
    const auto closed = on_closed_;
    closed();
    return;
  }
  update_interest();
}

bool Connection::read_some() {
  std::array<char, 64 << 10> bytes;
  const ssize_t count = ::read(socket_.get(), bytes.data(), bytes.size());
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  if (lines_.feed({bytes.data(), static_cast<std::size_t>(count)})) return true;
  unsent_.add(api::encode(api::Response{
      std::nullopt,
      tl::unexpected<api::RpcError>(api::RpcError{
          api::ErrorCode::InvalidRequest,
          fmt::format("a line has at most {} bytes", api::kLongestMessage), nullptr})}));
  [[maybe_unused]] const bool told = write_some();
  return false;
}

void Connection::handle_lines() {
  const auto alive = alive_;
  while (!unsent_.above_high_water()) {
    const auto line = lines_.take_line();
    if (!line) return;
    auto message = api::decode(*line);
    if (message) {
      on_message_(std::move(*message));
    } else {
      send(api::Response{std::nullopt, tl::unexpected<api::RpcError>(std::move(message.error()))});
    }
    if (!*alive) return;
  }
}

bool Connection::write_some() {
  while (!unsent_.empty()) {
    const auto bytes = unsent_.unsent();
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    unsent_.sent(static_cast<std::size_t>(count));
  }
  return true;
}

void Connection::update_interest() {
  std::uint32_t events = unsent_.above_high_water() ? 0U : EPOLLIN;
  if (!unsent_.empty()) events |= EPOLLOUT;
  loop_.change(ready_, events);
}

}  // namespace poltergeist::daemon
