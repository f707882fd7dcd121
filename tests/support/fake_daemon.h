// SPDX-License-Identifier: MIT
// A daemon that builds nothing: it speaks docs/protocol.md on a socket of the test's and says of
// its targets what the test tells it. Runs on a thread of its own, so that a real client program
// can be driven from the outside.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/framing.h"
#include "api/messages.h"
#include "sys/unique_fd.h"

namespace poltergeist::test {

class FakeDaemon {
 public:
  FakeDaemon(std::filesystem::path socket, std::filesystem::path root);
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon();

  // What is so of a target from now on. Waits for it are answered: those with `after` if its build
  // is a later one.
  void settle(const api::TargetAnswer& answer);
  // The target is being built from now on: waits for it rest until it settles; with noBuild they
  // are answered "stale".
  void begin_build(const std::string& target);
  // Waits for which this is true rest, whatever else is so, until it is replaced.
  void hold(const std::function<bool(const api::WaitParams&)>& held);
  // Each wait is refused, those under way as well.
  void refuse(const api::RpcError& error);
  // Sent to every connection that follows.
  void note(const api::ProgressNote& note);

  // The versions that it says it speaks, to whoever connects from now on.
  void speak(api::ProtocolRange protocols);
  // Called when somebody asks it to stop, which it answers; then it dies.
  void when_stopped(std::function<void()> stopped);

  // As after `kill -9`: connections end, nobody listens.
  void die();
  void revive();

  // The waits that were asked so far. await_* say false after 60 s.
  [[nodiscard]] std::vector<api::WaitParams> waits() const;
  [[nodiscard]] bool await_waits(std::size_t count);
  // Until a wait for which `wanted` is true is under way, unanswered.
  [[nodiscard]] bool await_resting(const std::function<bool(const api::WaitParams&)>& wanted);
  // Until so many clients are connected.
  [[nodiscard]] bool await_connections(std::size_t count);

 private:
  struct Resting {
    api::RequestId id;
    api::WaitParams params;
  };
  struct Connection {
    UniqueFd fd;
    api::LineReader lines;
    std::list<Resting> resting;
  };

  void serve();
  void change(const std::function<void()>& what);
  void stop_serving();
  [[nodiscard]] bool await(const std::function<bool()>& condition);
  void read_from(Connection& connection);
  void take_request(Connection& connection, const api::Request& request);
  void answer_resting(Connection& connection);
  [[nodiscard]] std::optional<api::Response> response_for(const Resting& resting) const;

  std::filesystem::path socket_;
  std::filesystem::path root_;
  mutable std::mutex mutex_;  // guards all below; the thread lets go of it while it polls
  std::condition_variable changed_;
  std::map<std::string, api::TargetAnswer> targets_;
  std::map<std::string, bool> building_;
  std::optional<api::RpcError> refusal_;
  std::function<bool(const api::WaitParams&)> held_;
  std::vector<api::WaitParams> waits_;
  api::ProtocolRange protocols_ = api::kProtocols;
  std::function<void()> stopped_;
  bool stopping_ = false;
  std::list<Connection> connections_;
  UniqueFd listener_;
  UniqueFd wake_;  // an eventfd
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace poltergeist::test
