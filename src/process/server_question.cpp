// SPDX-License-Identifier: MIT
#include "process/server_question.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "process/http_status.h"
#include "process/loopback.h"
#include "process/probe_schedule.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

constexpr std::array kAddresses{Loopback::V4, Loopback::V6};

std::string subject_for(int port, const std::string& path) {
  return path.empty() ? fmt::format("port {}", port) : fmt::format("GET {} on port {}", path, port);
}

std::string request_for(int port, const std::string& path) {
  if (path.empty()) return {};
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nUser-Agent: poltergeist\r\n"
      "Accept: */*\r\n\r\n",
      path, port);
}

bool is_passing(int number) {
  return number == EAGAIN || number == EINTR;
}

}  // namespace

// The question as it is put to one address. Its owner is told how it ended, and may destroy it
// then.
class ServerQuestion::Talk {
 public:
  explicit Talk(ServerQuestion& question) : question_(question), unsent_(question.request_) {}

  // An answer if there is none to wait for; then the owner is not told.
  [[nodiscard]] std::optional<Answer> begin(Loopback address) {
    auto socket = begin_connect(address, question_.port_);
    if (!socket) return answer_for(socket.error());
    auto ready = question_.loop_.watch(socket->get(), EPOLLOUT, question_.subject_,
                                       [this](std::uint32_t) { go_on(); });
    if (!ready) return answer_for(ready.error());
    socket_ = std::move(*socket);
    ready_ = std::move(*ready);
    return std::nullopt;
  }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }

 private:
  void go_on() {
    if (!is_connected_) return connect();
    if (!unsent_.empty()) return send();
    receive();
  }

  void connect() {
    const auto connected = finish_connect(socket_.get(), question_.port_);
    if (!connected) return end(answer_for(connected.error()));
    is_connected_ = true;
    if (unsent_.empty()) return end({.finding = Finding::Ready});
    send();
  }

  void send() {
    const ssize_t count = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count < 0 && is_passing(errno)) return;
    // A server that reads nothing may have answered all the same.
    unsent_.remove_prefix(count < 0 ? unsent_.size() : static_cast<std::size_t>(count));
    if (unsent_.empty()) question_.loop_.change(ready_, EPOLLIN);
  }

  void receive() {
    std::array<char, kLongestStatusLine> bytes{};
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size() - received_.size(), 0);
    if (count < 0 && is_passing(errno)) return;
    if (count <= 0) return end(closed());
    received_.append(bytes.data(), static_cast<std::size_t>(count));
    const auto said = read_http_status(received_);
    if (std::holds_alternative<NotHttp>(said)) return end(answered("what answers is not HTTP"));
    if (const auto* status = std::get_if<HttpStatus>(&said)) {
      end(status->is_good() ? Answer{.finding = Finding::Ready} : answered(status->text()));
    }
  }

  [[nodiscard]] Answer answered(std::string_view what) const {
    return {.finding = Finding::Answered, .text = fmt::format("{}: {}", question_.subject_, what)};
  }
  [[nodiscard]] Answer closed() const { return answered("closed without an answer"); }
  [[nodiscard]] Answer answer_for(const Error& error) const {
    if (error.code == Errc::Unavailable) {
      return {.finding = Finding::Refused,
              .text = fmt::format("port {} refuses connections", question_.port_)};
    }
    return {.finding = Finding::Trouble,
            .text = fmt::format("{}: {}", question_.subject_, error.message)};
  }

  void end(Answer answer) {
    ready_.reset();
    socket_.reset();
    question_.on_talk_ended(std::move(answer));  // may destroy this
  }

  ServerQuestion& question_;
  std::string_view unsent_;  // the rest of the question's request
  bool is_connected_ = false;
  std::string received_;  // shorter than kLongestStatusLine
  UniqueFd socket_;
  Loop::Handle ready_;
};

ServerQuestion::ServerQuestion(Loop& loop, int port, const std::string& path, Milliseconds within,
                               OnAnswer on_answer)
    : loop_(loop),
      port_(port),
      subject_(subject_for(port, path)),
      request_(request_for(port, path)),
      within_(within),
      on_answer_(std::move(on_answer)) {
  for (std::size_t i = 0; i < kAddresses.size(); ++i) {
    talks_.at(i) = std::make_unique<Talk>(*this);
    if (auto answer = talks_.at(i)->begin(kAddresses.at(i))) note(std::move(*answer));
  }
  // With nothing to wait for the answer comes from the loop all the same.
  time_out_ = loop_.at(is_open() ? now() + within_ : now(), subject_, [this] { on_time_out(); });
}

ServerQuestion::~ServerQuestion() = default;

bool ServerQuestion::is_open() const {
  return std::any_of(talks_.begin(), talks_.end(),
                     [](const auto& talk) { return talk->is_open(); });
}

void ServerQuestion::note(Answer answer) {
  if (!best_ || best_->finding < answer.finding) best_ = std::move(answer);
}

void ServerQuestion::on_talk_ended(Answer answer) {
  note(std::move(answer));
  if (best_->is_ready() || !is_open()) finish();
}

void ServerQuestion::on_time_out() {
  if (is_open()) {
    note({.finding = Finding::Silent,
          .text = fmt::format("{}: no answer within {}", subject_, limit_text(within_))});
  }
  finish();
}

void ServerQuestion::finish() {
  time_out_.reset();
  for (auto& talk : talks_) talk.reset();
  const auto on_answer = std::move(on_answer_);
  const auto answer = std::move(*best_);
  on_answer(answer);  // may destroy this
}

}  // namespace poltergeist::process
