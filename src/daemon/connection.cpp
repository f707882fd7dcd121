// SPDX-License-Identifier: MIT
#include "daemon/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

#include "sys/clock.h"

namespace poltergeist::daemon {

Result<std::unique_ptr<Connection>> Connection::open(Loop& loop, UniqueFd socket,
                                                     OnMessage on_message, OnClosed on_closed,
                                                     Milliseconds patience) {
  std::unique_ptr<Connection> connection(new Connection(
      loop, std::move(socket), std::move(on_message), std::move(on_closed), patience));
  auto ready =
      loop.watch(connection->socket_.get(), EPOLLIN, "a client",
                 [self = connection.get()](std::uint32_t events) { self->on_ready(events); });
  if (!ready) return fail(ready.error());
  connection->ready_ = std::move(*ready);
  return connection;
}

void Connection::send(const api::Message& message) {
  send_line(api::encode(message));
}

void Connection::send_line(std::string_view line) {
  if (broken_) return;
  unsent_.add(line);
  if (!write_some() || unsent_.must_drop()) {
    // Closed from the loop, not from here: the caller is in the middle of using us.
    broken_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);
  }
  update_interest();
}

void Connection::when_taken(std::function<void()> then) {
  when_taken_ = std::move(then);
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
  if (when_taken_ && unsent_.empty()) std::exchange(when_taken_, nullptr)();
  if (!*alive) return;
  if (!open || broken_) return close();
  update_interest();
}

void Connection::close() {
  const auto closed = on_closed_;
  closed();
}

bool Connection::read_some() {
  std::array<char, 64 << 10> bytes;
  const ssize_t count = ::read(socket_.get(), bytes.data(), bytes.size());
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  if (lines_.feed({bytes.data(), static_cast<std::size_t>(count)})) return true;
  lines_ = {};  // it may have come to its end meanwhile, and is not to be carried out all the same
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
  // It may destroy us, and would destroy itself with us in the middle of its work.
  const auto on_message = on_message_;
  while (true) {
    if (!waiting_) waiting_ = lines_.take_line();
    if (!waiting_ || unsent_.above_high_water()) return;
    auto message = api::decode(*waiting_);
    waiting_.reset();
    if (message) {
      on_message(std::move(*message));
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
    impatience_.reset();
  }
  return true;
}

// A client that asks on without reading is not read from until it does. Most such clients stand in
// a send that only we could end: either way, it comes to an end.
void Connection::update_interest() {
  std::uint32_t events = waiting_ ? 0U : EPOLLIN;
  // For one that waits as well: what it waits for may have been sent outside of the loop.
  if (!unsent_.empty() || waiting_) events |= EPOLLOUT;
  loop_.change(ready_, events);
  if (!waiting_ && !when_taken_) {
    impatience_.reset();
  } else if (!impatience_) {
    impatience_ = loop_.at(now() + patience_, "a client that does not read", [this] { close(); });
  }
}

}  // namespace poltergeist::daemon
