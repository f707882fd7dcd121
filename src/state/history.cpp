// SPDX-License-Identifier: MIT
#include "state/history.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "state/database.h"
#include "state/json_reading.h"
#include "state/timing_json.h"
#include "sys/unique_fd.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kVersion = 2;
constexpr std::size_t kMostUnwritten = 1000;

// What a commit costs is an append to the -wal file; the disk is waited for at checkpoints only. A
// power cut may take the last builds back, never the file.
constexpr auto kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64;"
    "PRAGMA wal_autocheckpoint=100; PRAGMA journal_size_limit=1048576; PRAGMA temp_store=MEMORY;";

constexpr auto kSchema = R"sql(
CREATE TABLE builds(
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  started_at TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  exit_code INTEGER,
  signal INTEGER,
  git_hash TEXT NOT NULL,
  trigger TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  output_fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX builds_of_target ON builds(target, id);
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
)sql";

// Version 2. Builds of before have none.
constexpr auto kAddTiming = "ALTER TABLE builds ADD COLUMN timing TEXT; PRAGMA user_version = 2;";

constexpr auto kColumns =
    "id, target, started_at, duration_ms, status, exit_code, signal, git_hash, trigger, "
    "fingerprint, output_fingerprint, reason, timing";

// A directory of ours in the project that git does not see. Never through a link that a repository
// could bring along.
Result<void> ensure_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("creating {}", directory.string());
  }
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && (errno == ELOOP || errno == ENOTDIR)) {
    return fail(Errc::Denied, "{}: a symbolic link or no directory", directory.string());
  }
  if (!fd) return fail_errno("{}", directory.string());
  const UniqueFd ignore(
      ::openat(fd.get(), ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!ignore && errno != EEXIST) return fail_errno("{}/.gitignore", directory.string());
  if (ignore && ::write(ignore.get(), "*\n", 2) != 2) {
    return fail_errno("{}/.gitignore", directory.string());
  }
  return {};
}

// SQLite would create it readable for all.
Result<void> ensure_file(const fs::path& file) {
  const UniqueFd fd(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("{}", file.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", file.string());
  if (!S_ISREG(status.st_mode)) return fail(Errc::Denied, "{}: no file", file.string());
  return {};
}

Result<void> ensure_place(const fs::path& file) {
  if (auto made = ensure_directory(file.parent_path()); !made) return made;
  return ensure_file(file);
}

fs::path beside(const fs::path& file, const char* ending) {
  return file.string() + ending;
}

// What is at a path now: device and inode, or nothing.
std::pair<std::uint64_t, std::uint64_t> identity_of(const fs::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

// The last writer was killed: only then can a page be half written.
bool was_left_open(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(beside(file, "-wal"), error);
  return !error && size > 0;
}

Result<void> check_pages(Database& database) {
  auto check = database.prepare("PRAGMA quick_check(1)");
  if (!check) return fail(check.error());
  const auto row = check->step();
  if (!row) return fail(row.error());
  if (*row && check->text(0) != "ok") return fail(Errc::Invalid, "damaged: {}", check->text(0));
  return {};
}

Failure fail_as_newer(std::int64_t version) {
  return fail(Errc::Unavailable,
              "written by a newer Poltergeist (version {}, this one knows {}); update this one, "
              "or move the file away",
              version, kVersion);
}

Result<void> ensure_schema(Database& database) {
  const auto version = database.whole("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version > kVersion) {
    return fail_as_newer(*version);
  }
  if (*version == kVersion) {
    const auto readable = database.prepare(fmt::format("SELECT {} FROM builds", kColumns));
    if (!readable) return fail(readable.error());
    return {};
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return fail(transaction.error());
  if (*version < 1) {
    if (auto made = database.execute(kSchema); !made) return made;
  }
  if (auto added = database.execute(kAddTiming); !added) return added;
  return transaction->commit();
}

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

fs::path file_in(const fs::path& root) {
  return root / ".poltergeist" / "history.db";
}

}  // namespace

History::History(fs::path file) : file_(std::move(file)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;

History::~History() {
  if (!database_ || unwritten_.empty()) return;
  if (auto written = flush(); !written) {
    log_warn("{} builds are missing in the history: {}", unwritten_.size(),
             written.error().message);
  }
}

Result<History> History::open(const fs::path& root) {
  History history(file_in(root));
  const auto begun = history.begin();
  if (!begun) return fail(begun.error(), "{}", history.file_.string());
  return history;
}

Result<void> History::begin() {
  if (auto place = ensure_place(file_); !place) return place;
  auto opened = open_database();
  if (opened || opened.error().code != Errc::Invalid) return opened;
  return begin_again(opened.error());
}

Result<void> History::open_database() {
  const bool suspicious = was_left_open(file_);
  auto database = Database::open(file_);
  if (!database) return fail(database.error());
  if (auto set = (*database)->execute(kSettings); !set) return set;
  if (suspicious) {
    if (auto checked = check_pages(**database); !checked) return checked;
  }
  if (auto made = ensure_schema(**database); !made) return made;
  database_ = std::move(*database);
  identity_ = identity_of(file_);
  return {};
}

Result<void> History::begin_again(const Error& why) {
  database_.reset();
  const auto aside = beside(file_, ".corrupt");
  log_warn("{} is set aside as {}: {}", file_.string(), aside.filename().string(), why.message);
  if (::rename(file_.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("moving {} away", file_.string());
  }
  // They belong to the file that is gone; with the new one they would corrupt it.
  ::unlink(beside(file_, "-wal").c_str());
  ::unlink(beside(file_, "-shm").c_str());
  if (auto place = ensure_place(file_); !place) return place;
  return open_database();
}

template <typename Step>
auto History::attempt(Step step) -> decltype(step(std::declval<Database&>())) {
  // In WAL mode SQLite does not notice that its file was removed, and writes into nothing.
  if (database_ && identity_of(file_) != identity_) database_.reset();
  if (!database_) {
    if (auto begun = begin(); !begun) return fail(begun.error());
  }
  auto done = step(*database_);
  if (done || done.error().code != Errc::Invalid) return done;
  if (auto begun = begin_again(done.error()); !begun) return fail(begun.error());
  return step(*database_);
}

Result<BuildId> History::next_build_id() {
  if (auto written = flush(); !written) return fail(written.error());
  return attempt([](Database& database) { return take_number(database); });
}

Result<void> History::record(BuildEntry build) {
  unwritten_.push_back(std::move(build));
  if (unwritten_.size() > kMostUnwritten) unwritten_.erase(unwritten_.begin());
  return flush();
}

Result<void> History::set_fingerprint(BuildId build, const std::string& fingerprint) {
  return attempt([&](Database& database) -> Result<void> {
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
  auto written = attempt([&](Database& database) -> Result<void> {
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
  return attempt([&](Database& database) { return read_last_success(database, target); });
}

Result<std::vector<BuildEntry>> History::recent(const TargetId& target, int n) {
  if (auto written = flush(); !written) return fail(written.error());
  return attempt([&](Database& database) { return read_recent(database, target, n); });
}

Result<std::vector<Timing>> History::timings(const TargetId& target, int n) {
  if (auto written = flush(); !written) return fail(written.error());
  return attempt([&](Database& database) { return read_timings(database, target, n); });
}

Result<std::vector<Timing>> recorded_timings(const fs::path& root, const TargetId& target, int n) {
  const auto file = file_in(root);
  std::error_code error;
  if (!fs::exists(file, error)) return fail(Errc::NotFound, "{}: no history", file.string());
  auto database = Database::open_to_read(file);
  if (!database) return fail(database.error());
  const auto version = (*database)->whole("PRAGMA user_version");
  if (!version) return fail(version.error(), "{}", file.string());
  if (*version > kVersion) return fail_as_newer(*version);
  if (*version < kVersion) return std::vector<Timing>();
  auto timings = read_timings(**database, target, n);
  if (!timings) return fail(timings.error(), "{}", file.string());
  return timings;
}

}  // namespace poltergeist::state
