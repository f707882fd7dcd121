// SPDX-License-Identifier: MIT
#include "tasks/queue.h"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::tasks;

namespace {

constexpr Instant kStart{Seconds(1000)};
constexpr AttemptEnd kGood{};
constexpr AttemptEnd kTryAgain{Outcome::Retry, FailureKind::Exit};
constexpr AttemptEnd kBad{Outcome::Failed, FailureKind::Exit};
constexpr AttemptEnd kStopped{Outcome::Failed, FailureKind::Cancelled};

Ticket ticket(std::uint64_t id, const std::string& queue = "default", int max_retries = 0) {
  return {.id = ExecutionId(id), .queue = queue, .max_retries = max_retries};
}

template <typename Action>
std::vector<Action> all(const QueueActions& actions) {
  std::vector<Action> found;
  for (const auto& action : actions) {
    if (const auto* one = std::get_if<Action>(&action)) found.push_back(*one);
  }
  return found;
}
std::vector<std::uint64_t> started(const QueueActions& actions) {
  std::vector<std::uint64_t> ids;
  for (const auto& start : all<StartAttempt>(actions)) ids.push_back(start.id.value());
  return ids;
}

}  // namespace

TEST_CASE("an execution begins at once where there is room") {
  Queue queue;
  const auto actions = queue.submit(ticket(1), kStart);
  REQUIRE(all<StartAttempt>(actions).size() == 1);
  CHECK(all<StartAttempt>(actions)[0].attempt == 1);
  CHECK(queue.is_executing(ExecutionId(1)));
}

TEST_CASE("no more of a queue execute at once than its limit, in the order in which they came") {
  Queue queue;
  std::ignore = queue.configure({.concurrency = 2}, kStart);
  CHECK(started(queue.submit(ticket(1), kStart)) == std::vector<std::uint64_t>{1});
  CHECK(started(queue.submit(ticket(2), kStart)) == std::vector<std::uint64_t>{2});
  CHECK(started(queue.submit(ticket(3), kStart)).empty());
  CHECK(started(queue.submit(ticket(4), kStart)).empty());
  CHECK(queue.position(ExecutionId(4)) == 1);
  CHECK(started(queue.on_ended(ExecutionId(2), kGood, kStart)) == std::vector<std::uint64_t>{3});
}

TEST_CASE("a full queue holds no other one back") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "slow"), kStart);
  CHECK(started(queue.submit(ticket(2, "slow"), kStart)).empty());
  CHECK(started(queue.submit(ticket(3, "quick"), kStart)) == std::vector<std::uint64_t>{3});
}

TEST_CASE("a queue that is not served waits until it is") {
  Queue queue;
  std::ignore = queue.configure({.concurrency = 1, .queues = {"quick"}}, kStart);
  CHECK(started(queue.submit(ticket(1, "slow"), kStart)).empty());
  CHECK(started(queue.configure({.concurrency = 1}, kStart)) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a higher limit takes effect at once, a lower one when places are given back") {
  Queue queue;
  for (std::uint64_t id = 1; id <= 4; ++id) std::ignore = queue.submit(ticket(id), kStart);
  CHECK(started(queue.configure({.concurrency = 3}, kStart)) == std::vector<std::uint64_t>{2, 3});
  CHECK(queue.configure({.concurrency = 1}, kStart).empty());
  CHECK(started(queue.on_ended(ExecutionId(1), kGood, kStart)).empty());
  CHECK(started(queue.on_ended(ExecutionId(2), kGood, kStart)).empty());
  CHECK(started(queue.on_ended(ExecutionId(3), kGood, kStart)) == std::vector<std::uint64_t>{4});
}

TEST_CASE("an attempt whose outcome is retry is followed by another one, later each time") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "default", 2), kStart);
  auto actions = queue.on_ended(ExecutionId(1), kTryAgain, kStart);
  REQUIRE(all<AwaitRetry>(actions).size() == 1);
  CHECK(all<AwaitRetry>(actions)[0].delay == Seconds(1));
  CHECK(all<Settle>(actions).empty());
  REQUIRE(queue.deadline() == kStart + Seconds(1));
  actions = queue.on_time(kStart + Seconds(1));
  REQUIRE(all<StartAttempt>(actions).size() == 1);
  CHECK(all<StartAttempt>(actions)[0].attempt == 2);
  actions = queue.on_ended(ExecutionId(1), kTryAgain, kStart + Seconds(5));
  CHECK(all<AwaitRetry>(actions)[0].delay == Seconds(2));
  std::ignore = queue.on_time(kStart + Seconds(7));
  actions = queue.on_ended(ExecutionId(1), kTryAgain, kStart + Seconds(8));
  REQUIRE(all<Settle>(actions).size() == 1);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::RetriesExhausted);
}

TEST_CASE("a failure is not tried again, however many retries there are") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "default", 5), kStart);
  const auto actions = queue.on_ended(ExecutionId(1), kBad, kStart);
  REQUIRE(all<Settle>(actions).size() == 1);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Failed);
}

TEST_CASE("a timeout is an outcome of its own") {
  Queue queue;
  std::ignore = queue.submit(ticket(1), kStart);
  const auto actions =
      queue.on_ended(ExecutionId(1), {Outcome::Failed, FailureKind::Timeout}, kStart);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Timeout);
}

TEST_CASE(
    "one that waits for its next attempt takes nobody's place, and goes first when it is due") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "default", 1), kStart);
  std::ignore = queue.submit(ticket(2), kStart);
  std::ignore = queue.submit(ticket(3), kStart);
  CHECK(started(queue.on_ended(ExecutionId(1), kTryAgain, kStart)) ==
        std::vector<std::uint64_t>{2});
  CHECK(started(queue.on_time(kStart + Seconds(1))).empty());
  CHECK(started(queue.on_ended(ExecutionId(2), kGood, kStart + Seconds(2))) ==
        std::vector<std::uint64_t>{1});
}

TEST_CASE("one that waits for its turn is cancelled at once") {
  Queue queue;
  std::ignore = queue.submit(ticket(1), kStart);
  std::ignore = queue.submit(ticket(2), kStart);
  const auto actions = queue.cancel(ExecutionId(2), kStart);
  REQUIRE(all<Settle>(actions).size() == 1);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Cancelled);
  CHECK(started(queue.on_ended(ExecutionId(1), kGood, kStart)).empty());
}

TEST_CASE("one that executes is stopped once, and settled when its attempt has ended") {
  Queue queue;
  std::ignore = queue.submit(ticket(1), kStart);
  CHECK(all<StopAttempt>(queue.cancel(ExecutionId(1), kStart)).size() == 1);
  CHECK(queue.cancel(ExecutionId(1), kStart).empty());
  const auto actions = queue.on_ended(ExecutionId(1), kStopped, kStart);
  REQUIRE(all<Settle>(actions).size() == 1);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Cancelled);
  CHECK(queue.cancel(ExecutionId(1), kStart).empty());
}

TEST_CASE("one that is cancelled and ends well all the same has ended well") {
  Queue queue;
  std::ignore = queue.submit(ticket(1), kStart);
  std::ignore = queue.cancel(ExecutionId(1), kStart);
  const auto actions = queue.on_ended(ExecutionId(1), kGood, kStart);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Success);
}

TEST_CASE("one that is cancelled is not tried again") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "default", 3), kStart);
  std::ignore = queue.cancel(ExecutionId(1), kStart);
  const auto actions = queue.on_ended(ExecutionId(1), kTryAgain, kStart);
  REQUIRE(all<Settle>(actions).size() == 1);
  CHECK(all<Settle>(actions)[0].outcome == ExecutionOutcome::Cancelled);
}

TEST_CASE("one that waits for its next attempt can be cancelled, too") {
  Queue queue;
  std::ignore = queue.submit(ticket(1, "default", 3), kStart);
  std::ignore = queue.on_ended(ExecutionId(1), kTryAgain, kStart);
  CHECK(all<Settle>(queue.cancel(ExecutionId(1), kStart)).size() == 1);
  CHECK_FALSE(queue.deadline().has_value());
}

TEST_CASE("a queue that closes stops what executes, and leaves what waits as it is") {
  Queue queue;
  std::ignore = queue.submit(ticket(1), kStart);
  std::ignore = queue.submit(ticket(2), kStart);
  const auto actions = queue.close(kStart);
  CHECK(all<StopAttempt>(actions).size() == 1);
  CHECK(all<Settle>(actions).empty());
  const auto after = queue.on_ended(ExecutionId(1), kStopped, kStart);
  CHECK(all<Settle>(after).size() == 1);
  CHECK(started(after).empty());
  CHECK(queue.executing() == 0);
}

TEST_CASE("an execution that was interrupted between two attempts goes on with the next one") {
  Queue queue;
  auto left = ticket(1, "default", 3);
  left.attempts = 1;
  left.not_before = kStart + Seconds(4);
  CHECK(queue.submit(left, kStart).empty());
  const auto actions = queue.on_time(kStart + Seconds(4));
  REQUIRE(all<StartAttempt>(actions).size() == 1);
  CHECK(all<StartAttempt>(actions)[0].attempt == 2);
}

TEST_CASE("what executes gives signs of life, as often as it is told to") {
  Queue queue;
  std::ignore = queue.configure({.concurrency = 1, .heartbeat = Seconds(30)}, kStart);
  std::ignore = queue.submit(ticket(1), kStart);
  REQUIRE(queue.deadline() == kStart + Seconds(30));
  CHECK(all<GiveHeartbeat>(queue.on_time(kStart + Seconds(29))).empty());
  CHECK(all<GiveHeartbeat>(queue.on_time(kStart + Seconds(30))).size() == 1);
  CHECK(queue.deadline() == kStart + Seconds(60));
  std::ignore = queue.on_ended(ExecutionId(1), kGood, kStart + Seconds(31));
  CHECK_FALSE(queue.deadline().has_value());
}

TEST_CASE("an end that nobody waits for changes nothing") {
  Queue queue;
  CHECK(queue.on_ended(ExecutionId(7), kGood, kStart).empty());
  CHECK_FALSE(queue.position(ExecutionId(7)).has_value());
}
