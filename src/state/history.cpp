// SPDX-License-Identifier: MIT
#include "state/history.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "state/json_reading.h"
#include "state/project_database.h"
#include "state/timing_json.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostUnwritten = 1000;
constexpr std::int64_t kVersionWithTiming = 2;

constexpr auto kColumns =
    "id, target, started_at, duration_ms, status, exit_code, signal, git_hash, trigger, "
    "fingerprint, output_fingerprint, reason, timing";

std::string trigger_text(const std::vector<std::string>& trigger) {
  nlohmann::json array = nlohmann::json::array();
  for (const auto& path : trigger) array.push_back(to_utf8(path));
  return array.dump();
}

std::vector<std::string> trigger_of(const std::string& text) {
  std::vector<std::string> trigger;
  const auto array = nlohmann::json::parse(text, nullptr, false);
  if (!array.is_array()) return trigger;
  for (const auto& path : array) {
    if (path.is_string()) trigger.push_back(path.get<std::string>());
  }
  return trigger;
}

// Nothing for what is no JSON, or none of ours.
std::optional<Timing> timing_of(const std::string& text) {
  const auto document = parse_json(text);
  return document ? timing_from(*document) : std::nullopt;
}

Result<void> insert(Database& database, const BuildEntry& build) {
  auto statement = database.prepare(
      fmt::format("INSERT OR REPLACE INTO builds({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", kColumns));
  if (!statement) return fail(statement.error());
  statement->bind(1, static_cast<std::int64_t>(build.id.value()))
      .bind(2, build.target.value())
      .bind(3, to_iso8601(build.started_at))
      .bind(4, std::int64_t{build.duration.count()})
      .bind(5, name_in(kBuildVerdicts, build.verdict))
      .bind(6, build.exit_code)
      .bind(7, build.signal)
      .bind(8, build.git_hash)
      .bind(9, trigger_text(build.trigger))
      .bind(10, build.fingerprint)
      .bind(11, build.output_fingerprint)
      .bind(12, build.reason);
  if (build.timing) statement->bind(13, to_json(*build.timing).dump());
  const auto done = statement->step();
  if (!done) return fail(done.error());
  return {};
}

Result<void> forget_old(Database& database, const TargetId& target) {
  auto statement = database.prepare(
      "DELETE FROM builds WHERE target = ?1"
      " AND id <= (SELECT id FROM builds WHERE target = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
      " AND id IS NOT (SELECT max(id) FROM builds WHERE target = ?1 AND status = 'success')");
  if (!statement) return fail(statement.error());
  statement->bind(1, target.value()).bind(2, std::int64_t{History::kKeptPerTarget});
  const auto done = statement->step();
  if (!done) return fail(done.error());
  return {};
}

BuildEntry entry_from(const Statement& row) {
  return {
      .id = BuildId(static_cast<std::uint64_t>(row.whole(0))),
      .target = TargetId(row.text(1)),
      .started_at = from_iso8601(row.text(2)).value_or(WallTime{}),
      .duration = Milliseconds(row.whole(3)),
      .verdict = value_in(kBuildVerdicts, row.text(4)).value_or(BuildVerdict::Failure),
      .exit_code = row.whole_if(5),
      .signal = row.whole_if(6),
      .git_hash = row.text(7),
      .trigger = trigger_of(row.text(8)),
      .fingerprint = row.text(9),
      .output_fingerprint = row.text(10),
      .reason = row.text(11),
      .timing = timing_of(row.text(12)),
  };
}

Result<BuildId> take_number(Database& database) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return fail(transaction.error());
  const auto number = database.whole(
      "INSERT INTO counters(name, value)"
      " VALUES('build', 1 + (SELECT coalesce(max(id), 0) FROM builds))"
      " ON CONFLICT(name) DO UPDATE SET value = 1 +"
      "   max(value, (SELECT coalesce(max(id), 0) FROM builds))"
      " RETURNING value");
  if (!number) return fail(number.error());
  if (auto done = transaction->commit(); !done) return fail(done.error());
  return BuildId(static_cast<std::uint64_t>(*number));
}

Result<std::optional<LastSuccess>> read_last_success(Database& database, const TargetId& target) {
  auto statement = database.prepare(
      "SELECT id, fingerprint, output_fingerprint FROM builds"
      " WHERE target = ?1 AND status = 'success' ORDER BY id DESC LIMIT 1");
  if (!statement) return fail(statement.error());
  const auto row = statement->bind(1, target.value()).step();
  if (!row) return fail(row.error());
  if (!*row) return std::nullopt;
  return LastSuccess{BuildId(static_cast<std::uint64_t>(statement->whole(0))), statement->text(1),
                     statement->text(2)};
}

Result<std::vector<BuildEntry>> read_recent(Database& database, const TargetId& target, int n) {
  auto statement = database.prepare(fmt::format(
      "SELECT {} FROM builds WHERE ?1 = '' OR target = ?1 ORDER BY id DESC LIMIT ?2", kColumns));
  if (!statement) return fail(statement.error());
  statement->bind(1, target.value()).bind(2, std::int64_t{std::max(n, 0)});
  std::vector<BuildEntry> builds;
  while (true) {
    const auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) return builds;
    builds.push_back(entry_from(*statement));
  }
}

Result<std::vector<Timing>> read_timings(Database& database, const TargetId& target, int n) {
  auto statement = database.prepare(
      "SELECT timing FROM builds WHERE target = ?1 AND status <> 'cancelled'"
      " AND timing IS NOT NULL ORDER BY id DESC LIMIT ?2");
  if (!statement) return fail(statement.error());
  statement->bind(1, target.value()).bind(2, std::int64_t{std::max(n, 0)});
  std::vector<Timing> timings;
  while (true) {
    const auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) return timings;
    if (const auto timing = timing_of(statement->text(0))) timings.push_back(*timing);
  }
}

}  // namespace

History::History(std::shared_ptr<ProjectDatabase> database) : database_(std::move(database)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;

History::~History() {
  if (!database_ || unwritten_.empty() || !database_->is_open()) return;
  if (auto written = flush(); !written) {
    log_warn("{} builds are missing in the history: {}", unwritten_.size(),
             written.error().message);
  }
}

Result<History> History::open(const fs::path& root) {
  auto database = ProjectDatabase::open(root);
  if (!database) return fail(database.error());
  return History(std::move(*database));
}

Result<BuildId> History::next_build_id() {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([](Database& database) { return take_number(database); });
}

Result<void> History::record(BuildEntry build) {
  unwritten_.push_back(std::move(build));
  if (unwritten_.size() > kMostUnwritten) unwritten_.erase(unwritten_.begin());
  return flush();
}

Result<void> History::set_fingerprint(BuildId build, const std::string& fingerprint) {
  return database_->attempt([&](Database& database) -> Result<void> {
    auto statement = database.prepare("UPDATE builds SET fingerprint = ?1 WHERE id = ?2");
    if (!statement) return fail(statement.error());
    const auto done =
        statement->bind(1, fingerprint).bind(2, static_cast<std::int64_t>(build.value())).step();
    if (!done) return fail(done.error());
    return {};
  });
}

Result<void> History::flush() {
  if (unwritten_.empty()) return {};
  auto written = database_->attempt([&](Database& database) -> Result<void> {
    auto transaction = Transaction::begin(database);
    if (!transaction) return fail(transaction.error());
    for (const auto& build : unwritten_) {
      if (auto done = insert(database, build); !done) return done;
      if (auto done = forget_old(database, build.target); !done) return done;
    }
    return transaction->commit();
  });
  if (written) unwritten_.clear();
  return written;
}

Result<std::optional<LastSuccess>> History::last_success(const TargetId& target) {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt(
      [&](Database& database) { return read_last_success(database, target); });
}

Result<std::vector<BuildEntry>> History::recent(const TargetId& target, int n) {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([&](Database& database) { return read_recent(database, target, n); });
}

Result<std::vector<Timing>> History::timings(const TargetId& target, int n) {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([&](Database& database) { return read_timings(database, target, n); });
}

Result<std::vector<Timing>> recorded_timings(const fs::path& root, const TargetId& target, int n) {
  auto recorded = open_recorded(root);
  if (!recorded) return fail(recorded.error());
  if (recorded->version < kVersionWithTiming) return std::vector<Timing>();
  auto timings = read_timings(*recorded->database, target, n);
  if (!timings) return fail(timings.error(), "{}", ProjectDatabase::file_in(root).string());
  return timings;
}

}  // namespace poltergeist::state
