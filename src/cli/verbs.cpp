// SPDX-License-Identifier: MIT
#include "cli/verbs.h"

#include <algorithm>
#include <tuple>

#include "cli/verb_functions.h"

namespace poltergeist::cli {

namespace {

constexpr auto kVerbs = std::to_array<Verb>({
    {"haunt", "start", Group::Daemon, "Watch this project and keep its targets built", verb_haunt,
     nullptr,
     "It returns as soon as watching has begun; a daemon that runs already is left alone."},
    {"stop", "rest", Group::Daemon, "End the daemon, its builds and its programs", verb_stop,
     nullptr, "That none is running is success."},
    {"restart", "", Group::Daemon, "End the daemon and start it again", verb_restart},
    {"status", "", Group::Daemon, "Show what the daemon knows of each target", verb_status, nullptr,
     "Without a daemon: what the last one knew, and exit code 3."},
    {"pause", "", Group::Daemon, "Stop building by itself; `build` still works", verb_pause,
     nullptr, "It holds over a restart of the daemon."},
    {"resume", "", Group::Daemon, "Build by itself again", verb_resume},
    {"health", "", Group::Daemon, "Say whether the configuration is valid and the daemon answers",
     verb_health, nullptr,
     "For liveness probes. Exit codes: 0 both hold, 2 the configuration is wrong, 3 no daemon\n"
     "answers."},
    {"init", "", Group::Project, "Write a configuration for what is found here", verb_init},
    {"list", "", Group::Project, "List the targets and tasks of the configuration", verb_list},
    {"validate", "", Group::Project, "Check the configuration", verb_validate, nullptr,
     "`-c -` reads it from the standard input."},
    {"trust", "", Group::Project, "Trust the configuration of a directory that others can write",
     verb_trust},
    {"doctor", "", Group::Project, "Look for what is wrong here, and say what to do about it",
     verb_doctor, nullptr,
     "With a daemon and without one. Exit codes: 0 nothing worse than a note, 1 a warning or\n"
     "a problem."},
    {"clean", "", Group::Project, "Remove the state files of projects that nobody uses", verb_clean,
     nullptr, "Files of all projects; those of a project whose daemon runs are never touched."},
    {"build", "", Group::Development, "Build a target now, and show its output", verb_build,
     nullptr,
     "The daemon builds; without one it is done here. Exit codes: 0 fresh and good, 1 failed,\n"
     "3 cannot know, 4 no such target."},
    {"wait", "", Group::Development, "Wait until targets are built from the tree as it is now",
     verb_wait, nullptr,
     "Exit codes: 0 fresh and good, 1 failed, blocked or not going to be built, 3 cannot know,\n"
     "4 no such target, 124 timeout."},
    {"logs", "", Group::Development, "Show the log of a target", verb_logs},
    {"errors", "", Group::Development, "List what is wrong with the last builds", verb_errors,
     nullptr, "Exit codes: 0 nothing, 1 there are errors."},
    {"why", "", Group::Development,
     "Say which targets a path belongs to, or why a target was built", verb_why},
    {"events", "", Group::Development, "Print what happened, and what happens", verb_events},
    {"exec", "", Group::Development, "Execute a task of the configuration, here and now", verb_exec,
     nullptr,
     "Its output comes as it is printed; what it says of itself goes to stderr. Exit codes: 0\n"
     "success, 75 retries spent, 124 timeout, 126 and 127 it could not be started, 130\n"
     "cancelled, 4 no such task, 2 the input does not fit, else the command's own."},
    {"task", "", Group::Development, "Show, await and cancel what `exec --detach` asked for",
     verb_task, nullptr,
     "wait exits with what exec would have exited with; 124 also when it is not over in time.\n"
     "list and show need no daemon."},
    {"runner", "", Group::Development,
     "Start, stop or restart the program that autoRun keeps running", verb_runner},
    {"polter", "", Group::Development, "Run a target, fresh (the same as the program `polter`)",
     nullptr, verb_polter},
    {"schema", "", Group::Tool, "Print the JSON Schema of the configuration", verb_schema},
    {"completion", "", Group::Tool, "Print a shell's completions for this program", verb_completion,
     nullptr,
     "bash: source <(poltergeist completion bash)\n"
     "zsh:  poltergeist completion zsh > \"${fpath[1]}/_poltergeist\"\n"
     "fish: poltergeist completion fish > ~/.config/fish/completions/poltergeist.fish"},
    {"version", "", Group::Tool, "Print the version", verb_version},
});

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

const Verb* verb_for(std::string_view name_or_alias) {
  const auto found = std::ranges::find_if(kVerbs, [&](const Verb& verb) {
    return verb.name == name_or_alias || (!verb.alias.empty() && verb.alias == name_or_alias);
  });
  return found == kVerbs.end() ? nullptr : &*found;
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const auto& verb : kVerbs) {
    names.emplace_back(verb.name);
    if (!verb.alias.empty()) names.emplace_back(verb.alias);
  }
  return names;
}

VerbHelp help_of(const Verb& verb) {
  return {std::string(verb.name), std::string(verb.alias), std::string(verb.about),
          std::string(verb.notes)};
}

std::vector<Parameter> parameters_of(const Verb& verb) {
  if (verb.act == nullptr) return {};
  Arguments arguments(help_of(verb), {}, Arguments::Mode::Describe);
  // Describing ends at end(): nothing is done.
  std::ignore = verb.act(arguments);
  return arguments.parameters();
}

}  // namespace poltergeist::cli
