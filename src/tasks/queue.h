// SPDX-License-Identifier: MIT
// Which execution's turn it is: named queues, a limit to how many of a queue execute at once,
// retries, cancellation. Events and `now` in, actions and one deadline out.
//
// Executions of a queue begin in the order of their numbers. One that waits for its next attempt
// takes nobody's place; when its time comes it goes before all that are younger. Each execution is
// settled exactly once, and two attempts of it never overlap.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/outcome.h"
#include "base/time.h"

namespace poltergeist::tasks {

struct QueueSettings {
  int concurrency = 1;           // of each queue
  std::set<std::string> queues;  // that are served; empty: all
  Duration heartbeat{0};         // between two signs of life of an execution; 0: none
};

// An execution, as it comes into the queue.
struct Ticket {
  ExecutionId id;
  std::string queue;
  int max_retries = 0;
  double backoff_multiplier = 2;
  int attempts = 0;                     // that it has behind it
  std::optional<Instant> not_before{};  // of its next attempt
};

// Start its attempt; on_ended() says what came of it, also if it could not be started.
struct StartAttempt {
  ExecutionId id;
  int attempt = 1;
};
// Stop it and everything it started; on_ended() comes as usual.
struct StopAttempt {
  ExecutionId id;
};
// The attempt that just ended is followed by another one, after `delay`.
struct AwaitRetry {
  ExecutionId id;
  Duration delay{0};
};
// A sign of life is due.
struct GiveHeartbeat {
  ExecutionId id;
};
// The end of it: the queue knows it no more.
struct Settle {
  ExecutionId id;
  ExecutionOutcome outcome = ExecutionOutcome::Success;
};
using QueueAction = std::variant<StartAttempt, StopAttempt, AwaitRetry, GiveHeartbeat, Settle>;
using QueueActions = std::vector<QueueAction>;

// What an attempt came to, as far as the queue cares.
struct AttemptEnd {
  Outcome outcome = Outcome::Success;
  std::optional<FailureKind> kind{};
};

class Queue {
 public:
  // What executes goes on, whatever the new settings say.
  QueueActions configure(QueueSettings settings, Instant now);
  // The number must be new.
  QueueActions submit(Ticket ticket, Instant now);
  QueueActions on_ended(ExecutionId id, AttemptEnd end, Instant now);
  // Nothing happens to one that is not known, or is being cancelled.
  QueueActions cancel(ExecutionId id, Instant now);
  // Nothing starts any more; what executes is stopped. What waits stays as it is.
  QueueActions close(Instant now);
  QueueActions on_time(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;

  [[nodiscard]] bool is_executing(ExecutionId id) const;
  [[nodiscard]] std::size_t executing() const { return executing_.size(); }
  // For their turn or for their next attempt.
  [[nodiscard]] std::size_t waiting() const { return tickets_.size() - executing_.size(); }
  // How many will begin before it in its queue; nothing for one that does not wait for its turn.
  [[nodiscard]] std::optional<std::size_t> position(ExecutionId id) const;

 private:
  struct Executing {
    Instant heartbeat;
    bool cancelled = false;
  };
  struct Lane {
    std::set<ExecutionId> ready;
    int executing = 0;
  };

  void start_ready(QueueActions& actions, Instant now);
  void start(Lane& lane, QueueActions& actions, Instant now);
  void settle(ExecutionId id, ExecutionOutcome outcome, QueueActions& actions);
  [[nodiscard]] bool is_served(const std::string& queue) const;

  QueueSettings settings_;
  bool closed_ = false;
  std::map<ExecutionId, Ticket> tickets_;
  std::map<std::string, Lane> lanes_;
  std::set<std::pair<Instant, ExecutionId>> waiting_;  // for their next attempt
  std::map<ExecutionId, Executing> executing_;
};

}  // namespace poltergeist::tasks
