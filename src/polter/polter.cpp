// SPDX-License-Identifier: MIT
#include "polter/polter.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "base/last_net.h"
#include "polter/configured.h"
#include "polter/launch.h"
#include "polter/options.h"
#include "polter/target_list.h"
#include "polter/terminal.h"
#include "polter/verdict.h"
#include "polter/waiting.h"
#include "polter/watch_mode.h"
#include "process/command_line.h"
#include "process/tool_variables.h"
#include "sys/signals.h"

namespace poltergeist::polter {

namespace {

Result<Location> location_here() {
  std::error_code error;
  const auto cwd = std::filesystem::current_path(error);
  if (error) return fail(Errc::NotFound, "the working directory: {}", error.message());
  return locate(cwd, environment("POLTERGEIST_CONFIG"));
}

// A wrong configuration, or none, is the caller's to mend; anything else keeps us from answering.
ExitCode code_for(const Error& error) {
  return error.code == Errc::Invalid ? ExitCode::Usage : ExitCode::CannotAnswer;
}

std::string targets_here(const Console& console) {
  const auto location = location_here();
  if (!location) return location.error().message + "\n";
  const auto targets = runnable_targets(*location);
  return targets ? list_text(*targets, console.style()) : targets.error().message + "\n";
}

int show_help(const Console& console) {
  write_text(STDOUT_FILENO, help_text() + "\n" + targets_here(console));
  return to_int(ExitCode::Yes);
}

int ask_for_target(const Console& console) {
  console.quote("Usage: polter [options] <target> [arguments]; `polter --help` says more.\n");
  console.quote(targets_here(console));
  return to_int(ExitCode::Usage);
}

// One call with a target, from the wait to the program.
class Call {
 public:
  Call(const Location& location, const Options& options, const Console& console)
      : location_(location), options_(options), console_(console) {}

  int run() {
    if (options_.watch) {
      // Writing to a terminal in whose background we are does not stop us; a closed pipe does not
      // kill us.
      blocked_.emplace({SIGTTOU, SIGPIPE}, Unread::Discarded);
      terminal_ = Terminal::controlling();
    }
    auto loop = Loop::create();
    if (!loop) return refuse(ExitCode::CannotAnswer, loop.error().message);
    auto waited = wait_until_settled(**loop, location_, options_, console_);
    const auto verdict = verdict_on(waited);
    tell(verdict);
    // Watch mode has something to wait for even if this build failed.
    const bool waits = options_.watch && verdict.code == ExitCode::No && !options_.no_wait;
    if (!verdict.run && !waits) return to_int(verdict.code);

    std::filesystem::path artifact;
    if (verdict.run) {
      auto found = artifact_of(waited);
      if (!found) return refuse(code_for_artifact(found.error()), found.error().message);
      artifact = std::move(*found);
    }
    if (options_.watch) return watch_it(**loop, std::move(waited), artifact);
    console_.step(fmt::format("executing {}", artifact.string()));
    // The connection, and with it the lease, ends by close-on-exec.
    const auto failure = exec_in_place(process::command_line(artifact, options_.args));
    return refuse(failure.code, failure.message);
  }

 private:
  [[nodiscard]] Verdict verdict_on(const Waited& waited) const {
    if (waited.no_daemon) return verdict_for(options_, *waited.no_daemon);
    if (!waited.answer) return verdict_for(options_, waited.answer.error());
    const auto& answer = *waited.answer;
    return verdict_for(options_, answer,
                       process::difference_text(process::differing_from_own(answer.environment)));
  }

  void tell(const Verdict& verdict) const {
    console_.say(verdict.message);
    for (const auto& line : verdict.quoted) console_.quote(line);
    console_.say(verdict.closing);
  }

  // From the answer; with --force and without an answer, from the configuration.
  [[nodiscard]] Result<std::filesystem::path> artifact_of(const Waited& waited) const {
    std::filesystem::path artifact;
    if (!waited.no_daemon && waited.answer) {
      artifact = waited.answer->output_path;
    } else {
      const auto project = configured_project(location_);
      if (!project) return fail(project.error());
      auto configured = configured_artifact(*project, options_.target);
      if (!configured) return fail(configured.error());
      artifact = std::move(*configured);
    }
    if (artifact.empty()) {
      return fail(Errc::Invalid, "Target '{}' does not have an output path: nothing to run",
                  options_.target);
    }
    return artifact;
  }

  [[nodiscard]] static ExitCode code_for_artifact(const Error& error) {
    return error.code == Errc::NotFound ? ExitCode::Unknown : code_for(error);
  }

  int watch_it(Loop& loop, Waited waited, const std::filesystem::path& artifact) {
    WatchStart start{.artifact = artifact,
                     .answer = {},
                     .lease = std::move(waited.lease),
                     .terminal = std::move(terminal_)};
    if (!waited.no_daemon && waited.answer) start.answer = std::move(*waited.answer);
    const auto code = watch(loop, location_, options_, console_, std::move(start));
    return code ? *code : refuse(ExitCode::CannotAnswer, code.error().message);
  }

  [[nodiscard]] int refuse(ExitCode code, std::string_view message) const {
    console_.say(message);
    return to_int(code);
  }

  const Location& location_;
  const Options& options_;
  const Console& console_;
  // With --watch.
  std::optional<BlockedSignals> blocked_;
  std::unique_ptr<Terminal> terminal_;
};

int run(int argc, char** argv) {
  const std::vector<const char*> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  auto options = parse_options(args);
  const Console console(style_from_environment(), options && options->verbose);
  if (!options) {
    console.say(options.error().message);
    return to_int(ExitCode::Usage);
  }
  if (options->help) return show_help(console);
  if (options->version) {
    write_text(STDOUT_FILENO, POLTERGEIST_VERSION "\n");
    return to_int(ExitCode::Yes);
  }
  if (options->target.empty()) return ask_for_target(console);
  if (environment("POLTERGEIST_NO_START") == "1") options->no_start = true;
  const auto location = location_here();
  if (!location) {
    console.say(location.error().message);
    return to_int(code_for(location.error()));
  }
  console.step(fmt::format("configuration: {}", location->config_file.string()));
  return Call(*location, *options, console).run();
}

}  // namespace

int polter_main(int argc, char** argv) {
  return with_last_net(
      [&] { return run(argc, argv); },
      [](std::string_view message) { Console(style_from_environment(), false).say(message); });
}

}  // namespace poltergeist::polter
