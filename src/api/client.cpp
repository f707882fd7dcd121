// SPDX-License-Identifier: MIT
#include "api/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "sys/clock.h"
#include "sys/unix_socket.h"

namespace poltergeist::api {

namespace {

constexpr std::string_view kGone = "the daemon ended the connection";

std::optional<Instant> deadline_in(std::optional<Milliseconds> patience) {
  if (!patience) return std::nullopt;
  return now() + *patience;
}

int poll_timeout(std::optional<Instant> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<Milliseconds>(*deadline - now()).count();
  return left < 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left, 1 << 30));
}

std::string text_of(ProtocolRange range) {
  if (range.oldest == range.newest) return std::to_string(range.newest);
  return fmt::format("{} to {}", range.oldest, range.newest);
}

Failure fail_as_foreign(const Hello& hello) {
  const bool is_newer = hello.protocols.oldest > kProtocols.newest;
  return fail(Errc::Protocol,
              "the daemon ({}) is {} than this program: it speaks protocol {}, this one {}; "
              "{}`poltergeist restart` starts a daemon of this version in its place",
              hello.version, is_newer ? "newer" : "older", text_of(hello.protocols),
              text_of(kProtocols), is_newer ? "update this one, or " : "");
}

}  // namespace

Result<Client> Client::open(const std::filesystem::path& socket) {
  // Never waiting: a daemon that accepts nobody would keep us here for ever.
  auto connection = connect_at_once(socket);
  if (!connection && connection.error().code == Errc::Busy) return fail(connection.error());
  if (!connection) return fail(Errc::Unavailable, "{}", connection.error().message);
  if (::fcntl(connection->get(), F_SETFL, 0) != 0) return fail_errno("{}", socket.string());
  return Client(std::move(*connection));
}

Result<Client> Client::connect(const std::filesystem::path& socket, Milliseconds patience,
                               Speaks speaks) {
  auto client = open(socket);
  if (!client) return fail(client.error());
  if (auto greeted = client->await_greeting(patience, speaks); !greeted) {
    return fail(greeted.error(), "{}", socket.string());
  }
  return client;
}

Result<void> Client::await_greeting(Milliseconds patience, Speaks speaks) {
  const auto first = message_before(deadline_in(patience));
  if (!first) return fail(first.error(), "waiting for the daemon's greeting");
  return take_greeting(*first, speaks);
}

Result<void> Client::take_greeting(const Message& first, Speaks speaks) {
  const auto* greeting = std::get_if<Notification>(&first);
  if (greeting == nullptr || greeting->method != method::kHello) {
    return fail(Errc::Protocol, "what listens there is no daemon of ours");
  }
  auto hello = from_json<Hello>(greeting->params);
  if (!hello) return fail(Errc::Protocol, "{}", hello.error().message);
  if (speaks == Speaks::Ours && !common_protocol(kProtocols, hello->protocols)) {
    return fail_as_foreign(*hello);
  }
  hello_ = std::move(*hello);
  return {};
}

tl::expected<Json, RpcError> Client::call_rpc(std::string_view method, const Json& params,
                                              std::optional<Milliseconds> patience,
                                              const OnNotification& on_notification) {
  const auto deadline = deadline_in(patience);
  const auto sent = send_request(method, params);
  if (!sent) return tl::unexpected<RpcError>(to_rpc_error(sent.error()));
  const RequestId id = *sent;
  while (true) {
    auto message = message_before(deadline);
    if (!message) return tl::unexpected<RpcError>(to_rpc_error(message.error()));
    if (const auto* note = std::get_if<Notification>(&*message)) {
      if (on_notification) on_notification(*note);
    } else if (auto* response = std::get_if<Response>(&*message)) {
      if (!response->id || *response->id == id) return std::move(response->outcome);
    }
  }
}

Result<Json> Client::call(std::string_view method, const Json& params,
                          std::optional<Milliseconds> patience,
                          const OnNotification& on_notification) {
  auto answer = call_rpc(method, params, patience, on_notification);
  if (!answer) return fail(to_error(answer.error()));
  return std::move(*answer);
}

Result<std::int64_t> Client::send_request(std::string_view method, const Json& params) {
  const std::int64_t id = ++last_id_;
  if (auto sent = send(encode(Request{id, std::string(method), params})); !sent) {
    return fail(sent.error());
  }
  return id;
}

Result<Message> Client::next_message(std::optional<Milliseconds> patience) {
  return message_before(deadline_in(patience));
}

Result<Notification> Client::next_notification(std::optional<Milliseconds> patience) {
  const auto deadline = deadline_in(patience);
  while (true) {
    auto message = message_before(deadline);
    if (!message) return fail(message.error());
    if (auto* note = std::get_if<Notification>(&*message)) return std::move(*note);
  }
}

bool Client::has_buffered() {
  if (!pending_line_) pending_line_ = lines_.take_line();
  return pending_line_.has_value();
}

Result<Message> Client::message_before(std::optional<Instant> deadline) {
  while (!has_buffered()) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, poll_timeout(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return fail_errno("waiting for the daemon");
    if (ready == 0) return fail(Errc::Timeout, "the daemon did not answer in time");
    std::array<char, 64 << 10> bytes;
    const ssize_t count = ::read(socket_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(Errc::Unavailable, "{}", kGone);
    if (!lines_.feed({bytes.data(), static_cast<std::size_t>(count)})) {
      return fail(Errc::Protocol, "the daemon sent a line of over {} bytes", kLongestMessage);
    }
  }
  const std::string line = std::move(*pending_line_);
  pending_line_.reset();
  auto message = decode(line);
  if (!message) return fail(Errc::Protocol, "the daemon's answer: {}", message.error().message);
  return std::move(*message);
}

Result<void> Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Errc::Unavailable, "{}", kGone);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace poltergeist::api
