// SPDX-License-Identifier: MIT
#include "state/project_database.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "base/log.h"
#include "sys/unique_fd.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

// What a commit costs is an append to the -wal file; the disk is waited for at checkpoints only. A
// power cut may take the last rows back, never the file. The cache holds what a busy daemon writes
// at the ends of its tables and indices; 64 KiB was too little for that.
constexpr auto kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-256;"
    "PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=4194304; PRAGMA temp_store=MEMORY;";

// What makes each version of the one before; the first makes version 1 of nothing.
constexpr auto kMigrations = std::to_array<const char*>({
    R"sql(
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
)sql",
    // Builds of before have none.
    R"sql(
ALTER TABLE builds ADD COLUMN timing TEXT;
PRAGMA user_version = 2;
)sql",
    // Numbers of executions never come twice: AUTOINCREMENT. What can be large stands last, so that
    // looking through the rows does not read it.
    R"sql(
CREATE TABLE executions(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT NOT NULL,
  queue TEXT NOT NULL,
  status TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  trigger TEXT NOT NULL,
  input_withheld INTEGER NOT NULL,
  max_retries INTEGER,
  timeout_ms INTEGER,
  queued_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  retry_at TEXT,
  outcome TEXT,
  failure_kind TEXT,
  input TEXT NOT NULL,
  result TEXT NOT NULL
) STRICT;
CREATE INDEX executions_of_task ON executions(task, id);
CREATE INDEX executions_unsettled ON executions(id) WHERE status <> 'settled';
CREATE INDEX executions_settled ON executions(ended_at, id) WHERE status = 'settled';
CREATE TABLE states(
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(scope, key)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 3;
)sql",
    // That an execution starts changes nothing in an index.
    R"sql(
UPDATE executions SET ended_at = queued_at WHERE status = 'settled' AND ended_at IS NULL;
DROP INDEX executions_unsettled;
DROP INDEX executions_settled;
CREATE INDEX executions_unsettled ON executions(id) WHERE ended_at IS NULL;
CREATE INDEX executions_settled ON executions(ended_at, id) WHERE ended_at IS NOT NULL;
PRAGMA user_version = 4;
)sql",
    R"sql(
CREATE TABLE events(
  position INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_of_scope ON events(scope, seq);
PRAGMA user_version = 5;
)sql",
});
static_assert(kMigrations.size() == ProjectDatabase::kVersion);

// Fail where the tables are not ours.
constexpr auto kProbes = std::to_array<const char*>({
    "SELECT id, target, started_at, duration_ms, status, exit_code, signal, git_hash, trigger,"
    " fingerprint, output_fingerprint, reason, timing FROM builds",
    "SELECT name, value FROM counters",
    "SELECT id, task, queue, status, attempt, trigger, input_withheld, max_retries, timeout_ms,"
    " queued_at, started_at, ended_at, retry_at, outcome, failure_kind, input, result"
    " FROM executions",
    "SELECT scope, key, value FROM states",
    "SELECT position, scope, seq, type, data, created_at FROM events",
});

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

tl::unexpected<Error> not_ours(const fs::path& file) {
  return fail(Errc::Denied, "{}: no file, or one with another name; remove it", file.string());
}

// SQLite would create it readable for all.
Result<void> ensure_file(const fs::path& file) {
  const UniqueFd fd(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("{}", file.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", file.string());
  if (!S_ISREG(status.st_mode) || status.st_nlink > 1) return not_ours(file);
  return {};
}

fs::path beside(const fs::path& file, const char* ending) {
  return file.string() + ending;
}

// SQLite opens these by their names and writes into what it finds.
Result<void> check_beside(const fs::path& file) {
  for (const auto* ending : {"-wal", "-shm", "-journal"}) {
    const auto companion = beside(file, ending);
    struct stat status {};
    if (::lstat(companion.c_str(), &status) != 0) continue;
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) return not_ours(companion);
  }
  return {};
}

Result<void> ensure_place(const fs::path& file) {
  if (auto made = ensure_directory(file.parent_path()); !made) return made;
  if (auto made = ensure_file(file); !made) return made;
  return check_beside(file);
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
              version, ProjectDatabase::kVersion);
}

Result<void> ensure_schema(Database& database) {
  const auto version = database.whole("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version > ProjectDatabase::kVersion) return fail_as_newer(*version);
  if (*version < 0) return fail(Errc::Invalid, "of version {}", *version);
  if (*version < ProjectDatabase::kVersion) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return fail(transaction.error());
    for (auto step = static_cast<std::size_t>(*version); step < kMigrations.size(); ++step) {
      if (auto made = database.execute(kMigrations.at(step)); !made) return made;
    }
    if (auto done = transaction->commit(); !done) return done;
  }
  for (const auto* probe : kProbes) {
    if (const auto readable = database.prepare(probe); !readable) return fail(readable.error());
  }
  return {};
}

}  // namespace

fs::path ProjectDatabase::file_in(const fs::path& root) {
  return root / ".poltergeist" / "history.db";
}

ProjectDatabase::~ProjectDatabase() = default;

Result<std::shared_ptr<ProjectDatabase>> ProjectDatabase::open(const fs::path& root) {
  std::shared_ptr<ProjectDatabase> database(new ProjectDatabase(file_in(root)));
  const auto begun = database->begin();
  if (!begun && begun.error().code != Errc::Busy)
    return fail(begun.error(), "{}", database->file_.string());
  return database;
}

Result<void> ProjectDatabase::begin() {
  if (auto place = ensure_place(file_); !place) return place;
  auto opened = open_database();
  if (opened || opened.error().code != Errc::Invalid) return opened;
  return begin_again(opened.error());
}

Result<void> ProjectDatabase::open_database() {
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

Result<void> ProjectDatabase::begin_again(const Error& why) {
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

Result<void> ProjectDatabase::ensure_open() {
  // In WAL mode SQLite does not notice that its file was removed, and writes into nothing.
  if (database_ && identity_of(file_) != identity_) database_.reset();
  if (database_) return {};
  return begin();
}

Result<RecordedDatabase> open_recorded(const fs::path& root) {
  const auto file = ProjectDatabase::file_in(root);
  std::error_code error;
  if (!fs::exists(file, error)) return fail(Errc::NotFound, "{}: no history", file.string());
  auto database = Database::open_to_read(file);
  if (!database) return fail(database.error());
  const auto version = (*database)->whole("PRAGMA user_version");
  if (!version) return fail(version.error(), "{}", file.string());
  if (*version > ProjectDatabase::kVersion) return fail_as_newer(*version);
  return RecordedDatabase{std::move(*database), *version};
}

}  // namespace poltergeist::state
