// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <tuple>

#include <nlohmann/json.hpp>

#include "cli/known_state.h"
#include "cli/log_follower.h"
#include "cli/output.h"
#include "cli/target_choice.h"
#include "cli/verb_functions.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace {

// Longer than any log that is kept.
constexpr std::size_t kLongestLog = 64 << 20;

struct LogsOptions {
  std::string target;
  std::string channel = "build";
  std::string config;
  std::uint64_t tail = 100;
  bool follow = false;
  bool json = false;
};

// Whole lines as they come, in the form that was asked for.
class LinePrinter {
 public:
  LinePrinter(const LogsOptions& options, const TargetId& target)
      : options_(options), target_(target), style_(style_for(STDOUT_FILENO)) {}

  void take(std::string_view bytes) {
    partial_ += bytes;
    const auto end = partial_.rfind('\n');
    if (end == std::string::npos) return;
    print_lines(std::string_view(partial_).substr(0, end + 1));
    partial_.erase(0, end + 1);
  }
  // A line that has no end yet and will get none.
  void finish() {
    if (!partial_.empty()) print_lines(partial_ + '\n');
    partial_.clear();
  }

 private:
  void print_lines(std::string_view text) {
    if (!options_.json) {
      print(for_terminal(text, style_.colours()));
    } else {
      for (const auto line : lines_of(text)) {
        print_json_line({{"target", target_.value()},
                         {"channel", options_.channel},
                         {"line", for_terminal(line)}});
      }
    }
    std::ignore = flush_output();
  }

  const LogsOptions& options_;
  TargetId target_;
  Style style_;
  std::string partial_;
};

int cannot(const Error& error) {
  return report({ExitCode::CannotAnswer, error.message, {}});
}

// What was there before stays together, so that its last lines can be told; then everything as it
// comes.
int follow(const LogsOptions& options, const std::filesystem::path& file, LinePrinter& printer) {
  auto follower = LogFollower::open(file);
  if (!follower) return cannot(follower.error());
  std::string before;
  auto drained =
      follower->drain([&](std::string_view bytes) { before += bytes; }, [&] { before.clear(); });
  printer.take(std::string_view(before).substr(start_of_last_lines(before, options.tail)));
  const auto on_new_log = [&] {
    printer.finish();
    say("(a new log begins)");
  };
  while (drained) {
    if (!flush_output()) return to_int(ExitCode::CannotAnswer);
    if (const auto changed = follower->await_change(); !changed) return cannot(changed.error());
    drained = follower->drain([&](std::string_view bytes) { printer.take(bytes); }, on_new_log);
  }
  return cannot(drained.error());
}

int show(const LogsOptions& options, const TargetId& target, const std::filesystem::path& file) {
  LinePrinter printer(options, target);
  const auto text = read_tail(file, kLongestLog);
  if (!text && text.error().code != Errc::NotFound) return cannot(text.error());
  if (!text) {
    say(fmt::format("{} has no log \"{}\" yet ({})", for_terminal(target.value()),
                    for_terminal(options.channel), for_terminal(file.string())));
  }
  if (options.follow) return follow(options, file, printer);
  if (text) printer.take(std::string_view(*text).substr(start_of_last_lines(*text, options.tail)));
  printer.finish();
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_logs(Arguments& arguments) {
  LogsOptions options;
  arguments.target(options.target, "which; the one that is building, or the only enabled one");
  arguments.value("-C,--channel", options.channel, "name",
                  "build (the default), runner, post-run, hook");
  arguments.number("-n,-t,--tail", options.tail, "lines", "so many of the last lines (100)");
  arguments.flag("-f,--follow", options.follow, "go on with what comes, until Ctrl+C");
  arguments.flag("--json", options.json, "one JSON object per line");
  arguments.config(options.config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return report(loaded.error());
  const auto target =
      watched_target(loaded->project, options.target, "logs",
                     [&](const TargetId& name) { return is_building(*project, name); });
  if (!target) return report(target.error());
  return show(options, *target, project->paths.log_file(*target, options.channel));
}

}  // namespace poltergeist::cli
