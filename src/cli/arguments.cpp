// SPDX-License-Identifier: MIT
#include "cli/arguments.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/text.h"
#include "cli/output.h"

namespace poltergeist::cli {

namespace {

constexpr std::size_t kHelpColumn = 28;

std::vector<std::string> names_of(std::string_view names) {
  std::vector<std::string> parts;
  while (!names.empty()) {
    const auto comma = names.find(',');
    parts.emplace_back(names.substr(0, comma));
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
  }
  return parts;
}

std::string not_among(const std::string& name, const std::string& given,
                      const std::vector<std::string>& words) {
  return fmt::format("{} takes {}, not \"{}\"{}", name, joined(words, ", "), for_terminal(given),
                     did_you_mean(given, words));
}

// "  -f, --follow", "      --json", "  <target>"
std::string left_side(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::Positional) return "  " + parameter.value;
  const bool has_short = parameter.names.front().size() == 2;
  std::string text = (has_short ? "  " : "      ") + joined(parameter.names, ", ");
  if (!parameter.value.empty()) text += " <" + parameter.value + ">";
  return text;
}

std::string help_line(const std::string& left, std::string_view help) {
  if (left.size() + 2 > kHelpColumn) {
    return fmt::format("{}\n{:{}}{}\n", left, "", kHelpColumn, help);
  }
  return fmt::format("{:<{}}{}\n", left, kHelpColumn, help);
}

std::string usage_line(const VerbHelp& verb, const std::vector<Parameter>& parameters) {
  std::string line = "poltergeist " + verb.name;
  for (const auto& parameter : parameters) {
    if (parameter.kind != Parameter::Kind::Positional) continue;
    line += fmt::format(fmt::runtime(parameter.required ? " <{}>" : " [{}]"), parameter.value);
  }
  return line + " [options]";
}

}  // namespace

Arguments::Arguments(VerbHelp verb, std::vector<std::string> words, Mode mode)
    : verb_(std::move(verb)), words_(std::move(words)), mode_(mode) {}

void Arguments::declare(Parameter parameter, Take take) {
  parameters_.push_back(std::move(parameter));
  takes_.push_back(std::move(take));
}

void Arguments::flag(std::string_view names, bool& to, std::string_view help) {
  declare({.kind = Parameter::Kind::Flag, .names = names_of(names), .help = std::string(help)},
          [&to](const auto&) {
            to = true;
            return std::nullopt;
          });
}

void Arguments::value(std::string_view names, std::string& to, std::string_view value,
                      std::string_view help, Parameter::Offer offer) {
  declare({.kind = Parameter::Kind::Value,
           .names = names_of(names),
           .value = std::string(value),
           .help = std::string(help),
           .offer = offer},
          [&to](const auto& given) {
            to = given.back();
            return std::nullopt;
          });
}

void Arguments::values(std::string_view names, std::vector<std::string>& to, std::string_view value,
                       std::string_view help, Parameter::Offer offer) {
  declare({.kind = Parameter::Kind::Value,
           .names = names_of(names),
           .value = std::string(value),
           .help = std::string(help),
           .offer = offer,
           .repeatable = true},
          [&to](const auto& given) {
            to = given;
            return std::nullopt;
          });
}

void Arguments::number(std::string_view names, std::uint64_t& to, std::string_view value,
                       std::string_view help) {
  const std::string name = names_of(names).back();
  declare({.kind = Parameter::Kind::Value,
           .names = names_of(names),
           .value = std::string(value),
           .help = std::string(help)},
          [&to, name](const auto& given) -> std::optional<std::string> {
            // 31 bits: enough for any of ours, and safe in every unit that it is converted to.
            const auto number = parse_number(given.back());
            if (!number || *number > 0x7FFFFFFF) {
              return fmt::format("{} takes a whole number, not \"{}\"", name,
                                 for_terminal(given.back()));
            }
            to = *number;
            return std::nullopt;
          });
}

void Arguments::choice(std::string_view names, std::string& to, std::vector<std::string> words,
                       std::string_view help) {
  const std::string name = names_of(names).back();
  declare({.kind = Parameter::Kind::Value,
           .names = names_of(names),
           .value = joined(words, "|"),
           .help = std::string(help),
           .offer = Parameter::Offer::Words,
           .words = words},
          [&to, name, words](const auto& given) -> std::optional<std::string> {
            if (std::ranges::find(words, given.back()) == words.end()) {
              return not_among(name, given.back(), words);
            }
            to = given.back();
            return std::nullopt;
          });
}

void Arguments::positional(std::string_view value, std::string& to, std::string_view help,
                           Parameter::Offer offer) {
  declare({.kind = Parameter::Kind::Positional,
           .value = std::string(value),
           .help = std::string(help),
           .offer = offer},
          [&to](const auto& given) {
            to = given.back();
            return std::nullopt;
          });
}

void Arguments::required(std::string_view value, std::string& to, std::string_view help,
                         Parameter::Offer offer) {
  positional(value, to, help, offer);
  parameters_.back().required = true;
}

void Arguments::required_choice(std::string_view value, std::string& to,
                                std::vector<std::string> words, std::string_view help) {
  declare({.kind = Parameter::Kind::Positional,
           .value = std::string(value),
           .help = std::string(help),
           .offer = Parameter::Offer::Words,
           .words = words,
           .required = true},
          [&to, words,
           name = "<" + std::string(value) + ">"](const auto& given) -> std::optional<std::string> {
            if (std::ranges::find(words, given.back()) == words.end()) {
              return not_among(name, given.back(), words);
            }
            to = given.back();
            return std::nullopt;
          });
}

void Arguments::internal(std::string_view names, std::string& to) {
  value(names, to, "value", "");
  parameters_.back().internal = true;
}

void Arguments::config(std::string& to) {
  if (const char* named = std::getenv("POLTERGEIST_CONFIG"); named != nullptr) to = named;
  value("-c,--config", to, "path", "the configuration, or a directory in its project",
        Parameter::Offer::Files);
}

void Arguments::json(bool& to) {
  flag("--json", to, "print JSON");
}

void Arguments::target(std::string& to, std::string_view help) {
  positional("target", to, help, Parameter::Offer::Targets);
}

std::optional<int> Arguments::end() {
  if (mode_ == Mode::Describe) return to_int(ExitCode::Yes);
  for (const auto& word : words_) {
    if (word == "--") break;
    if (word == "-h" || word == "--help") {
      print(help_text(verb_, parameters_));
      return to_int(ExitCode::Yes);
    }
  }
  if (const auto wrong = parse()) return misuse(*wrong);
  return std::nullopt;
}

int Arguments::misuse(std::string_view what) const {
  return report({ExitCode::Usage,
                 fmt::format("{}: {} (see `poltergeist {} --help`)", verb_.name, what, verb_.name),
                 {}});
}

// CLI11 tells words apart; what a word means, and every message, is ours.
std::optional<std::string> Arguments::parse() {
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  std::vector<std::vector<std::string>> given(parameters_.size());
  std::vector<CLI::Option*> options;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& parameter = parameters_[i];
    const std::string name =
        parameter.names.empty() ? parameter.value : joined(parameter.names, ",");
    auto* option = parameter.kind == Parameter::Kind::Flag ? app.add_flag(name)
                                                           : app.add_option(name, given[i]);
    if (parameter.kind != Parameter::Kind::Flag) {
      option->type_size(1)->expected(1)->allow_extra_args(false);
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    if (parameter.kind == Parameter::Kind::Positional) {
      option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    }
    options.push_back(option);
  }
  try {
    std::vector<std::string> backwards(words_.rbegin(), words_.rend());
    app.parse(backwards);
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(':')) + " needs a value";
  } catch (const CLI::ParseError& error) {
    return for_terminal(error.what());
  }
  auto extra = app.remaining();
  std::erase(extra, "--");  // CLI11 counts the mark itself among them
  if (!extra.empty()) return unknown(extra.front());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (options[i]->count() == 0) {
      if (parameters_[i].required) return fmt::format("<{}> is missing", parameters_[i].value);
      continue;
    }
    if (const auto wrong = takes_[i](given[i])) return wrong;
  }
  return std::nullopt;
}

std::string Arguments::unknown(const std::string& word) const {
  if (word.size() < 2 || word[0] != '-') {
    return fmt::format("\"{}\" is one word too many", for_terminal(word));
  }
  std::vector<std::string> names = {"--help"};
  for (const auto& parameter : parameters_) {
    if (parameter.internal) continue;
    names.insert(names.end(), parameter.names.begin(), parameter.names.end());
  }
  const auto name = word.substr(0, word.find('='));
  // Every two letters are near each other.
  const auto hint = word.starts_with("--") ? did_you_mean(name, names) : std::string();
  return fmt::format("there is no option {}{}", for_terminal(name), hint);
}

std::string help_text(const VerbHelp& verb, const std::vector<Parameter>& parameters) {
  std::string text = fmt::format("Usage: {}\n\n{}.\n", usage_line(verb, parameters), verb.about);
  std::string arguments;
  std::string options;
  for (const auto& parameter : parameters) {
    if (parameter.internal) continue;
    auto& part = parameter.kind == Parameter::Kind::Positional ? arguments : options;
    part += help_line(left_side(parameter), parameter.help);
  }
  if (!arguments.empty()) text += "\nArguments:\n" + arguments;
  text += "\nOptions:\n" + options + help_line("  -h, --help", "show this help");
  if (!verb.alias.empty()) text += fmt::format("\nThe same as `poltergeist {}`.\n", verb.alias);
  if (!verb.notes.empty()) text += fmt::format("\n{}\n", verb.notes);
  return text;
}

}  // namespace poltergeist::cli
