// SPDX-License-Identifier: MIT
// The command line of `polter`, read without a word of the environment.
//
// Options stand before the target or directly behind it. The first argument that is none of them,
// and all behind it, belong to the program; so does all behind `--`. `-h` and `-v` are ours only
// before the target, so that `polter app --help` is the program's help. One table describes the
// options: parser, help and shell completion come from it.
#pragma once

#include <array>
#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace poltergeist::polter {

enum class OptionId {
  Timeout,
  Force,
  NoWait,
  NoStart,
  Verbose,
  NoLogs,
  LogLines,
  Watch,
  RestartSignal,
  RestartDelay,
  NoRestartOnFailure,
  NoPostRun,
  Help,
  Version
};

struct OptionRow {
  OptionId id;
  char letter;                 // 0: none
  std::string_view name;       // without its dashes
  std::string_view value;      // what follows it, for the help: "ms"; empty: nothing does
  std::string_view help;       // one line
  bool before_target = false;  // ours only before the target
};

inline constexpr auto kOptions = std::to_array<OptionRow>({
    {OptionId::Timeout, 't', "timeout", "ms", "wait at most that long for a build (300000)"},
    {OptionId::Force, 'f', "force", "", "run what is there, fresh or not, after a warning"},
    {OptionId::NoWait, 'n', "no-wait", "", "do not wait for a build: exit 1 if not fresh"},
    {OptionId::NoStart, 0, "no-start", "", "do not start a daemon: exit 3 if there is none"},
    {OptionId::Verbose, 0, "verbose", "", "say each step on stderr"},
    {OptionId::NoLogs, 0, "no-logs", "", "show no lines of the build's log"},
    {OptionId::LogLines, 0, "log-lines", "n", "how many of them to show (5)"},
    {OptionId::Watch, 'w', "watch", "", "restart the program after each successful build"},
    {OptionId::RestartSignal, 0, "restart-signal", "sig", "what asks the program to end (SIGINT)"},
    {OptionId::RestartDelay, 0, "restart-delay", "ms", "from a build's end to the restart (250)"},
    {OptionId::NoRestartOnFailure, 0, "no-restart-on-failure", "",
     "keep the old program when a build fails (always so)"},
    {OptionId::NoPostRun, 0, "no-post-run", "", "start no postRun process beside the program"},
    {OptionId::Help, 'h', "help", "", "this text and the targets", true},
    {OptionId::Version, 'v', "version", "", "the version", true},
});

struct Options {
  std::string target;             // empty: none was given
  std::vector<std::string> args;  // the program's, byte for byte
  Milliseconds timeout{300'000};
  bool force = false;
  bool no_wait = false;
  bool no_start = false;
  bool verbose = false;
  bool no_logs = false;
  int log_lines = 5;
  bool watch = false;
  // Absent: not given, so the target's `autoRun` settings apply, then the defaults.
  std::optional<int> restart_signal;
  std::optional<Milliseconds> restart_delay;
  bool no_post_run = false;
  bool help = false;
  bool version = false;
};

// `args` is without the program's own name. Errc::Invalid for a misuse, with what was meant.
[[nodiscard]] Result<Options> parse_options(std::span<const char* const> args);

// The help of `polter`: usage, options, examples; ends with a newline.
[[nodiscard]] std::string help_text();

}  // namespace poltergeist::polter
