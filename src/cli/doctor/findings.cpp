// SPDX-License-Identifier: MIT
#include "cli/doctor/findings.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::cli::doctor {

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

// Below these a file system has little room, or none to speak of.
struct Room {
  std::uint64_t little;
  std::uint64_t none;
};
constexpr Room kForBuilds{.little = kGiB, .none = 64 * kMiB};
constexpr Room kForState{.little = 16 * kMiB, .none = kMiB};
constexpr std::uint64_t kFewFiles = 1000;

Level level_of(const FileSystem& place, const Room& room) {
  if (!place.has_figures || place.read_only) return Level::Ok;
  const bool has_no_files = place.total_files > 0 && place.free_files == 0;
  if (place.free_bytes < room.none || has_no_files) return Level::Problem;
  const bool has_few_files = place.total_files > 0 && place.free_files < kFewFiles;
  return place.free_bytes < room.little || has_few_files ? Level::Warning : Level::Ok;
}

std::string room_text(const FileSystem& place) {
  if (!place.has_figures) return "not known";
  auto text =
      fmt::format("{} of {} free", size_text(place.free_bytes), size_text(place.total_bytes));
  if (place.total_files > 0) text += fmt::format(", room for {} files", place.free_files);
  if (!place.type.empty()) {
    text += fmt::format(" ({}, mounted at {})", place.type, place.mount.string());
  }
  return text;
}

Finding room_finding(Section section, const FileSystem& place, const Room& room) {
  Finding finding{.section = section, .name = "room", .found = room_text(place)};
  if (place.has_figures) {
    finding.figures = {{"freeBytes", place.free_bytes}, {"totalBytes", place.total_bytes}};
  }
  finding.level = level_of(place, room);
  if (finding.level == Level::Ok) return finding;
  finding.advice = fmt::format("make room; see what takes it on {}", place.mount.string());
  finding.command = fmt::format("du -xh {} | sort -h | tail", shell_quoted(place.mount.string()));
  return finding;
}

Finding configuration_finding(const ConfigurationFacts& facts) {
  Finding finding{.section = Section::Project, .name = "configuration"};
  finding.found = fmt::format("{}: {} target{}", facts.file.string(), facts.targets,
                              facts.targets == 1 ? "" : "s");
  finding.figures = {{"targets", facts.targets}, {"problems", facts.problems.size()}};
  if (facts.trouble.empty()) return finding;
  finding.level = Level::Problem;
  finding.found = facts.trouble;
  for (const auto& problem : facts.problems) finding.found += "\n" + problem;
  finding.advice = "mend it; this tells whether it is:";
  finding.command = "poltergeist validate";
  return finding;
}

Finding missing_program(const std::string& what) {
  return {.section = Section::Project,
          .name = "programs",
          .level = Level::Problem,
          .found = what,
          .advice =
              "install it, or put its directory into PATH; then restart the daemon, which "
              "has the PATH of its start",
          .command = "poltergeist restart"};
}

Finding shell_finding(const ShellFacts& shell) {
  Finding finding{.section = Section::Tools, .name = "shell", .found = shell.path.string()};
  if (shell.real.empty()) {
    finding.level = Level::Problem;
    finding.found += " is not there, or is no program: no command of the configuration can run";
    finding.advice = "install a shell there (dash, bash)";
  } else if (shell.real != shell.path) {
    finding.found += fmt::format(" ({})", shell.real.string());
  }
  return finding;
}

// git and Watchman are looked for in any case; the others because a target needs them.
void judge_missing(const ToolFacts& tool, bool wants_watchman, Finding& finding) {
  if (!tool.used_by.empty()) {
    finding.level = Level::Warning;
    finding.found = fmt::format("not there, and target {} is built with it", tool.used_by);
    finding.advice = fmt::format("install {}, or put its directory into PATH", tool.name);
  } else if (tool.name == "watchman" && wants_watchman) {
    finding.level = Level::Warning;
    finding.found = "not there, and `watcher.backend` asks for it";
    finding.advice = "install Watchman, or leave `watcher.backend` out";
  } else {
    finding.found = "not there, and not needed";
  }
}

Finding tool_finding(const ToolFacts& tool, bool wants_watchman) {
  Finding finding{.section = Section::Tools, .name = tool.name};
  switch (tool.answer) {
    case ToolFacts::Answer::Version:
      finding.found = fmt::format("{} ({})", tool.text, tool.file.string());
      break;
    case ToolFacts::Answer::Nothing:
      finding.found = fmt::format("{}, which tells no version", tool.file.string());
      break;
    case ToolFacts::Answer::Silent:
      finding.level = Level::Warning;
      finding.found = fmt::format("{} did not tell its version within {}", tool.file.string(),
                                  format_duration(kToolPatience));
      finding.advice = "see what it waits for; a build that starts it may hang as well";
      finding.command = shell_quoted(tool.file.string()) + " --version";
      break;
    case ToolFacts::Answer::Unusable:
      finding.level = Level::Warning;
      finding.found = tool.text;
      finding.advice = fmt::format("install {} anew", tool.name);
      break;
    case ToolFacts::Answer::Missing:
      judge_missing(tool, wants_watchman, finding);
      break;
  }
  return finding;
}

Finding directory_finding(const StateFacts& state) {
  Finding finding{.section = Section::State, .name = "directory"};
  finding.found =
      fmt::format("{} (mode {:04o}, user {}{}{})", state.directory.string(), state.mode,
                  state.owner, state.file_system.type.empty() ? "" : ", ", state.file_system.type);
  if (!state.trouble.empty()) {
    finding.level = Level::Problem;
    finding.found = state.trouble;
    finding.advice =
        "give us a directory that is yours alone, there or elsewhere; without one no daemon starts";
    finding.command = "export POLTERGEIST_STATE_DIR=\"$HOME/.local/state/poltergeist\"";
  } else if (is_remote(state.file_system.type)) {
    finding.level = Level::Warning;
    finding.advice = fmt::format(
        "locks and sockets are not to be relied on where {} is; take a directory of this machine",
        state.file_system.type);
    finding.command = "export POLTERGEIST_STATE_DIR=\"${XDG_RUNTIME_DIR:-/tmp}/poltergeist\"";
  }
  return finding;
}

Finding leftovers_finding(const Facts& facts) {
  const auto count = facts.state.leftovers.size();
  Finding finding{.section = Section::State, .name = "leftovers", .found = "none"};
  finding.figures = {{"files", count}};
  if (count == 0) return finding;
  const bool is_alive = facts.daemon && facts.daemon->life == DaemonFacts::Life::Alive;
  finding.level = Level::Note;
  finding.found = fmt::format("{} temporary file{} of writers that were killed, such as {}", count,
                              count == 1 ? "" : "s", facts.state.leftovers.front().string());
  finding.advice = "a daemon removes them when it starts";
  finding.command = is_alive ? "poltergeist restart" : "poltergeist haunt";
  return finding;
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  constexpr double kStep = 1024;
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  auto size = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  for (; size >= kStep && unit + 1 < kUnits.size(); ++unit) size /= kStep;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::vector<Finding> project_findings(const Facts& facts) {
  std::vector<Finding> findings{configuration_finding(facts.configuration)};
  for (const auto& missing : facts.configuration.missing_programs) {
    findings.push_back(missing_program(missing));
  }
  findings.push_back(room_finding(Section::Project, facts.file_system, kForBuilds));
  if (facts.file_system.read_only) {
    findings.push_back(
        {.section = Section::Project,
         .name = "writable",
         .level = Level::Note,
         .found = fmt::format("{} is mounted read-only", facts.file_system.mount.string()),
         .advice = "nothing, if no target builds into the project"});
  }
  return findings;
}

std::vector<Finding> state_findings(const Facts& facts) {
  std::vector<Finding> findings{directory_finding(facts.state)};
  if (!facts.state.is_there) return findings;
  findings.push_back(room_finding(Section::State, facts.state.file_system, kForState));
  findings.push_back(leftovers_finding(facts));
  return findings;
}

std::vector<Finding> tool_findings(const Facts& facts) {
  std::vector<Finding> findings{shell_finding(facts.shell)};
  for (const auto& tool : facts.tools) {
    findings.push_back(tool_finding(tool, facts.wants_watchman));
  }
  return findings;
}

std::vector<Finding> findings_for(const Facts& facts) {
  std::vector<Finding> all;
  for (auto* part : {project_findings, watching_findings, limit_findings, daemon_findings,
                     state_findings, tool_findings}) {
    auto findings = part(facts);
    std::move(findings.begin(), findings.end(), std::back_inserter(all));
  }
  return all;
}

Level worst_of(const std::vector<Finding>& findings) {
  Level worst = Level::Ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.level);
  return worst;
}

}  // namespace poltergeist::cli::doctor
