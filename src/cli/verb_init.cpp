// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "cli/init/additions.h"
#include "cli/init/detect.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/verb_functions.h"
#include "config/discovery.h"
#include "process/environment.h"
#include "process/orphanage.h"
#include "process/task_executor.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostOutput = 16 << 20;
constexpr std::size_t kShownLines = 5;

struct InitCall {
  InitOptions init;
  Additions additions;
  bool automatic = false;  // upstream's --auto: what happens anyway
  bool no_configure = false;
  bool no_auto_add = false;
};

std::string last_lines(std::string_view text) {
  const auto lines = lines_of(text);
  std::string last;
  for (std::size_t i = lines.size() - std::min(lines.size(), kShownLines); i < lines.size(); ++i) {
    last += (last.empty() ? "" : "\n") + std::string(lines[i]);
  }
  return last;
}

// The CommandRunner of detect.h, for real: it waits for the program's end.
Result<std::string> run_command(const std::vector<std::string>& argv, const fs::path& cwd) {
  const auto loop = Loop::create();
  if (!loop) return fail(loop.error());
  const auto orphanage = process::Orphanage::create(**loop);
  if (!orphanage) return fail(orphanage.error());
  process::TaskExecutor executor(**orphanage);
  std::optional<process::CommandEnd> ended;
  process::Attempt::Listener listener;
  listener.on_end = [&](process::CommandEnd end) { ended = std::move(end); };
  const auto attempt = executor.start({.name = argv.front(),
                                       .argv = argv,
                                       .cwd = cwd,
                                       .env = process::own_environment(),
                                       .errors_to_output = true,
                                       .most_kept = kMostOutput},
                                      std::move(listener));
  if (!attempt) return fail(attempt.error());
  (*loop)->run_until([&] { return ended.has_value(); });
  if (ended->exit.ok()) return std::move(ended->out.text);
  return fail(Errc::Io, "{} ended with {}: {}", argv.front(), ended->exit.text(),
              last_lines(ended->out.text));
}

// Created, never replaced: somebody may have written one since we looked.
Result<void> write_new(const fs::path& file, std::string_view text) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("writing {}", file.string());
  while (!text.empty()) {
    const auto count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("writing {}", file.string());
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

void say_findings(const Proposal& proposal) {
  for (const auto& finding : proposal.findings) {
    std::vector<std::string> names;
    for (const auto& target : finding.targets) names.push_back(target.name);
    say(fmt::format("{} ({}): {}", finding.kind, for_terminal(finding.source),
                    names.empty() ? "no targets" : for_terminal(joined(names, ", "))));
    for (const auto& note : finding.notes) say("  " + for_terminal(note));
  }
}

int write(const Proposal& proposal, const fs::path& file) {
  if (const auto written = write_new(file, proposal.text); !written) {
    return report({ExitCode::CannotAnswer, written.error().message, {}});
  }
  print(fmt::format("wrote {}\n", for_terminal(file.string())));
  say("next: `poltergeist haunt` builds and keeps building, `polter <target>` runs what is fresh");
  return to_int(ExitCode::Yes);
}

void declare(Arguments& arguments, InitCall& options) {
  arguments.flag("--dry-run", options.init.dry_run, "print it, and write nothing");
  arguments.flag("--cmake", options.init.cmake_only, "CMake only");
  arguments.flag("--auto", options.automatic, "look for everything (the default)");
  arguments.value("--generator", options.init.generator, "name", "CMake's generator");
  arguments.value("--preset", options.init.preset, "name", "a configure preset of CMake");
  arguments.value("--build-dir", options.init.build_dir, "dir",
                  "CMake's build directory, relative to here", Parameter::Offer::Directories);
  arguments.flag("--cmake-no-configure", options.no_configure, "do not run cmake");
  arguments.flag("--no-auto-add", options.no_auto_add,
                 "only what the project's files declare, nothing by convention");
  arguments.value("--post-run", options.additions.post_run, "command",
                  "a line for bash that stays beside the program: its sidecar");
  arguments.value("--cleanup", options.additions.cleanup, "command",
                  "a line for bash before the program is stopped for good");
  arguments.value("-t,--target", options.additions.target, "target",
                  "the target whose program these two are for");
}

// What forbids to begin, already said; nothing if nothing does.
std::optional<int> objection(const Arguments& arguments, const InitCall& options,
                             const fs::path& root) {
  if (options.automatic && options.init.cmake_only) {
    return arguments.misuse("--auto and --cmake exclude each other");
  }
  const bool wants_cmake = options.init.cmake_only || !options.init.preset.empty();
  if (wants_cmake && !fs::exists(root / "CMakeLists.txt")) {
    return arguments.misuse("there is no CMakeLists.txt here");
  }
  const auto file = root / config::kConfigFile;
  if (options.init.dry_run || !fs::exists(fs::symlink_status(file))) return std::nullopt;
  return report({ExitCode::Usage,
                 fmt::format("{} is there already; `poltergeist init --dry-run` prints a new one",
                             for_terminal(file.string())),
                 {}});
}

int conclude(const Proposal& proposal, const InitCall& options, const fs::path& root) {
  say_findings(proposal);
  if (proposal.targets().empty()) {
    return report({ExitCode::No,
                   fmt::format("nothing to build was found in {}; nothing is written",
                               for_terminal(root.string())),
                   {}});
  }
  const auto complete = with_additions(proposal, options.additions);
  if (!complete) return report(complete.error());
  if (!options.init.dry_run) return write(*complete, root / config::kConfigFile);
  print(complete->text);
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_init(Arguments& arguments) {
  InitCall options;
  declare(arguments, options);
  if (const auto end = arguments.end()) return *end;
  options.init.configure = !options.no_configure;
  options.init.auto_add = !options.no_auto_add;

  std::error_code error;
  const auto root = fs::canonical(".", error);
  if (error) return report({ExitCode::Usage, "the working directory: " + error.message(), {}});
  if (const auto end = objection(arguments, options, root)) return *end;
  const auto proposal = propose(root, options.init, run_command);
  if (!proposal) {
    return report(
        {exit_code_for(proposal.error().code), for_terminal(proposal.error().message), {}});
  }
  return conclude(*proposal, options, root);
}

}  // namespace poltergeist::cli
