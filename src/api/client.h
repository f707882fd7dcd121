// SPDX-License-Identifier: MIT
// A blocking connection to a daemon, for the command line: hello, then calls one after the other.
// The end of the connection is an error at once (Errc::Unavailable), never a wait.
#pragma once

#include <filesystem>
#include <functional>

#include "api/framing.h"
#include "api/messages.h"
#include "base/time.h"
#include "sys/unique_fd.h"

namespace poltergeist::api {

class Client {
 public:
  // Called for each notification that arrives during a call.
  using OnNotification = std::function<void(const Notification&)>;

  // Whom a connection is for: Any may not speak a version of the protocol that we do. He can be
  // asked to stop, and nothing else.
  enum class Speaks { Ours, Any };

  // Connects and reads the daemon's hello within `patience`. Errc::Unavailable if nobody listens
  // there, Errc::Timeout if somebody does but does not answer, Errc::Protocol for another protocol.
  [[nodiscard]] static Result<Client> connect(const std::filesystem::path& socket,
                                              Milliseconds patience = Milliseconds(5000),
                                              Speaks speaks = Speaks::Ours);

  // The same for those who may not wait: whoever listens there has not spoken yet. Errc::Busy if so
  // many wait for him already that nobody more can. The first message that comes belongs to
  // take_greeting(); requests may be sent before it.
  [[nodiscard]] static Result<Client> open(const std::filesystem::path& socket);
  // Reads it. Errc::Timeout if it has not come within `patience`; then it may be asked for again.
  [[nodiscard]] Result<void> await_greeting(Milliseconds patience, Speaks speaks = Speaks::Ours);
  // Errc::Protocol if it is no greeting, or one of another protocol.
  [[nodiscard]] Result<void> take_greeting(const Message& first, Speaks speaks = Speaks::Ours);

  // Sends a request and waits for its answer, at most `patience` (absent: as long as it takes).
  [[nodiscard]] Result<Json> call(std::string_view method, const Json& params = Json::object(),
                                  std::optional<Milliseconds> patience = std::nullopt,
                                  const OnNotification& on_notification = {});
  // The same with the error as it travelled, code and data included.
  [[nodiscard]] tl::expected<Json, RpcError> call_rpc(
      std::string_view method, const Json& params = Json::object(),
      std::optional<Milliseconds> patience = std::nullopt,
      const OnNotification& on_notification = {});
  // The same in two steps, for those who wait for more than this connection: sends a request and
  // gives its id back, …
  [[nodiscard]] Result<std::int64_t> send_request(std::string_view method,
                                                  const Json& params = Json::object());
  // … then takes the messages as they come. Errc::Timeout if there is none within `patience`; with
  // 0 it never waits.
  [[nodiscard]] Result<Message> next_message(std::optional<Milliseconds> patience);
  // Waits for the next notification (after `events`).
  [[nodiscard]] Result<Notification> next_notification(
      std::optional<Milliseconds> patience = std::nullopt);

  [[nodiscard]] const Hello& hello() const { return hello_; }
  // For those who wait for more than this connection. Readable data may already be buffered: call
  // has_buffered() before polling.
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool has_buffered();

 private:
  explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}
  [[nodiscard]] Result<Message> message_before(std::optional<Instant> deadline);
  [[nodiscard]] Result<void> send(std::string_view bytes);

  UniqueFd socket_;
  LineReader lines_;
  std::optional<std::string> pending_line_;
  Hello hello_;
  std::int64_t last_id_ = 0;
};

}  // namespace poltergeist::api
