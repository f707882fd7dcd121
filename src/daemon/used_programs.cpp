// SPDX-License-Identifier: MIT
#include "daemon/used_programs.h"

#include <algorithm>
#include <array>
#include <variant>

#include "base/paths.h"
#include "build/plan.h"
#include "daemon/facts.h"

namespace poltergeist::daemon {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlanks = " \t";
// Characters of which no shell makes anything else inside a word.
constexpr std::string_view kPlain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-@%,:=";
// What the shell does itself, and words of its grammar behind which the line goes on.
constexpr auto kOfTheShell = std::to_array<std::string_view>(
    {"case",   "done",  "esac",   "fi",       "for",    ".",      ":",     "[",
     "alias",  "break", "cd",     "continue", "echo",   "eval",   "exit",  "export",
     "false",  "kill",  "printf", "pwd",      "read",   "return", "set",   "shift",
     "source", "test",  "trap",   "true",     "ulimit", "umask",  "unset", "wait"});
constexpr auto kBeforeACommand = std::to_array<std::string_view>(
    {"!", "do", "else", "elif", "exec", "command", "if", "then", "until", "while", "{"});

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool separates(std::string_view word) {
  return word == "&&" || word == "||" || word == ";" || word == "|";
}

// "NAME=value" before a command.
bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && word.find('/') > equals;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

class Search {
 public:
  Search(const config::Project& project, const std::vector<std::string>& environment)
      : project_(project), environment_(environment) {}

  void look_at(const config::Target& target) {
    const auto path = path_in(target.env, environment_);
    if (const auto* line = line_of(target)) {
      for (const auto& word : command_words(*line)) add(word, path, target);
      return;
    }
    const auto plan = build::plan_for(
        target, look_up(build::wanted_facts(target, project_.root), project_, path, {}, 0));
    if (!plan) return;  // prerequisites.h says why
    for (const auto& step : plan->steps) add(step.argv.front(), path, target);
  }
  [[nodiscard]] std::vector<UsedProgram> take() { return std::move(programs_); }

 private:
  [[nodiscard]] static const std::string* line_of(const config::Target& target) {
    if (const auto* kind = std::get_if<config::CommandKind>(&target.kind)) {
      return &kind->build_command;
    }
    const auto* test = std::get_if<config::TestKind>(&target.kind);
    return test == nullptr ? nullptr : &test->test_command;
  }

  void add(const std::string& name, std::string_view path, const config::Target& target) {
    const auto is_it = [&](const UsedProgram& program) { return program.name == name; };
    if (std::any_of(programs_.begin(), programs_.end(), is_it)) return;
    const bool is_bare = name.find('/') == std::string::npos;
    if (!is_bare && !name.starts_with('/')) return;
    const auto file = is_bare ? find_in_path(name, path) : fs::path(name);
    std::error_code error;
    const auto real = fs::canonical(file, error);
    if (!error && RelPath::below(project_.root, real)) return;
    programs_.push_back({name, error ? fs::path() : file, target.name.value()});
  }

  const config::Project& project_;
  const std::vector<std::string>& environment_;
  std::vector<UsedProgram> programs_;
};

}  // namespace

std::vector<std::string> command_words(std::string_view line) {
  std::vector<std::string> words;
  bool begins = true;
  while (true) {
    auto word = take_word(line);
    if (word.empty()) return words;
    if (separates(word)) {
      begins = true;
      continue;
    }
    const bool ends = word.ends_with(';');
    if (ends) word.remove_suffix(1);
    const bool is_plain = word.find_first_not_of(kPlain) == std::string_view::npos;
    const bool is_grammar = is_in(kBeforeACommand, word) || word == "[" || word == "]";
    if (!is_plain && !is_grammar) return words;
    const bool goes_on = begins && (is_in(kBeforeACommand, word) || is_assignment(word));
    if (begins && !goes_on && !is_in(kOfTheShell, word)) words.emplace_back(word);
    begins = ends || goes_on;
  }
}

std::vector<UsedProgram> used_programs(const config::Project& project,
                                       const std::vector<std::string>& environment) {
  Search search(project, environment);
  for (const auto& target : project.targets) {
    if (target.enabled) search.look_at(target);
  }
  return search.take();
}

}  // namespace poltergeist::daemon
