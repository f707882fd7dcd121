// SPDX-License-Identifier: MIT
#include "support/fake_daemon.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "sys/unix_socket.h"

namespace poltergeist::test {

namespace {

constexpr std::chrono::seconds kPatience{60};

void send_all(int fd, const std::string& bytes) {
  [[maybe_unused]] const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace

FakeDaemon::FakeDaemon(std::filesystem::path socket, std::filesystem::path root)
    : socket_(std::move(socket)),
      root_(std::move(root)),
      listener_(listen_at(socket_).value()),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { serve(); }) {}

FakeDaemon::~FakeDaemon() {
  change([this] { ending_ = true; });
  thread_.join();
}

void FakeDaemon::settle(const api::TargetAnswer& answer) {
  change([&] {
    targets_[answer.target] = answer;
    building_[answer.target] = false;
  });
}

void FakeDaemon::begin_build(const std::string& target) {
  change([&] { building_[target] = true; });
}

void FakeDaemon::hold(const std::function<bool(const api::WaitParams&)>& held) {
  change([&] { held_ = held; });
}

void FakeDaemon::refuse(const api::RpcError& error) {
  change([&] { refusal_ = error; });
}

void FakeDaemon::note(const api::ProgressNote& note) {
  change([&] {
    const auto line =
        api::encode(api::Notification{std::string(api::method::kProgress), api::to_json(note)});
    for (auto& connection : connections_) {
      const bool follows =
          std::any_of(connection.resting.begin(), connection.resting.end(),
                      [](const Resting& resting) { return resting.params.follow; });
      if (follows) send_all(connection.fd.get(), line);
    }
  });
}

void FakeDaemon::speak(api::ProtocolRange protocols) {
  change([&] { protocols_ = protocols; });
}

void FakeDaemon::when_stopped(std::function<void()> stopped) {
  change([&] { stopped_ = std::move(stopped); });
}

void FakeDaemon::stop_serving() {
  connections_.clear();
  listener_.reset();
  std::filesystem::remove(socket_);
}

void FakeDaemon::die() {
  change([this] { stop_serving(); });
}

void FakeDaemon::revive() {
  change([this] { listener_ = listen_at(socket_).value(); });
}

std::vector<api::WaitParams> FakeDaemon::waits() const {
  const std::lock_guard lock(mutex_);
  return waits_;
}

bool FakeDaemon::await_waits(std::size_t count) {
  return await([&] { return waits_.size() >= count; });
}

bool FakeDaemon::await_resting(const std::function<bool(const api::WaitParams&)>& wanted) {
  return await([&] {
    return std::any_of(connections_.begin(), connections_.end(), [&](const Connection& one) {
      return std::any_of(one.resting.begin(), one.resting.end(),
                         [&](const Resting& resting) { return wanted(resting.params); });
    });
  });
}

bool FakeDaemon::await_connections(std::size_t count) {
  return await([&] { return connections_.size() == count; });
}

void FakeDaemon::change(const std::function<void()>& what) {
  const std::lock_guard lock(mutex_);
  what();
  for (auto& connection : connections_) answer_resting(connection);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

bool FakeDaemon::await(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, condition);
}

void FakeDaemon::serve() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    std::vector<pollfd> polled{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const auto& connection : connections_) polled.push_back({connection.fd.get(), POLLIN, 0});
    lock.unlock();
    ::poll(polled.data(), polled.size(), -1);
    lock.lock();
    std::uint64_t count = 0;
    [[maybe_unused]] const auto drained = ::read(wake_.get(), &count, sizeof count);
    if (listener_) {
      if (auto accepted = accept_from(listener_.get()); accepted && *accepted) {
        const api::Hello hello{.protocols = protocols_,
                               .version = "0.1.0",
                               .project = root_.string(),
                               .pid = ::getpid()};
        send_all(accepted->get(), api::encode(api::Notification{std::string(api::method::kHello),
                                                                api::to_json(hello)}));
        connections_.push_back({std::move(*accepted), {}, {}});
      }
    }
    for (auto& connection : connections_) read_from(connection);
    if (std::exchange(stopping_, false)) {
      stop_serving();
      stopped_();
    }
    connections_.remove_if([](const Connection& connection) { return !connection.fd; });
    changed_.notify_all();
  }
}

void FakeDaemon::read_from(Connection& connection) {
  std::array<char, 4096> bytes{};
  ssize_t count = 0;
  while ((count = ::read(connection.fd.get(), bytes.data(), bytes.size())) > 0) {
    if (!connection.lines.feed({bytes.data(), static_cast<std::size_t>(count)})) break;
  }
  while (const auto line = connection.lines.take_line()) {
    const auto message = api::decode(*line);
    if (!message) continue;
    if (const auto* request = std::get_if<api::Request>(&*message)) {
      take_request(connection, *request);
    }
  }
  if (count == 0) connection.fd.reset();
}

void FakeDaemon::take_request(Connection& connection, const api::Request& request) {
  if (request.method == api::method::kStop && stopped_) {
    stopping_ = true;
    send_all(connection.fd.get(),
             api::encode(api::Response{request.id, api::Json{{"stopping", true}}}));
    return;
  }
  const auto params = api::from_json<api::WaitParams>(request.params);
  if (request.method != api::method::kWait || !params) {
    const api::RpcError error{api::ErrorCode::MethodNotFound, "only waits here", nullptr};
    send_all(connection.fd.get(),
             api::encode(api::Response{request.id, tl::unexpected<api::RpcError>(error)}));
    return;
  }
  waits_.push_back(*params);
  connection.resting.push_back({request.id, *params});
  answer_resting(connection);
}

void FakeDaemon::answer_resting(Connection& connection) {
  connection.resting.remove_if([&](const Resting& resting) {
    const auto response = response_for(resting);
    if (response) send_all(connection.fd.get(), api::encode(*response));
    return response.has_value();
  });
}

std::optional<api::Response> FakeDaemon::response_for(const Resting& resting) const {
  const auto refused = [&](const api::RpcError& error) {
    return api::Response{resting.id, tl::unexpected<api::RpcError>(error)};
  };
  if (held_ && held_(resting.params)) return std::nullopt;
  if (refusal_) return refused(*refusal_);
  api::WaitResult result;
  result.watch.state = "ok";
  for (const auto& [name, answer] : targets_) {
    if (!resting.params.target || *resting.params.target == name) result.targets.push_back(answer);
  }
  if (resting.params.target && result.targets.empty()) {
    return refused({api::ErrorCode::NotFound,
                    "no target \"" + *resting.params.target + "\"; did you mean \"app\"?",
                    nullptr});
  }
  for (auto& answer : result.targets) {
    const auto building = building_.find(answer.target);
    if (building != building_.end() && building->second) {
      if (!resting.params.no_build) return std::nullopt;
      answer.answer = api::Answer::Stale;
      answer.reason = "it is being built";
    }
    if (resting.params.after && answer.build <= *resting.params.after) return std::nullopt;
  }
  return api::Response{resting.id, api::to_json(result)};
}

}  // namespace poltergeist::test
