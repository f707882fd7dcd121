// SPDX-License-Identifier: MIT
#include "cli/daemon_stop.h"

#include <poll.h>

#include "api/client.h"
#include "base/text.h"
#include "cli/connection.h"
#include "daemon/predecessor.h"
#include "sys/clock.h"
#include "sys/file_lock.h"

namespace poltergeist::cli {

namespace {

using daemon::kStopPatience;

constexpr int kLookAgainMs = 5;

// The connection ends with the daemon, so its end is the news; the lock is the proof, and the
// kernel may free it a moment later.
bool await_end(api::Client& client, const ProjectAt& project) {
  const auto deadline = now() + kStopPatience;
  while (now() < deadline) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - now());
    const auto note = client.next_notification(left);
    if (!note) break;
  }
  while (FileLock::is_held(project.paths.lock())) {
    if (now() >= deadline) return false;
    ::poll(nullptr, 0, kLookAgainMs);
  }
  return true;
}

Attempt<std::optional<int>> end_unreachable(const ProjectAt& project) {
  const auto ended = daemon::end_predecessor(project.paths.socket());
  if (!ended) return refuse(ExitCode::No, "{}", for_terminal(ended.error().message));
  return *ended;
}

}  // namespace

Attempt<std::optional<int>> stop_daemon(const ProjectAt& project) {
  if (!FileLock::is_held(project.paths.lock())) return end_unreachable(project);
  auto client = connect(project, kPatience, api::Client::Speaks::Any);
  if (!client) {
    // It ended by itself between the two looks, or only its lock is where it was.
    const bool ended = !FileLock::is_held(project.paths.lock());
    if (ended || !std::filesystem::exists(project.paths.socket())) return end_unreachable(project);
    return refuse(client.error());
  }
  const int pid = client->hello().pid;
  // An end of the connection before the answer is an answer as well.
  const auto answer = ask(*client, api::method::kStop);
  if (!answer && FileLock::is_held(project.paths.lock()) &&
      answer.error().code != ExitCode::CannotAnswer) {
    return refuse(answer.error());
  }
  if (!await_end(*client, project)) {
    return refuse(ExitCode::No, "the daemon (pid {}) has not ended after {}; `kill -9 {}` ends it",
                  pid, format_duration(kStopPatience), pid);
  }
  return pid;
}

}  // namespace poltergeist::cli
