// SPDX-License-Identifier: MIT
#include "cli/connection.h"

#include <poll.h>

#include <algorithm>

#include "base/text.h"
#include "process/port_holder.h"
#include "state/daemon_file.h"
#include "sys/clock.h"
#include "sys/file_lock.h"

namespace poltergeist::cli {

namespace {

// A daemon that starts or ends holds its lock for moments without listening: worth a second look.
constexpr Milliseconds kSettling{1000};
constexpr int kPauseMs = 10;
// So long one that is not greeted by takes to look whether the daemon is stopped.
constexpr Milliseconds kLook{500};

std::string pid_text(const ProjectAt& project) {
  const auto info = state::read_daemon_file(project.paths);
  return info && info->pid > 0 ? fmt::format(" (pid {})", info->pid) : std::string();
}

// It starts or ends: nobody listens, and the lock is held.
Refusal not_listening(const ProjectAt& project) {
  return {ExitCode::CannotAnswer,
          fmt::format("the daemon{} does not answer: it is starting or ending", pid_text(project)),
          {}};
}

Refusal unreachable(const ProjectAt& project) {
  return {ExitCode::CannotAnswer,
          fmt::format("nobody can reach the daemon{}, for somebody removed its socket {}; "
                      "`poltergeist restart` starts one in its place",
                      pid_text(project), for_terminal(project.paths.socket().string())),
          {}};
}

Result<api::Client> reach(const ProjectAt& project, Milliseconds patience,
                          api::Client::Speaks speaks) {
  auto client = api::Client::open(project.paths.socket());
  if (!client) return client;
  auto greeted = client->await_greeting(std::min(kLook, patience), speaks);
  const bool is_late = !greeted && greeted.error().code == Errc::Timeout;
  if (is_late && patience > kLook && !process::stopped_listener(client->fd())) {
    greeted = client->await_greeting(patience - kLook, speaks);
  }
  if (!greeted) return fail(greeted.error());
  return client;
}

ExitCode exit_code_of(api::ErrorCode code) {
  switch (code) {
    case api::ErrorCode::Failed:
    case api::ErrorCode::Conflict:
      return ExitCode::No;
    case api::ErrorCode::Invalid:
    case api::ErrorCode::InvalidParams:
    case api::ErrorCode::Unauthorized:
    case api::ErrorCode::Forbidden:
      return ExitCode::Usage;
    case api::ErrorCode::NotFound:
      return ExitCode::Unknown;
    case api::ErrorCode::Timeout:
      return ExitCode::Timeout;
    case api::ErrorCode::InternalError:
      return ExitCode::OurBug;
    case api::ErrorCode::ParseError:
    case api::ErrorCode::InvalidRequest:
    case api::ErrorCode::MethodNotFound:
    case api::ErrorCode::Unavailable:
      return ExitCode::CannotAnswer;
  }
  return ExitCode::CannotAnswer;
}

}  // namespace

Refusal silent_daemon(const ProjectAt& project) {
  const auto info = state::read_daemon_file(project.paths);
  const auto kill = info && info->pid > 0
                        ? fmt::format(
                              "`kill -CONT {0}` wakes one that is stopped, `kill -9 {0}` "
                              "ends it",
                              info->pid)
                        : std::string("end it and start a new one");
  return {ExitCode::CannotAnswer,
          fmt::format("the daemon{} does not answer; {}", pid_text(project), kill),
          {}};
}

Refusal no_daemon(const ProjectAt& project) {
  return {ExitCode::CannotAnswer,
          fmt::format("no daemon is running for {}; `poltergeist haunt` starts one",
                      for_terminal(project.root().string())),
          {}};
}

Refusal refusal_for(const api::RpcError& error) {
  return {exit_code_of(error.code), for_terminal(error.message), {}};
}

Attempt<api::Client> connect(const ProjectAt& project, Milliseconds patience,
                             api::Client::Speaks speaks) {
  const auto give_up = now() + kSettling;
  while (true) {
    auto client = reach(project, patience, speaks);
    if (client) return std::move(*client);
    const auto code = client.error().code;
    if (code == Errc::Timeout || code == Errc::Busy) return refuse(silent_daemon(project));
    if (client.error().code != Errc::Unavailable) {
      return refuse(ExitCode::CannotAnswer, "{}", for_terminal(client.error().message));
    }
    if (!FileLock::is_held(project.paths.lock())) return refuse(no_daemon(project));
    if (now() >= give_up) {
      return refuse(std::filesystem::exists(project.paths.socket()) ? not_listening(project)
                                                                    : unreachable(project));
    }
    ::poll(nullptr, 0, kPauseMs);
  }
}

Attempt<api::Json> ask(api::Client& client, std::string_view method, const api::Json& params,
                       std::optional<Milliseconds> patience,
                       const api::Client::OnNotification& on_notification) {
  const auto asked = now();
  auto answer = client.call_rpc(method, params, patience, on_notification);
  if (!answer) {
    // Not the daemon's word that something took too long, but its silence.
    if (answer.error().code == api::ErrorCode::Timeout && patience && now() >= asked + *patience) {
      return refuse(ExitCode::CannotAnswer, "the daemon (pid {}) does not answer",
                    client.hello().pid);
    }
    return refuse(refusal_for(answer.error()));
  }
  return std::move(*answer);
}

}  // namespace poltergeist::cli
