// SPDX-License-Identifier: MIT
#include "cli/completion_script.h"

#include <functional>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/verbs.h"

namespace poltergeist::cli {

namespace {

std::vector<std::string> names_of(const Verb& verb) {
  std::vector<std::string> names = {std::string(verb.name)};
  if (!verb.alias.empty()) names.emplace_back(verb.alias);
  return names;
}

std::vector<Parameter> public_parameters(const Verb& verb) {
  auto parameters = parameters_of(verb);
  std::erase_if(parameters, [](const Parameter& parameter) { return parameter.internal; });
  return parameters;
}

// Text between single quotes, as sh, zsh and fish read it.
std::string shell_word(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

// What prints the names that are offered, one per line.
constexpr std::string_view kListTargets = "poltergeist list --names 2>/dev/null";
constexpr std::string_view kListTasks = "poltergeist list --tasks --names 2>/dev/null";

// ---- bash ----

std::string bash_names(std::string_view list) {
  return fmt::format("COMPREPLY=($(compgen -W \"$({})\" -- \"$word\"))", list);
}

std::string bash_offer(const Parameter& parameter) {
  switch (parameter.offer) {
    case Parameter::Offer::Targets:
      return bash_names(kListTargets);
    case Parameter::Offer::Tasks:
      return bash_names(kListTasks);
    case Parameter::Offer::Files:
      return "COMPREPLY=($(compgen -f -- \"$word\"))";
    case Parameter::Offer::Directories:
      return "COMPREPLY=($(compgen -d -- \"$word\"))";
    case Parameter::Offer::Words:
      return fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))",
                         shell_word(joined(parameter.words, " ")));
    case Parameter::Offer::Nothing:
      return "COMPREPLY=()";
  }
  return {};
}

std::string bash_verb(const Verb& verb) {
  std::string options;
  std::string values;
  std::string positional;
  for (const auto& parameter : public_parameters(verb)) {
    options += (parameter.names.empty() ? "" : joined(parameter.names, " ") + " ");
    if (parameter.kind == Parameter::Kind::Value) {
      values += fmt::format("        {}) {}; return ;;\n", joined(parameter.names, "|"),
                            bash_offer(parameter));
    }
    if (parameter.kind == Parameter::Kind::Positional && positional.empty()) {
      positional = bash_offer(parameter);
    }
  }
  std::string text = fmt::format("    {})\n", joined(names_of(verb), "|"));
  if (!values.empty()) text += "      case \"$before\" in\n" + values + "      esac\n";
  if (!positional.empty()) {
    text += fmt::format("      if [[ $word != -* ]]; then {}; return; fi\n", positional);
  }
  return text + fmt::format("      COMPREPLY=($(compgen -W {} -- \"$word\")) ;;\n",
                            shell_word(options + "--help"));
}

std::string bash_script() {
  std::string text =
      "# bash completion for poltergeist; made by `poltergeist completion bash`\n"
      "_poltergeist() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n";
  text += fmt::format("    COMPREPLY=($(compgen -W {} -- \"$word\"))\n    return\n  fi\n",
                      shell_word(joined(verb_names(), " ") + " --help --version"));
  text += "  case \"${COMP_WORDS[1]}\" in\n";
  for (const auto& verb : verbs()) text += bash_verb(verb);
  return text + "  esac\n}\ncomplete -o default -F _poltergeist poltergeist\n";
}

// ---- zsh ----

// In a spec of _arguments, brackets and colons of a description would end it.
std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_action(const Parameter& parameter) {
  switch (parameter.offer) {
    case Parameter::Offer::Targets:
      return "_poltergeist_targets";
    case Parameter::Offer::Tasks:
      return "_poltergeist_tasks";
    case Parameter::Offer::Files:
      return "_files";
    case Parameter::Offer::Directories:
      return "_files -/";
    case Parameter::Offer::Words:
      return "(" + joined(parameter.words, " ") + ")";
    case Parameter::Offer::Nothing:
      return " ";
  }
  return {};
}

std::string zsh_specs(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::Positional) {
    return fmt::format(
        "        {} \\\n",
        shell_word(fmt::format("{}:{}:{}", parameter.required ? "" : ":",
                               zsh_escaped(parameter.value), zsh_action(parameter))));
  }
  std::string text;
  for (const auto& name : parameter.names) {
    auto spec = (parameter.repeatable ? "*" : "") + name + "[" + zsh_escaped(parameter.help) + "]";
    if (parameter.kind == Parameter::Kind::Value) {
      spec += ":" + zsh_escaped(parameter.value) + ":" + zsh_action(parameter);
    }
    text += fmt::format("        {} \\\n", shell_word(spec));
  }
  return text;
}

std::string zsh_names(std::string_view name, std::string_view list) {
  return fmt::format(
      "_poltergeist_{0}() {{\n  local -a {0}=(${{(f)\"$({1})\"}})\n  compadd -a {0}\n}}\n", name,
      list);
}

std::string zsh_script() {
  std::string text =
      "#compdef poltergeist\n"
      "# made by `poltergeist completion zsh`\n";
  text += zsh_names("targets", kListTargets) + zsh_names("tasks", kListTasks);
  text +=
      "_poltergeist() {\n"
      "  local -a verbs=(\n";
  for (const auto& verb : verbs()) {
    for (const auto& name : names_of(verb)) {
      text +=
          fmt::format("    {}\n", shell_word(fmt::format("{}:{}", name, zsh_escaped(verb.about))));
    }
  }
  text +=
      "  )\n"
      "  if ((CURRENT == 2)); then _describe verb verbs; return; fi\n"
      "  local verb=$words[2]\n"
      "  shift words; ((CURRENT--))\n"
      "  case $verb in\n";
  for (const auto& verb : verbs()) {
    if (verb.pass_through != nullptr) {
      text += fmt::format("    {}) _files ;;\n", verb.name);
      continue;
    }
    text += fmt::format("    {})\n      _arguments \\\n", joined(names_of(verb), "|"));
    for (const auto& parameter : public_parameters(verb)) text += zsh_specs(parameter);
    text += "        '(- *)--help[show help]' ;;\n";
  }
  return text + "  esac\n}\n_poltergeist \"$@\"\n";
}

// ---- fish ----

std::string fish_offer(const Parameter& parameter) {
  switch (parameter.offer) {
    case Parameter::Offer::Targets:
      return fmt::format(" -xa '({})'", kListTargets);
    case Parameter::Offer::Tasks:
      return fmt::format(" -xa '({})'", kListTasks);
    case Parameter::Offer::Files:
      return " -rF";
    case Parameter::Offer::Directories:
      return " -xa '(__fish_complete_directories)'";
    case Parameter::Offer::Words:
      return " -xa " + shell_word(joined(parameter.words, " "));
    case Parameter::Offer::Nothing:
      return " -x";
  }
  return {};
}

std::string fish_parameter(const Verb& verb, const Parameter& parameter) {
  auto line = fmt::format("complete -c poltergeist -n '__fish_seen_subcommand_from {}'",
                          joined(names_of(verb), " "));
  for (const auto& name : parameter.names) {
    const bool is_long = name.starts_with("--");
    line += fmt::format(" -{} {}", is_long ? "l" : "s", name.substr(is_long ? 2 : 1));
  }
  if (parameter.kind != Parameter::Kind::Flag) line += fish_offer(parameter);
  return line + " -d " + shell_word(parameter.help) + "\n";
}

std::string fish_script() {
  std::string text =
      "# fish completion for poltergeist; made by `poltergeist completion fish`\n"
      "complete -c poltergeist -f\n";
  for (const auto& verb : verbs()) {
    for (const auto& name : names_of(verb)) {
      text += fmt::format("complete -c poltergeist -n __fish_use_subcommand -a {} -d {}\n", name,
                          shell_word(verb.about));
    }
  }
  for (const auto& verb : verbs()) {
    for (const auto& parameter : public_parameters(verb)) text += fish_parameter(verb, parameter);
  }
  return text;
}

}  // namespace

std::string completion_script(Shell shell) {
  switch (shell) {
    case Shell::Bash:
      return bash_script();
    case Shell::Zsh:
      return zsh_script();
    case Shell::Fish:
      return fish_script();
  }
  return {};
}

}  // namespace poltergeist::cli
