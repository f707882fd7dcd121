// SPDX-License-Identifier: MIT
// Random histories of a queue, each told by its seed, held to what queue.h promises.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "tasks/queue.h"

using namespace poltergeist;
using namespace poltergeist::tasks;

namespace {

struct Life {
  Ticket ticket;
  bool executing = false;
  bool stopped = false;
  bool cancelled = false;
  int attempts = 0;
  std::optional<ExecutionOutcome> settled;
  std::optional<Instant> retry_at;
};

// CHECK would cost more than the queue.
void expect(bool holds, const char* what) {
  if (!holds) FAIL(what);
}

class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    CAPTURE(seed);
    perform(queue_.configure(settings(), now_));
    for (int step = 0; step < 200; ++step) act();
    end_everything();
    for (const auto& [id, life] : lives_) {
      expect(life.settled || !is_served(life.ticket.queue), "each is settled in the end");
      expect(life.attempts <= life.ticket.max_retries + 1, "no more attempts than allowed");
    }
    expect(queue_.executing() == 0, "nothing executes in the end");
  }

 private:
  int pick(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }

  QueueSettings settings() {
    settings_ = {.concurrency = 1 + pick(3), .heartbeat = Seconds(pick(2) * 7)};
    if (pick(3) == 0) settings_.queues = {"a", "b"};
    return settings_;
  }

  bool is_served(const std::string& queue) const {
    return settings_.queues.empty() || settings_.queues.contains(queue);
  }

  void act() {
    switch (pick(9)) {
      case 0:
      case 1:
      case 2: {
        const ExecutionId id(++last_);
        const auto queue = std::string(1, static_cast<char>('a' + pick(2)));
        lives_[id].ticket = {.id = id, .queue = queue, .max_retries = pick(2)};
        return perform(queue_.submit(lives_[id].ticket, now_));
      }
      case 3:
        if (last_ == 0) return;
        return cancel(ExecutionId(1 + static_cast<std::uint64_t>(pick(int(last_) - 1))));
      case 4:
        perform(queue_.configure(settings(), now_));
        return;
      case 5:
      case 6:
        now_ += Milliseconds(pick(4000));
        return look();
      default:
        std::ignore = end_one();
    }
  }

  void look() {
    last_look_ = now_;
    perform(queue_.on_time(now_));
  }

  void cancel(ExecutionId id) {
    lives_[id].cancelled = true;
    perform(queue_.cancel(id, now_));
  }

  bool end_one() {
    std::vector<ExecutionId> executing;
    for (const auto& [id, life] : lives_) {
      if (life.executing) executing.push_back(id);
    }
    if (executing.empty()) return false;
    const auto id = executing[static_cast<std::size_t>(pick(int(executing.size()) - 1))];
    auto& life = lives_[id];
    life.executing = false;
    AttemptEnd end;
    if (life.stopped && pick(1) == 0) {
      end = {Outcome::Failed, FailureKind::Cancelled};
    } else {
      end.outcome = std::array{Outcome::Success, Outcome::Retry, Outcome::Failed}.at(
          static_cast<std::size_t>(pick(2)));
      if (end.outcome != Outcome::Success) end.kind = FailureKind::Exit;
    }
    last_end_ = end;
    perform(queue_.on_ended(id, end, now_));
    return true;
  }

  void end_everything() {
    for (int i = 0; i < 10'000; ++i) {
      if (end_one()) continue;
      bool is_waiting = false;
      for (const auto& [id, life] : lives_) {
        is_waiting |= !life.settled && life.retry_at && *life.retry_at > last_look_;
      }
      if (!is_waiting) return;
      REQUIRE(queue_.deadline().has_value());
      now_ = std::max(now_, *queue_.deadline());
      look();
    }
    FAIL("it does not come to an end");
  }

  void perform(const QueueActions& actions) {
    for (const auto& action : actions) {
      std::visit([this](const auto& what) { on(what); }, action);
    }
    std::map<std::string, int> executing;
    for (const auto& [id, life] : lives_) executing[life.ticket.queue] += life.executing ? 1 : 0;
    // A place is never left empty while somebody could take it.
    for (const auto& [id, life] : lives_) {
      const bool could = !life.executing && !life.settled &&
                         (!life.retry_at || *life.retry_at <= last_look_) &&
                         is_served(life.ticket.queue);
      expect(!could || executing[life.ticket.queue] >= settings_.concurrency, "no place is empty");
    }
  }

  void on(const StartAttempt& start) {
    auto& life = lives_.at(start.id);
    expect(!life.executing, "attempts do not overlap");
    expect(!life.settled, "what is settled stays so");
    expect(!life.cancelled, "what was cancelled is not tried again");
    expect(is_served(life.ticket.queue), "only served queues start");
    expect(start.attempt == ++life.attempts, "attempts are counted");
    expect(!life.retry_at || *life.retry_at <= now_, "no retry comes too early");
    // Nobody older of its queue is ready.
    for (const auto& [id, other] : lives_) {
      if (id >= start.id || other.ticket.queue != life.ticket.queue) continue;
      expect(other.executing || other.settled || (other.retry_at && *other.retry_at > last_look_),
             "the older begins first");
    }
    int beside = 0;
    for (const auto& [id, other] : lives_) {
      beside += other.executing && other.ticket.queue == life.ticket.queue ? 1 : 0;
    }
    expect(beside < settings_.concurrency, "no more at once than the limit");
    life.executing = true;
    life.stopped = false;
    life.retry_at.reset();
  }
  void on(const StopAttempt& stop) {
    auto& life = lives_.at(stop.id);
    expect(life.executing, "only what executes is stopped");
    expect(life.cancelled, "only what was cancelled is stopped");
    expect(!life.stopped, "it is stopped once");
    life.stopped = true;
  }
  void on(const AwaitRetry& retry) {
    auto& life = lives_.at(retry.id);
    expect(!life.executing, "attempts do not overlap");
    expect(!life.cancelled, "what was cancelled is not tried again");
    expect(last_end_.outcome == Outcome::Retry, "only a retry is tried again");
    expect(life.attempts <= life.ticket.max_retries, "no more retries than allowed");
    life.retry_at = now_ + retry.delay;
  }
  void on(const GiveHeartbeat& heartbeat) {
    expect(lives_.at(heartbeat.id).executing, "what does not execute gives no sign of life");
  }
  void on(const Settle& settle) {
    auto& life = lives_.at(settle.id);
    expect(!life.executing, "attempts do not overlap");
    expect(!life.settled, "what is settled stays so");
    life.settled = settle.outcome;
  }

  std::mt19937_64 random_;
  Instant now_{Seconds(1)};
  Instant last_look_{};
  QueueSettings settings_;
  Queue queue_;
  std::uint64_t last_ = 0;
  std::map<ExecutionId, Life> lives_;
  AttemptEnd last_end_;
};

}  // namespace

TEST_CASE(
    "whatever happens to a queue, each execution is settled once, in its turn, within the limit") {
  const auto rounds = test::rounds(2'000, 200'000);
  for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(rounds); ++seed)
    History history(seed);
}
