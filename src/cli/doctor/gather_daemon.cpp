// SPDX-License-Identifier: MIT
#include "cli/doctor/gather_daemon.h"

#include <unistd.h>

#include "base/text.h"
#include "cli/connection.h"
#include "process/tool_variables.h"
#include "state/daemon_file.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

// The second number of statm: pages that are resident.
std::optional<std::uint64_t> memory_of(pid_t process) {
  const auto text = read_file(fmt::format("/proc/{}/statm", process));
  if (!text) return std::nullopt;
  const auto blank = text->find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const auto rest = std::string_view(*text).substr(blank + 1);
  const auto pages = parse_number(rest.substr(0, rest.find(' ')));
  if (!pages) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

WatchFacts watch_of(const api::DoctorResult& result) {
  return {.state = result.watch.state,
          .reason = result.watch.reason,
          .backend = result.backend,
          .choice = result.choice,
          .files = result.files,
          .directories = result.directories,
          .watches_needed = result.watches_needed,
          .watches = result.watches,
          .polled = result.polled,
          .hints = result.hints,
          .overflows = result.overflows,
          .rescans = result.rescans,
          .rewritten = result.rewritten,
          .unheard = result.unheard};
}

void take_answer(api::DoctorResult result, Facts& facts) {
  facts.watch = watch_of(result);
  // An older daemon says neither.
  if (!result.cgroup.empty() || !result.no_cgroup.empty()) {
    facts.cgroup = {.cgroup = result.cgroup, .trouble = result.no_cgroup};
  }
  facts.events = std::move(result.events);
  auto& daemon = *facts.daemon;
  daemon.degraded = result.degraded;
  daemon.replaced = result.replaced;
  daemon.environment = joined(process::differing_from_own(result.environment), ", ");
  if (const auto started = from_iso8601(result.start_time)) daemon.uptime = wall_now() - *started;
}

void question(api::Client& client, Facts& facts) {
  auto& daemon = *facts.daemon;
  daemon.pid = client.hello().pid;
  daemon.version = client.hello().version;
  daemon.memory = memory_of(daemon.pid);
  const auto answer = ask(client, api::method::kDoctor);
  if (!answer) {
    daemon.trouble = answer.error().message;
    return;
  }
  auto result = api::from_json<api::DoctorResult>(*answer);
  if (result) {
    take_answer(std::move(*result), facts);
  } else {
    daemon.trouble = result.error().message;
  }
}

}  // namespace

void ask_daemon(const ProjectAt& project, Facts& facts) {
  auto& daemon = facts.daemon.emplace();
  daemon.socket = project.paths.socket();
  auto client = connect(project);
  if (client) {
    daemon.life = DaemonFacts::Life::Alive;
    return question(*client, facts);
  }
  if (!(client.error() == no_daemon(project))) {
    daemon.life = DaemonFacts::Life::Silent;
    daemon.trouble = client.error().message;
  }
  const auto left = state::read_daemon_file(project.paths);
  if (left) daemon.pid = left->pid;
  std::error_code error;
  daemon.left_file = fs::exists(project.paths.daemon_json(), error);
  daemon.left_socket = fs::exists(daemon.socket, error);
}

}  // namespace poltergeist::cli::doctor
