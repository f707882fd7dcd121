// SPDX-License-Identifier: MIT
#include "state/clean.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "state/state_dir.h"
#include "state/target_state_json.h"
#include "sys/file_lock.h"
#include "sys/unique_fd.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

enum class Kind {
  State,   // of a target
  Log,     // of a target, any channel, also the old one
  Project  // of the project as a whole
};

// A file of ours.
struct Found {
  fs::path file;
  Kind kind = Kind::Project;
  std::string target;  // empty: of the project
  WallTime written{};
};

struct Project {
  std::string name;
  std::vector<Found> files;
};
using Projects = std::map<std::string, Project>;  // by "NAME-H8"

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Where "NAME-H8" may end in a file name. A directory may be called like a hash: then it is more
// than one place.
std::vector<std::size_t> key_ends(std::string_view name) {
  std::vector<std::size_t> ends;
  for (std::size_t dash = name.find('-', 1); dash != std::string_view::npos;
       dash = name.find('-', dash + 1)) {
    const auto end = dash + 1 + kHashDigits;
    if (end >= name.size() || (name[end] != '-' && name[end] != '.')) continue;
    if (is_hash(name.substr(dash + 1, kHashDigits))) ends.push_back(end);
  }
  return ends;
}

// "-app.log.1" → "app"; nothing if the name does not end so.
std::optional<std::string> between(std::string_view rest, std::string_view ending) {
  if (!rest.starts_with('-') || !rest.ends_with(ending)) return std::nullopt;
  if (rest.size() <= ending.size() + 1) return std::nullopt;
  return std::string(rest.substr(1, rest.size() - ending.size() - 1));
}

// What a name says after its key; nothing for one that we never give.
std::optional<std::pair<Kind, std::string>> kind_of(std::string_view rest) {
  static constexpr auto kOfProject = std::to_array<std::string_view>(
      {".sock", ".lock", ".paused", "-daemon.json", "-daemon.log", "-daemon.log.1"});
  if (std::find(kOfProject.begin(), kOfProject.end(), rest) != kOfProject.end()) {
    return {{Kind::Project, ""}};
  }
  if (auto target = between(rest, ".state")) return {{Kind::State, *target}};
  if (auto target = between(rest, ".log")) return {{Kind::Log, *target}};
  if (auto target = between(rest, ".log.1")) return {{Kind::Log, *target}};
  return std::nullopt;
}

WallTime modified(const struct stat& status) {
  return WallTime(Milliseconds(std::int64_t{status.st_mtim.tv_sec} * 1000 +
                               status.st_mtim.tv_nsec / 1'000'000));
}

fs::path lock_of(const fs::path& directory, std::string_view key) {
  return directory / (std::string(key) + ".lock");
}

// A state file must say in its text what its name says. What a power cut emptied says nothing.
bool read_state(Found& found, Project& project, std::string_view hash, const struct stat& status) {
  if (status.st_size == 0) return true;
  const auto state = load_state(found.file);
  if (!state) return false;
  if (path_hash(state->identity.project_root) != hash) return false;
  if (!state->identity.project_name.empty()) project.name = state->identity.project_name;
  found.target = state->identity.target.value();
  if (state->process.last_heartbeat != WallTime{}) found.written = state->process.last_heartbeat;
  return true;
}

void sort_in(const fs::path& file, Projects& projects) {
  const auto name = file.filename().string();
  const auto ends = key_ends(name);
  if (ends.empty()) return;
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0 || status.st_uid != ::geteuid()) return;
  if (!S_ISREG(status.st_mode) && !S_ISSOCK(status.st_mode)) return;

  const auto key = name.substr(0, ends.front());
  const auto kind = kind_of(std::string_view(name).substr(ends.front()));
  if (!kind || S_ISSOCK(status.st_mode) != name.ends_with(".sock")) return;
  // The name may be read in another way: if a daemon serves that project, the file is not ours to
  // judge.
  const bool served = std::any_of(std::next(ends.begin()), ends.end(), [&](std::size_t end) {
    return FileLock::is_held(lock_of(file.parent_path(), name.substr(0, end)));
  });
  if (served) return;

  Project project{.name = key.substr(0, key.size() - kHashDigits - 1), .files = {}};
  Found found{file, kind->first, kind->second, modified(status)};
  const auto hash = std::string_view(key).substr(key.size() - kHashDigits);
  if (found.kind == Kind::State && !read_state(found, project, hash, status)) return;
  auto& known = projects[key];
  if (known.name.empty() || found.kind == Kind::State) known.name = project.name;
  known.files.push_back(std::move(found));
}

Result<Projects> projects_in(const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  Projects projects;
  for (const fs::directory_iterator end; !error && entries != end; entries.increment(error)) {
    sort_in(entries->path(), projects);
  }
  if (error) return fail(Errc::Io, "{}: {}", directory.string(), error.message());
  for (auto& [key, project] : projects) {
    std::sort(project.files.begin(), project.files.end(),
              [](const Found& a, const Found& b) { return a.file < b.file; });
  }
  return projects;
}

std::string reason_for(const Found& found, WallTime now) {
  const auto days =
      std::chrono::duration_cast<std::chrono::hours>(now - found.written).count() / 24;
  return fmt::format(
      "no daemon serves it; last used {}",
      days <= 0 ? std::string("today") : fmt::format("{} day{} ago", days, days == 1 ? "" : "s"));
}

// "KEY-app.state" and its logs "KEY-app.log", "KEY-app-runner.log".
bool is_log_of(const Found& log, const Found& state) {
  auto stem = state.file.string();
  stem.resize(stem.size() - std::string_view(".state").size());
  const auto name = log.file.string();
  return name.starts_with(stem) && name.size() > stem.size() &&
         std::string_view(".-~").find(name[stem.size()]) != std::string_view::npos;
}

// Of a project that nobody serves. A target's logs stay as long as its state does; what belongs to
// the whole project stays as long as anything of it does.
std::vector<Found> stale_of(const Project& project, Seconds unused_for, WallTime now) {
  std::vector<Found> stale;
  std::vector<Found> kept;
  const auto judge = [&](Kind kind, auto&& must_stay) {
    for (const auto& found : project.files) {
      if (found.kind != kind) continue;
      const bool old = now - found.written >= unused_for;
      (old && !must_stay(found) ? stale : kept).push_back(found);
    }
  };
  judge(Kind::State, [](const Found&) { return false; });
  judge(Kind::Log, [&](const Found& log) {
    return std::any_of(kept.begin(), kept.end(), [&](const Found& state) {
      return state.kind == Kind::State && is_log_of(log, state);
    });
  });
  const bool all_old =
      std::all_of(project.files.begin(), project.files.end(), [&](const Found& found) {
        return found.kind != Kind::Project || now - found.written >= unused_for;
      });
  judge(Kind::Project, [&](const Found&) { return !kept.empty() || !all_old; });
  return stale;
}

StaleFile named(const Found& found, const Project& project, WallTime now) {
  return {found.file, project.name, found.target, reason_for(found, now)};
}

// The lock goes last, while we hold it: a daemon that waits for it finds that it is gone and takes
// a new one (take_project_lock).
std::vector<StaleFile> remove_from(const Project& project, const fs::path& lock, Seconds unused_for,
                                   WallTime now) {
  std::vector<StaleFile> removed;
  struct stat status {};
  const bool had_lock = ::lstat(lock.c_str(), &status) == 0;
  const auto held = FileLock::take(lock);
  if (!held) return removed;
  bool lock_goes = !had_lock;
  for (const auto& found : stale_of(project, unused_for, now)) {
    if (found.file == lock) {
      lock_goes = true;
      removed.push_back(named(found, project, now));
    } else if (::unlink(found.file.c_str()) == 0) {
      removed.push_back(named(found, project, now));
    }
  }
  if (lock_goes) ::unlink(lock.c_str());
  return removed;
}

}  // namespace

Result<std::vector<StaleFile>> stale_files(const fs::path& state_dir, Seconds unused_for,
                                           WallTime now) {
  const auto projects = projects_in(state_dir);
  if (!projects) return fail(projects.error());
  std::vector<StaleFile> stale;
  for (const auto& [key, project] : *projects) {
    if (FileLock::is_held(lock_of(state_dir, key))) continue;
    for (const auto& found : stale_of(project, unused_for, now)) {
      stale.push_back(named(found, project, now));
    }
  }
  return stale;
}

Result<std::vector<StaleFile>> remove_stale_files(const fs::path& state_dir, Seconds unused_for,
                                                  WallTime now) {
  const auto projects = projects_in(state_dir);
  if (!projects) return fail(projects.error());
  std::vector<StaleFile> removed;
  for (const auto& [key, project] : *projects) {
    // Nothing to remove: not even an instant of the lock, which a starting daemon would lose to us.
    if (stale_of(project, unused_for, now).empty()) continue;
    auto gone = remove_from(project, lock_of(state_dir, key), unused_for, now);
    std::move(gone.begin(), gone.end(), std::back_inserter(removed));
  }
  return removed;
}

}  // namespace poltergeist::state
