// SPDX-License-Identifier: MIT
#include "polter/daemon_start.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "process/environment.h"
#include "process/spawn.h"
#include "sys/files.h"

namespace poltergeist::polter {

namespace {

constexpr const char* kProgram = "poltergeist";

// The program beside ours belongs to ours, whatever PATH says.
std::string program() {
  if (const auto own = own_executable()) {
    const auto beside = own->parent_path() / kProgram;
    if (::access(beside.c_str(), X_OK) == 0) return beside.string();
  }
  return kProgram;
}

bool has_ended(const process::Child& child, Milliseconds patience) {
  pollfd waiting{child.pidfd(), POLLIN, 0};
  const auto most = std::min<std::int64_t>(patience.count(), std::numeric_limits<int>::max());
  int ready = -1;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(most));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// What the pipe holds now: the daemon may have inherited its other end.
std::string said_on(const UniqueFd& pipe) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(pipe.get(), bytes.data(), bytes.size());
  if (count <= 0) return {};
  return std::string(trimmed({bytes.data(), static_cast<std::size_t>(count)}));
}

tl::unexpected<NoDaemon> not_started(ExitCode code, std::string message) {
  return tl::unexpected<NoDaemon>(NoDaemon{code, std::move(message)});
}

}  // namespace

tl::expected<void, NoDaemon> start_daemon(const Location& location, Milliseconds patience) {
  process::SpawnPlan plan;
  plan.argv = {program(), "haunt", "--config", location.config_file.string()};
  plan.cwd = location.root;
  plan.env = process::own_environment();
  plan.err = process::Stream::pipe();
  plan.group = process::Group::Same;  // Ctrl+C while it starts is meant for both
  plan.role = process::Role::Independent;
  auto child = process::spawn(plan);
  if (!child) {
    return not_started(ExitCode::CannotAnswer,
                       fmt::format("cannot start the daemon: {}", child.error().message));
  }
  if (!has_ended(*child, patience)) {
    return not_started(ExitCode::Timeout, fmt::format("`{} haunt` did not end within {}", kProgram,
                                                      format_duration(patience)));
  }
  const auto exit = child->reap();
  if (exit.ok()) return {};
  const auto said = said_on(child->take_err());
  const bool is_usage = exit == Exit::by_code(to_int(ExitCode::Usage));
  return not_started(is_usage ? ExitCode::Usage : ExitCode::CannotAnswer,
                     said.empty() ? fmt::format("`{} haunt`: {}", kProgram, exit.text()) : said);
}

}  // namespace poltergeist::polter
