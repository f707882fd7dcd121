// SPDX-License-Identifier: MIT
#include "polter/options.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/signal_names.h"
#include "base/text.h"

namespace poltergeist::polter {

namespace {

// What an argument says if it is one of our options.
struct Found {
  const OptionRow* row = nullptr;
  std::optional<std::string_view> value;  // after "="
};

Found find_option(std::string_view argument) {
  if (argument.size() < 2 || argument[0] != '-') return {};
  const bool is_long = argument.starts_with("--");
  const auto equals = argument.find('=');
  const auto name = argument.substr(is_long ? 2 : 1, equals - (is_long ? 2 : 1));
  Found found;
  for (const auto& row : kOptions) {
    const bool same =
        is_long ? name == row.name : name.size() == 1 && row.letter != 0 && name[0] == row.letter;
    if (same) found.row = &row;
  }
  if (equals != std::string_view::npos) found.value = argument.substr(equals + 1);
  return found;
}

std::string spelling(const OptionRow& row) {
  return fmt::format("--{}", row.name);
}

Result<std::int64_t> number_for(const OptionRow& row, std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<int>::max()) {
    return fail(Errc::Invalid, "{}: \"{}\" is no number of {}", spelling(row), text,
                row.value == "ms" ? "milliseconds" : "lines");
  }
  return static_cast<std::int64_t>(*number);
}

Result<int> signal_for(const OptionRow& row, std::string_view text) {
  if (const auto number = signal_number(text)) return *number;
  std::string meant = did_you_mean(text, signal_names());
  if (meant.empty()) meant = did_you_mean(fmt::format("SIG{}", text), signal_names());
  return fail(Errc::Invalid, "{}: \"{}\" is no signal{}", spelling(row), text, meant);
}

Result<void> set_number(const OptionRow& row, std::string_view text, Options& options) {
  const auto number = number_for(row, text);
  if (!number) return fail(number.error());
  if (row.id == OptionId::Timeout) options.timeout = Milliseconds(*number);
  if (row.id == OptionId::RestartDelay) options.restart_delay = Milliseconds(*number);
  if (row.id == OptionId::LogLines) options.log_lines = static_cast<int>(*number);
  return {};
}

Result<void> apply(const OptionRow& row, std::string_view value, Options& options) {
  switch (row.id) {
    case OptionId::Timeout:
    case OptionId::LogLines:
    case OptionId::RestartDelay:
      return set_number(row, value, options);
    case OptionId::RestartSignal: {
      const auto signal = signal_for(row, value);
      if (!signal) return fail(signal.error());
      options.restart_signal = *signal;
      return {};
    }
    case OptionId::Force:
      options.force = true;
      return {};
    case OptionId::NoWait:
      options.no_wait = true;
      return {};
    case OptionId::NoStart:
      options.no_start = true;
      return {};
    case OptionId::Verbose:
      options.verbose = true;
      return {};
    case OptionId::NoLogs:
      options.no_logs = true;
      return {};
    case OptionId::Watch:
      options.watch = true;
      return {};
    case OptionId::NoRestartOnFailure:
      return {};  // it is never otherwise
    case OptionId::NoPostRun:
      options.no_post_run = true;
      return {};
    case OptionId::Help:
      options.help = true;
      return {};
    case OptionId::Version:
      options.version = true;
      return {};
  }
  return {};
}

Failure unknown_option(std::string_view argument) {
  std::vector<std::string> names;
  names.reserve(kOptions.size());
  for (const auto& row : kOptions) names.push_back(spelling(row));
  const auto word = argument.substr(0, argument.find('='));
  return fail(Errc::Invalid,
              "{}: no such option{} (the program's own options stand behind its target)", word,
              did_you_mean(word, names));
}

// Takes the option at args[next] with its value; `next` is behind it then.
Result<void> take(const Found& found, std::span<const char* const> args, std::size_t& next,
                  Options& options) {
  const OptionRow& row = *found.row;
  ++next;
  if (row.value.empty()) {
    if (found.value) return fail(Errc::Invalid, "{} takes no value", spelling(row));
    return apply(row, {}, options);
  }
  if (found.value) return apply(row, *found.value, options);
  if (next == args.size()) {
    return fail(Errc::Invalid, "{} needs a value: {} <{}> (behind `--` it would be the program's)",
                spelling(row), spelling(row), row.value);
  }
  return apply(row, args[next++], options);
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> args) {
  Options options;
  bool has_target = false;
  std::size_t next = 0;
  while (next < args.size()) {
    const std::string_view argument = args[next];
    if (argument == "--") {
      ++next;
      if (has_target || next == args.size()) break;
      options.target = args[next++];
      break;
    }
    const Found found = find_option(argument);
    if (found.row != nullptr && !(has_target && found.row->before_target)) {
      if (auto taken = take(found, args, next, options); !taken) return fail(taken.error());
      if (options.help || options.version) return options;
    } else if (has_target) {
      break;
    } else if (argument.size() > 1 && argument[0] == '-') {
      return unknown_option(argument);
    } else {
      options.target = argument;
      has_target = true;
      ++next;
    }
  }
  const auto rest = args.subspan(next);
  options.args.assign(rest.begin(), rest.end());
  return options;
}

std::string help_text() {
  std::string text =
      "Usage: polter [options] <target> [options] [--] [arguments of the program]\n"
      "\n"
      "Runs a target's program, fresh: waits until it is built from the files as they are now, "
      "then\n"
      "becomes it. Exit status, signals, terminal and working directory are the program's own.\n"
      "\n"
      "Options, before the target or directly behind it:\n";
  for (const auto& row : kOptions) {
    const std::string letter = row.letter == 0 ? "    " : fmt::format("-{}, ", row.letter);
    const std::string value = row.value.empty() ? "" : fmt::format(" <{}>", row.value);
    text += fmt::format("  {}{:<24}  {}\n", letter, spelling(row) + value, row.help);
  }
  text +=
      "\n"
      "-h and -v are ours only before the target: `polter app --help` is the program's help.\n"
      "\n"
      "Exit codes: the program's own; 1 not fresh or its build failed, 2 wrong call, 3 cannot "
      "know,\n"
      "4 no such target, 124 timeout, 126 cannot execute, 127 nothing there, 130/143 interrupted.\n"
      "\n"
      "Examples:\n"
      "  polter app                     run app as soon as it is fresh\n"
      "  polter server --watch -- -p 80 restart `server -p 80` after each successful build\n"
      "  polter -t 5000 tests --filter x\n";
  return text;
}

}  // namespace poltergeist::polter
