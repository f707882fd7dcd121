// SPDX-License-Identifier: MIT
#include "state/execution_json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::state;
using nlohmann::json;

namespace {

const WallTime kNow = from_iso8601("2026-01-31T12:00:00.000Z").value();

ExecutionEntry settled() {
  ExecutionEntry entry{.id = ExecutionId(17),
                       .task = TaskId("notify"),
                       .queue = "default",
                       .input = R"({"a": 1})",
                       .status = ExecutionStatus::Settled,
                       .attempt = 2,
                       .trigger = "exec",
                       .queued_at = kNow,
                       .started_at = kNow + Seconds(1),
                       .ended_at = kNow + Seconds(2),
                       .outcome = ExecutionOutcome::Failed,
                       .failure_kind = FailureKind::Exit};
  entry.result = R"({"stdout": "out\n", "stderr": "", "output": {"b": 2}})";
  return entry;
}

}  // namespace

TEST_CASE("an execution is written with what is known of it") {
  CHECK(to_json(settled(), Detail::Whole) == json::parse(R"({
    "id": 17, "task": "notify", "queue": "default", "status": "settled", "attempt": 2,
    "trigger": "exec", "queuedAt": "2026-01-31T12:00:00.000Z",
    "startedAt": "2026-01-31T12:00:01.000Z", "endedAt": "2026-01-31T12:00:02.000Z",
    "outcome": "failure", "failureKind": "exit", "input": {"a": 1},
    "result": {"stdout": "out\n", "stderr": "", "output": {"b": 2}}})"));
  const auto line = to_json(settled(), Detail::Line);
  CHECK_FALSE(line.contains("input"));
  CHECK_FALSE(line.contains("result"));
}

TEST_CASE("in brief an execution fits into a message, however much it said") {
  auto entry = settled();
  std::string much;
  for (int i = 0; i < 100'000; ++i) much += "line \x01 " + std::to_string(i) + '\n';
  entry.result = json{{"stdout", much}, {"stderr", much}, {"output", {{"result", much}}}}.dump();
  entry.input = json{{"text", much}}.dump();
  const auto brief = to_json(entry, Detail::Brief);
  CHECK(brief.dump().size() < (1 << 20));
  const auto& result = brief["result"];
  CHECK(result["stdout"].get<std::string>().starts_with("line "));
  CHECK(result["stdout"].get<std::string>().ends_with(" 99999\n"));
  CHECK(result["truncated"] == json{{"stdout", true}, {"stderr", true}});
  CHECK(result["output"].is_null());
  CHECK(brief["input"].is_null());
}

TEST_CASE("an execution whose record is damaged is shown without what cannot be read") {
  auto entry = settled();
  entry.input = "{";
  entry.result = "[1]";
  const auto whole = to_json(entry, Detail::Whole);
  CHECK_FALSE(whole.contains("input"));
  CHECK_FALSE(whole.contains("result"));
  CHECK(whole["id"] == 17);
}
