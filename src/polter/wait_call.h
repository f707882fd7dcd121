// SPDX-License-Identifier: MIT
// One `wait` at a time on a connection of its own that the loop watches. Destroying it closes the
// connection: what was asked is forgotten, and a lease is given back.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "api/client.h"
#include "sys/loop.h"

namespace poltergeist::polter {

using Answered = tl::expected<api::TargetAnswer, api::RpcError>;

struct WaitEvents {
  // Called once per ask(), from the loop, and once if the connection ends
  // (ErrorCode::Unavailable), also while nothing is asked. May destroy the WaitCall.
  std::function<void(Answered)> answered;
  // Must not destroy it.
  std::function<void(const api::ProgressNote&)> progress = nullptr;
};

class WaitCall {
 public:
  // Errc::Unavailable if nobody listens there, Errc::Busy if he lets nobody in. Whether it is a
  // daemon that answers comes with the answer.
  [[nodiscard]] static Result<std::unique_ptr<WaitCall>> connect(
      Loop& loop, const std::filesystem::path& socket, WaitEvents events);
  WaitCall(const WaitCall&) = delete;
  WaitCall& operator=(const WaitCall&) = delete;

  // Not while an earlier one is unanswered. `params` names a target.
  void ask(const api::WaitParams& params);
  // No more calls; the connection stays open, for the lease.
  void stop_listening();

 private:
  WaitCall(Loop& loop, api::Client client, WaitEvents events);
  void look_whether_stopped();
  void read_messages();
  // False if it was the end of the call.
  bool take(const api::Message& message);
  void end(const Error& error);
  void settle(Answered answer);

  Loop& loop_;
  api::Client client_;
  WaitEvents events_;
  Loop::Handle readable_;  // after client_: leaves epoll before the socket closes
  bool greeted_ = false;
  Loop::Handle overdue_;  // a daemon greets at once, unless it is stopped or no daemon
  Loop::Handle broken_;   // tells of a request that could not be sent, from the loop
};

}  // namespace poltergeist::polter
