// SPDX-License-Identifier: MIT
#include "daemon/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/exit_code.h"
#include "base/signal_names.h"
#include "base/text.h"
#include "daemon/daemon.h"
#include "daemon/predecessor.h"
#include "daemon/project_file.h"
#include "daemon/version.h"
#include "process/cgroup_branch.h"
#include "process/core_limit.h"
#include "process/sweep.h"
#include "state/daemon_file.h"
#include "state/input_file.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/signals.h"

namespace poltergeist::daemon {

namespace {

// Tells whoever started us how it went, once.
class ReadyPipe {
 public:
  explicit ReadyPipe(int fd) : fd_(fd) {}

  void ready() { say({{"ready", true}, {"pid", ::getpid()}}); }
  void running(pid_t pid) { say({{"running", pid}}); }
  void failed(ExitCode code, const std::string& message) {
    say({{"error", {{"exit", to_int(code)}, {"message", message}}}});
  }

 private:
  void say(const nlohmann::json& what) {
    if (!fd_) return;
    const auto line = what.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
    [[maybe_unused]] const auto written = ::write(fd_.get(), line.data(), line.size());
    fd_.reset();
    // It may have been our stdout: something must stand there, or the next file would.
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null && ::fcntl(STDOUT_FILENO, F_GETFD) < 0) ::dup2(null.get(), STDOUT_FILENO);
  }

  UniqueFd fd_;
};

// A start that did not come about.
struct Failed {
  ExitCode code;
  std::string message;
};

tl::unexpected<Failed> failed(ExitCode code, std::string message) {
  return tl::unexpected<Failed>(Failed{code, std::move(message)});
}

// What a daemon has before anything else exists: the only one of its project, with a log.
struct Ground {
  config::Project project;
  state::ProjectPaths paths;
  FileLock lock;
};

tl::expected<Ground, Failed> prepare(const DaemonOptions& options, LogTo log_to) {
  auto loaded = read_project_file(options.config_file);
  if (!loaded) {
    std::string text = loaded.error().summary;
    for (const auto& problem : loaded.error().problems) text += '\n' + problem;
    return failed(ExitCode::Usage, std::move(text));
  }
  auto paths = state::ProjectPaths::create(options.state_dir, loaded->project.root);
  if (!paths) return failed(ExitCode::Usage, paths.error().message);
  if (const auto writable = state::check_writable(options.state_dir); !writable) {
    return failed(ExitCode::Usage, writable.error().message);
  }
  auto lock = state::take_project_lock(*paths);
  if (!lock) {
    return failed(lock.error().code == Errc::Busy ? ExitCode::Yes : ExitCode::CannotAnswer,
                  lock.error().message);
  }
  const auto level = options.level.value_or(loaded->project.logging.level);
  const auto format = loaded->project.logging.format;
  if (const auto log = open_log(daemon_log(loaded->project, *paths), level, log_to, format); !log) {
    return failed(ExitCode::CannotAnswer, log.error().message);
  }
  const auto predecessor = end_predecessor(paths->socket());
  if (!predecessor) return failed(ExitCode::CannotAnswer, predecessor.error().message);
  if (*predecessor) {
    log_warn("the daemon that served until now (pid {}) is ended: its lock was removed",
             **predecessor);
  }
  return Ground{std::move(loaded->project), std::move(*paths), std::move(*lock)};
}

std::set<TargetId> ids_of(const std::vector<std::string>& names) {
  std::set<TargetId> ids;
  for (const auto& name : names) ids.emplace(name);
  return ids;
}

Tasking::Overrides worker_for(const DaemonOptions& options) {
  Tasking::Overrides overrides;
  overrides.queues.insert(options.queues.begin(), options.queues.end());
  if (options.concurrency > 0) overrides.concurrency = options.concurrency;
  return overrides;
}

void announce(const Ground& ground, const Daemon& daemon) {
  const auto written =
      state::write_daemon_file(ground.paths, {.pid = ::getpid(),
                                              .start_time = wall_now(),
                                              .log_file = daemon_log(ground.project, ground.paths),
                                              .project_path = ground.project.root,
                                              .config_path = ground.project.file,
                                              .socket = ground.paths.socket(),
                                              .version = std::string(kVersion),
                                              .backend = std::string(daemon.backend())});
  if (!written) log_warn("{}", written.error().message);
}

// What a daemon that was killed left. Its file is still there, and we hold its lock.
void sweep(const state::ProjectPaths& paths) {
  sweep_temporaries(paths.state_dir());
  state::sweep_input_files(paths);
  if (const auto own = process::own_cgroup()) {
    // Also of those that have no such file: `polter --watch`, a task in the foreground.
    const auto left = process::end_left_branches(*own);
    if (left > 0) log_warn("{} processes of one of us that was killed are ended", left);
  }
  const auto killed = state::read_daemon_file(paths);
  if (!killed) return;
  const auto left = process::kill_units_of(killed->pid);
  if (left > 0) log_warn("{} processes of a daemon that was killed are ended", left);
}

int serve(const DaemonOptions& options, ReadyPipe& pipe) {
  auto ground = prepare(options, options.foreground ? LogTo::FileAndStderr : LogTo::File);
  if (!ground) {
    if (ground.error().code == ExitCode::Yes) {
      // Another one was faster: that is what was asked for.
      const auto info =
          state::ProjectPaths::create(options.state_dir, options.config_file.parent_path())
              .and_then(state::read_daemon_file);
      pipe.running(info ? info->pid : 0);
      return to_int(ExitCode::Yes);
    }
    pipe.failed(ground.error().code, ground.error().message);
    if (options.ready_fd < 0) std::cerr << ground.error().message << '\n';
    return to_int(ground.error().code);
  }
  auto loop = Loop::create();
  if (!loop) {
    pipe.failed(ExitCode::CannotAnswer, loop.error().message);
    return to_int(ExitCode::CannotAnswer);
  }
  process::forbid_own_core_files();
  sweep(ground->paths);
  std::unique_ptr<Daemon> daemon;
  const auto end = [&loop] { (*loop)->stop(); };
  // In the background a terminal that closes is none of our business, nor where nohup says so.
  const bool outlives_terminal = !options.foreground || is_ignored(SIGHUP);
  bool is_told = false;
  const auto source =
      SignalSource::create(**loop, {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, [&](ArrivedSignal signal) {
        if (signal.number == SIGHUP && outlives_terminal) return;
        if (!std::exchange(is_told, true)) {
          daemon->stop(signal_name(signal.number), end);
        } else if (signal.number != SIGHUP) {  // both the shell and the kernel tell of that
          daemon->hurry_stop();
        }
      });
  auto created = Daemon::create(**loop, {.project = ground->project,
                                         .paths = ground->paths,
                                         .only_targets = ids_of(options.only_targets),
                                         .version = std::string(kVersion),
                                         .worker = worker_for(options)});
  if (!created) {
    log_error("{}", created.error().message);
    pipe.failed(ExitCode::CannotAnswer, created.error().message);
    if (options.ready_fd < 0) std::cerr << created.error().message << '\n';
    return to_int(ExitCode::CannotAnswer);
  }
  daemon = std::move(*created);
  daemon->on_stopped(end);
  announce(*ground, *daemon);
  log_info("haunting {} as pid {}", ground->project.root.string(), ::getpid());
  pipe.ready();
  (*loop)->run();
  daemon.reset();
  state::remove_daemon_file(ground->paths);
  log_info("gone");
  return to_int(ExitCode::Yes);
}

Error error_of(const Failed& failed) {
  if (failed.code == ExitCode::Yes) return {Errc::Busy, failed.message};
  if (failed.code == ExitCode::Usage) return {Errc::Invalid, failed.message};
  return {Errc::Unavailable, failed.message};
}

}  // namespace

int run_daemon(const DaemonOptions& options) {
  ReadyPipe pipe(options.ready_fd);
  return serve(options, pipe);
}

Result<ForegroundResult> build_in_foreground(const DaemonOptions& options,
                                             const ForegroundBuild& build) {
  const auto ground = prepare(options, LogTo::File);
  if (!ground) return fail(error_of(ground.error()));
  auto loop = Loop::create();
  if (!loop) return fail(loop.error());
  ForegroundResult result;
  std::unique_ptr<Daemon> daemon;
  const auto end = [&loop] { (*loop)->stop(); };
  const auto source =
      SignalSource::create(**loop, {SIGINT, SIGTERM, SIGHUP}, [&](ArrivedSignal signal) {
        if (signal.number == SIGHUP && is_ignored(SIGHUP)) return;
        result.signal = signal.number;
        daemon->stop(signal_name(signal.number), end);
      });
  if (!source) return fail(source.error());
  const TargetId target(build.target);
  auto created = Daemon::create(**loop, {.project = ground->project,
                                         .paths = ground->paths,
                                         .only_targets = {target},
                                         .version = std::string(kVersion),
                                         .serve = false,
                                         .notify = false});
  if (!created) return fail(created.error());
  daemon = std::move(*created);
  daemon->build(target, build.force ? build::Force::Yes : build::Force::No, build.on_line,
                [&](const api::TargetAnswer& answer) {
                  result.answer = answer;
                  // Not from within: it is the waiters who tell us.
                  (*loop)->post([&] { daemon->stop("the build is done", end); });
                });
  (*loop)->run();
  return result;
}

}  // namespace poltergeist::daemon
