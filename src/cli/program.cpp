// SPDX-License-Identifier: MIT
#include "cli/program.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/last_net.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "daemon/version.h"

namespace poltergeist::cli {

namespace {

int unknown_verb(std::string_view word) {
  if (word.starts_with('-')) {
    return report({ExitCode::Usage,
                   fmt::format("options stand behind a verb: `poltergeist <verb> {}` "
                               "(see `poltergeist --help`)",
                               for_terminal(word)),
                   {}});
  }
  return report({ExitCode::Usage,
                 fmt::format("there is no verb \"{}\"{} (see `poltergeist --help`)",
                             for_terminal(word), did_you_mean(word, verb_names())),
                 {}});
}

int act(const Verb& verb, int argc, char** argv) {
  if (verb.pass_through != nullptr) return verb.pass_through(argc - 1, argv + 1);
  Arguments arguments(help_of(verb), {argv + 2, argv + argc});
  return verb.act(arguments);
}

int help_for(std::string_view name) {
  const Verb* verb = verb_for(name);
  if (verb == nullptr) return unknown_verb(name);
  if (verb->pass_through != nullptr) {
    std::string own_name(verb->name);
    std::string help = "--help";
    std::array<char*, 3> words = {own_name.data(), help.data(), nullptr};
    return verb->pass_through(2, words.data());
  }
  print(help_text(help_of(*verb), parameters_of(*verb)));
  return to_int(ExitCode::Yes);
}

int dispatch(int argc, char** argv) {
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == "polter") {
    return verb_for("polter")->pass_through(argc, argv);
  }
  if (argc < 2) {
    say(trimmed(program_help()));
    return to_int(ExitCode::Usage);
  }
  const std::string_view word = argv[1];
  if (word == "-v" || word == "--version") {
    print(fmt::format("{}\n", daemon::kVersion));
    return to_int(ExitCode::Yes);
  }
  if (word == "help" && argc > 2) return help_for(argv[2]);
  if (word == "-h" || word == "--help" || word == "help") {
    print(program_help());
    return to_int(ExitCode::Yes);
  }
  const Verb* verb = verb_for(word);
  return verb == nullptr ? unknown_verb(word) : act(*verb, argc, argv);
}

}  // namespace

std::string program_help() {
  std::string text =
      "poltergeist keeps every executable thing of a project fresh.\n\n"
      "Usage: poltergeist <verb> [options]\n";
  for (const auto& [group, title] : kGroupTitles) {
    text += fmt::format("\n{}:\n", title);
    for (const auto& verb : verbs()) {
      if (verb.group != group) continue;
      const auto names = verb.alias.empty() ? std::string(verb.name)
                                            : fmt::format("{}, {}", verb.name, verb.alias);
      text += fmt::format("  {:<14}{}\n", names, verb.about);
    }
  }
  return text +
         "\nEach verb has its own --help. Exit codes: 0 yes, 1 no, 2 wrong call or configuration,\n"
         "3 cannot answer (no daemon), 4 no such target, 124 timeout.\n";
}

int run_program(int argc, char** argv) {
  return with_last_net(
      [&] {
        const int code = dispatch(argc, argv);
        if (flush_output()) return code;
        return report({ExitCode::CannotAnswer, "the output could not be written", {}});
      },
      [](std::string_view message) { say(fmt::format("poltergeist: {}", message)); });
}

}  // namespace poltergeist::cli
