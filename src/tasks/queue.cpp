// SPDX-License-Identifier: MIT
#include "tasks/queue.h"

#include <algorithm>
#include <utility>

#include "base/retry.h"

namespace poltergeist::tasks {

namespace {

// Of an attempt that no other one follows.
ExecutionOutcome outcome_of(const AttemptEnd& end) {
  if (end.outcome == Outcome::Success) return ExecutionOutcome::Success;
  if (end.kind == FailureKind::Cancelled) return ExecutionOutcome::Cancelled;
  if (end.kind == FailureKind::Timeout) return ExecutionOutcome::Timeout;
  return end.outcome == Outcome::Retry ? ExecutionOutcome::RetriesExhausted
                                       : ExecutionOutcome::Failed;
}

}  // namespace

QueueActions Queue::configure(QueueSettings settings, Instant now) {
  settings_ = std::move(settings);
  QueueActions actions;
  for (auto& [id, executing] : executing_) executing.heartbeat = now + settings_.heartbeat;
  start_ready(actions, now);
  return actions;
}

QueueActions Queue::submit(Ticket ticket, Instant now) {
  const auto id = ticket.id;
  QueueActions actions;
  auto& lane = lanes_[ticket.queue];
  if (ticket.not_before && *ticket.not_before > now) {
    waiting_.emplace(*ticket.not_before, id);
  } else {
    lane.ready.insert(id);
  }
  tickets_.emplace(id, std::move(ticket));
  start(lane, actions, now);
  return actions;
}

QueueActions Queue::on_ended(ExecutionId id, AttemptEnd end, Instant now) {
  const auto found = executing_.find(id);
  if (found == executing_.end()) return {};
  const bool cancelled = found->second.cancelled;
  executing_.erase(found);
  auto& ticket = tickets_.at(id);
  auto& lane = lanes_.at(ticket.queue);
  --lane.executing;
  ++ticket.attempts;
  QueueActions actions;
  if (end.outcome != Outcome::Retry) {
    settle(id, outcome_of(end), actions);
  } else if (cancelled) {
    settle(id, ExecutionOutcome::Cancelled, actions);
  } else if (ticket.attempts > ticket.max_retries) {
    settle(id, outcome_of(end), actions);
  } else {
    const auto delay = retry_delay(ticket.attempts, ticket.backoff_multiplier);
    waiting_.emplace(now + delay, id);
    ticket.not_before = now + delay;
    actions.push_back(AwaitRetry{id, delay});
  }
  start(lane, actions, now);
  return actions;
}

QueueActions Queue::cancel(ExecutionId id, Instant /*now*/) {
  QueueActions actions;
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return actions;
  if (const auto executing = executing_.find(id); executing != executing_.end()) {
    if (!std::exchange(executing->second.cancelled, true)) actions.push_back(StopAttempt{id});
    return actions;
  }
  const auto& ticket = found->second;
  if (ticket.not_before) waiting_.erase({*ticket.not_before, id});
  lanes_.at(ticket.queue).ready.erase(id);
  settle(id, ExecutionOutcome::Cancelled, actions);
  return actions;
}

QueueActions Queue::close(Instant now) {
  closed_ = true;
  QueueActions actions;
  for (const auto& [id, executing] : executing_) {
    for (auto& action : cancel(id, now)) actions.push_back(std::move(action));
  }
  return actions;
}

QueueActions Queue::on_time(Instant now) {
  QueueActions actions;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto id = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    auto& ticket = tickets_.at(id);
    ticket.not_before.reset();
    lanes_.at(ticket.queue).ready.insert(id);
  }
  if (settings_.heartbeat > Duration(0)) {
    for (auto& [id, executing] : executing_) {
      if (executing.heartbeat > now) continue;
      executing.heartbeat = now + settings_.heartbeat;
      actions.push_back(GiveHeartbeat{id});
    }
  }
  start_ready(actions, now);
  return actions;
}

std::optional<Instant> Queue::deadline() const {
  std::optional<Instant> due;
  if (!waiting_.empty() && !closed_) due = waiting_.begin()->first;
  if (settings_.heartbeat == Duration(0)) return due;
  for (const auto& [id, executing] : executing_) due = earlier(due, executing.heartbeat);
  return due;
}

bool Queue::is_executing(ExecutionId id) const {
  return executing_.contains(id);
}

std::optional<std::size_t> Queue::position(ExecutionId id) const {
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return std::nullopt;
  const auto& ready = lanes_.at(found->second.queue).ready;
  const auto place = ready.find(id);
  if (place == ready.end()) return std::nullopt;
  return static_cast<std::size_t>(std::distance(ready.begin(), place));
}

bool Queue::is_served(const std::string& queue) const {
  return settings_.queues.empty() || settings_.queues.contains(queue);
}

void Queue::start_ready(QueueActions& actions, Instant now) {
  for (auto& [name, lane] : lanes_) start(lane, actions, now);
}

void Queue::start(Lane& lane, QueueActions& actions, Instant now) {
  if (closed_ || lane.ready.empty()) return;
  if (!is_served(tickets_.at(*lane.ready.begin()).queue)) return;
  while (!lane.ready.empty() && lane.executing < settings_.concurrency) {
    const auto id = *lane.ready.begin();
    lane.ready.erase(lane.ready.begin());
    ++lane.executing;
    executing_[id] = {.heartbeat = now + settings_.heartbeat};
    actions.push_back(StartAttempt{id, tickets_.at(id).attempts + 1});
  }
}

void Queue::settle(ExecutionId id, ExecutionOutcome outcome, QueueActions& actions) {
  tickets_.erase(id);
  actions.push_back(Settle{id, outcome});
}

}  // namespace poltergeist::tasks
