// SPDX-License-Identifier: MIT
#include "cli/daemon_start.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/connection.h"
#include "cli/daemon_entry.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/target_choice.h"
#include "daemon/project_file.h"
#include "process/environment.h"
#include "process/spawn.h"
#include "process/tool_variables.h"
#include "sys/clock.h"
#include "sys/file_lock.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace {

// Reading a huge tree on a cold disk is the longest part of a start.
constexpr Seconds kStartPatience{120};
constexpr Seconds kEndPatience{5};

struct Start {
  ProjectAt project;
  std::vector<std::string> targets;
  LogLevel level = LogLevel::Info;
  std::vector<std::string> queues;
  std::uint64_t concurrency = 0;
};

Attempt<Start> prepare(const HauntOptions& options) {
  auto project = find_project(options.config);
  if (!project) return refuse(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return refuse(loaded.error());
  std::vector<std::string> targets;
  for (const auto& name : options.targets) {
    const auto target = named_target(loaded->project, name);
    if (!target) return refuse(target.error());
    targets.push_back(target->value());
  }
  const auto level =
      level_for(options, std::getenv("POLTERGEIST_LOG_LEVEL"), loaded->project.logging.level);
  if (!level) return refuse(level.error());
  constexpr std::uint64_t kMostAtOnce = 256;
  if (options.concurrency > kMostAtOnce) {
    return refuse(ExitCode::Usage, "--worker-concurrency is from 1 to {}", kMostAtOnce);
  }
  return Start{std::move(*project), std::move(targets), *level, options.queues,
               options.concurrency};
}

// The daemon that serves this project already, if there is one that answers; waits for one that is
// just starting. One that does not answer is there all the same.
Attempt<std::optional<int>> running_pid(const ProjectAt& project) {
  if (!FileLock::is_held(project.paths.lock())) return std::nullopt;
  const auto client = connect(project);
  if (client) return client->hello().pid;
  if (client.error() == silent_daemon(project)) return refuse(client.error());
  return std::nullopt;
}

// Whoever starts a daemon means his own environment, which one that runs already does not get.
void say_how_it_differs(const ProjectAt& project) {
  auto client = connect(project);
  if (!client) return;
  const auto status = ask(*client, api::method::kStatus);
  if (!status) return;
  const auto theirs = JsonView(*status)["daemon"]["environment"].texts_by_name();
  const auto names = process::differing_from_own(theirs);
  if (!names.empty()) say(process::difference_text(names));
}

int already_running(const ProjectAt& project, int pid) {
  print(fmt::format("a daemon (pid {}) haunts {} already\n", pid,
                    for_terminal(project.root().string())));
  say_how_it_differs(project);
  return to_int(ExitCode::Yes);
}

process::SpawnPlan plan_for(const Start& start, int ready_fd) {
  std::vector<std::string> argv = {"/proc/self/exe"};
  if (const auto executable = own_executable()) argv = {executable->string()};
  for (const auto* word : {"haunt", "--foreground", "--ready-fd", "1", "--config"}) {
    argv.emplace_back(word);
  }
  argv.push_back(start.project.file.string());
  argv.insert(argv.end(), {"--log-level", std::string(name_in(kLogLevels, start.level))});
  for (const auto& target : start.targets) argv.insert(argv.end(), {"--target", target});
  for (const auto& queue : start.queues) argv.insert(argv.end(), {"--queue", queue});
  if (start.concurrency > 0) {
    argv.insert(argv.end(), {"--worker-concurrency", std::to_string(start.concurrency)});
  }
  return {.argv = std::move(argv),
          .cwd = start.project.root(),
          .env = process::own_environment(),
          .out = process::Stream::to(ready_fd),
          .group = process::Group::NewSession,
          .role = process::Role::Independent};
}

// The first line that comes out of `fd`; what came so far if it ends before. Nothing: out of time.
std::optional<std::string> read_line(int fd, Instant deadline) {
  std::string text;
  while (text.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - now()).count();
    if (left <= 0) return std::nullopt;
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    std::array<char, 4096> bytes;
    const auto count = ::read(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return text;
}

// A daemon that did not get ready must not stay behind.
void end(const process::Child& child) {
  for (const int number : {SIGTERM, SIGKILL}) {
    ::kill(child.pid(), number);  // our own unreaped child: the number is still its own
    pollfd waiting{child.pidfd(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(Milliseconds(kEndPatience).count())) > 0) return;
  }
}

// Where it says why it did not start.
std::string log_of(const Start& start) {
  const auto loaded = load_configuration(start.project.file);
  const auto& paths = start.project.paths;
  return (loaded ? daemon::daemon_log(loaded->project, paths) : paths.daemon_log()).string();
}

Attempt<Readiness> start_in_background(const Start& start) {
  auto pipe = make_pipe();
  if (!pipe) return refuse(ExitCode::CannotAnswer, "{}", pipe.error().message);
  const auto child = process::spawn(plan_for(start, pipe->write_end.get()));
  if (!child) return refuse(ExitCode::CannotAnswer, "{}", child.error().message);
  pipe->write_end.reset();
  const auto line = read_line(pipe->read_end.get(), now() + kStartPatience);
  if (!line) {
    end(*child);
    return refuse(ExitCode::CannotAnswer, "the daemon was not ready after {}; its log: {}",
                  format_duration(kStartPatience), log_of(start));
  }
  if (line->empty()) {
    return refuse(ExitCode::CannotAnswer, "the daemon ended before it was ready; its log: {}",
                  log_of(start));
  }
  return readiness_from(*line);
}

int haunt_in_background(const Start& start) {
  const auto running = running_pid(start.project);
  if (!running) return report(running.error());
  if (*running) return already_running(start.project, **running);
  const auto ready = start_in_background(start);
  if (!ready) return report(ready.error());
  if (ready->already) {
    // It may not listen yet, and whoever reads "already" may ask it something at once.
    const auto client = connect(start.project);
    if (!client && (client.error() == silent_daemon(start.project) ||
                    !std::filesystem::exists(start.project.paths.socket()))) {
      return report(client.error());
    }
    return already_running(start.project, client ? client->hello().pid : ready->pid);
  }
  print(fmt::format("haunting {} (pid {})\n", for_terminal(start.project.root().string()),
                    ready->pid));
  return to_int(ExitCode::Yes);
}

// stdout is the pipe to the process that started us. What the daemon prints must not end up there,
// and what it starts must not inherit it.
int take_ready_fd(const std::string& text) {
  const auto number = parse_number(text);
  if (!number || *number > 1023) return -1;
  const int given = static_cast<int>(*number);
  const int kept = ::fcntl(given, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (given <= STDERR_FILENO) {
    ::dup2(nothing.get(), given);
  } else {
    ::close(given);
  }
  return kept;
}

// What whoever started us left open would take the descriptors that builds need, and hold open for
// as long as we serve what it belongs to.
void let_go_of_inherited_but(int kept) {
  constexpr unsigned kFirst = STDERR_FILENO + 1;
  const auto middle = static_cast<unsigned>(kept);
  if (kept < 0) {
    ::close_range(kFirst, ~0U, 0);
    return;
  }
  if (middle > kFirst) ::close_range(kFirst, middle - 1, 0);
  ::close_range(middle + 1, ~0U, 0);
}

int haunt_here(const Start& start, const std::string& ready_fd) {
  if (ready_fd.empty()) {
    const auto running = running_pid(start.project);
    if (!running) return report(running.error());
    if (*running) return already_running(start.project, **running);
  }
  const int ready = ready_fd.empty() ? -1 : take_ready_fd(ready_fd);
  let_go_of_inherited_but(ready);
  return become_daemon({.config_file = start.project.file,
                        .state_dir = start.project.paths.state_dir(),
                        .only_targets = start.targets,
                        .level = start.level,
                        .queues = start.queues,
                        .concurrency = static_cast<int>(start.concurrency),
                        .foreground = ready_fd.empty(),
                        .ready_fd = ready});
}

}  // namespace

void declare(Arguments& arguments, HauntOptions& options) {
  std::vector<std::string> levels;
  for (const auto& level : kLogLevels) levels.emplace_back(level.name);
  arguments.values("-t,--target", options.targets, "target",
                   "only this target (may be given several times)", Parameter::Offer::Targets);
  arguments.values("--queue", options.queues, "name",
                   "execute only tasks of this queue (may be given several times)");
  arguments.number("--worker-concurrency", options.concurrency, "n",
                   "execute so many of a queue at once, whatever the configuration says");
  arguments.flag("-f,--foreground", options.foreground, "stay here, the log on stderr");
  arguments.choice("--log-level", options.log_level, levels, "how much the daemon's log says");
  arguments.flag("--verbose", options.verbose, "the same as --log-level debug");
  arguments.config(options.config);
  arguments.internal("--ready-fd", options.ready_fd);
}

Attempt<LogLevel> level_for(const HauntOptions& options, const char* from_environment,
                            LogLevel configured) {
  if (!options.log_level.empty()) return *value_in(kLogLevels, options.log_level);
  if (options.verbose) return LogLevel::Debug;
  if (from_environment == nullptr || *from_environment == '\0') return configured;
  const auto level = value_in(kLogLevels, from_environment);
  if (level) return *level;
  return refuse(ExitCode::Usage, "POLTERGEIST_LOG_LEVEL is \"{}\"; it can be {}",
                for_terminal(from_environment), names_in(kLogLevels));
}

Attempt<Readiness> readiness_from(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  const JsonView view(json);
  if (view["ready"].flag().value_or(false)) {
    return Readiness{.pid = static_cast<pid_t>(view["pid"].number().value_or(0))};
  }
  if (const auto other = view["running"].number()) {
    return Readiness{.pid = static_cast<pid_t>(*other), .already = true};
  }
  const auto error = view["error"];
  const auto code = error["exit"].number().value_or(to_int(ExitCode::CannotAnswer));
  const auto message = error["message"].text();
  return refuse(
      Refusal{static_cast<ExitCode>(code),
              message.empty() ? std::string("the daemon did not say why it cannot start") : message,
              {}});
}

int haunt(const HauntOptions& options) {
  const auto start = prepare(options);
  if (!start) return report(start.error());
  if (options.foreground) return haunt_here(*start, options.ready_fd);
  return haunt_in_background(*start);
}

}  // namespace poltergeist::cli
