// SPDX-License-Identifier: MIT
#include "state/daemon_file.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "state/json_reading.h"
#include "sys/files.h"
#include "sys/unix_socket.h"

namespace poltergeist::state {

namespace {

constexpr std::size_t kLargestDaemonFile = 64 << 10;

std::filesystem::path path_in(const nlohmann::json& object, const char* key) {
  return text_in(object, key).value_or("");
}

}  // namespace

Result<FileLock> take_project_lock(const ProjectPaths& paths) {
  // `clean` removes the lock file of a dead project while it holds the lock: who opened the file
  // before that would hold a lock that nobody else sees.
  constexpr int kMostTries = 100;
  for (int i = 0; i < kMostTries; ++i) {
    auto lock = FileLock::take(paths.lock());
    if (!lock || lock->is_in_place(paths.lock())) return lock;
  }
  return fail(Errc::Busy, "{}: somebody keeps replacing it", paths.lock().string());
}

Result<void> write_daemon_file(const ProjectPaths& paths, const DaemonInfo& info) {
  nlohmann::ordered_json object;
  object["pid"] = info.pid;
  object["startTime"] = to_iso8601(info.start_time);
  object["logFile"] = to_utf8(info.log_file.string());
  object["projectPath"] = to_utf8(info.project_path.string());
  object["configPath"] = to_utf8(info.config_path.string());
  object["socket"] = to_utf8(info.socket.string());
  object["version"] = to_utf8(info.version);
  if (!info.backend.empty()) object["backend"] = to_utf8(info.backend);
  return write_file(paths.daemon_json(), object.dump(2) + "\n");
}

Result<DaemonInfo> read_daemon_file(const ProjectPaths& paths) {
  const auto text = read_file(paths.daemon_json(), kLargestDaemonFile);
  if (!text) return fail(text.error());
  const auto json = parse_json(*text);
  const auto pid = json ? int_in(*json, "pid") : std::nullopt;
  if (!pid || *pid <= 0) {
    return fail(Errc::Invalid, "{}: torn, or not written by a daemon",
                paths.daemon_json().string());
  }
  return DaemonInfo{
      .pid = *pid,
      .start_time = time_in(*json, "startTime").value_or(WallTime{}),
      .log_file = path_in(*json, "logFile"),
      .project_path = path_in(*json, "projectPath"),
      .config_path = path_in(*json, "configPath"),
      .socket = path_in(*json, "socket"),
      .version = text_in(*json, "version").value_or(""),
      .backend = text_in(*json, "backend").value_or(""),
  };
}

void remove_daemon_file(const ProjectPaths& paths) {
  std::error_code ignored;  // nothing depends on it: it proves nothing
  std::filesystem::remove(paths.daemon_json(), ignored);
}

Liveness daemon_liveness(const ProjectPaths& paths) {
  if (!FileLock::is_held(paths.lock())) return Liveness::Gone;
  return connect_to(paths.socket()) ? Liveness::Alive : Liveness::Silent;
}

}  // namespace poltergeist::state
