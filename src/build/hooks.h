// SPDX-License-Identifier: MIT
// The postBuild hooks of all targets: events in, actions out.
//
// After a build its hooks run one after another, in the order of the configuration, those that are
// bound to its outcome. A hook with a formatter is followed by it, unless the hook printed a result
// itself. When a newer build of the target starts, what has not run of the older one's hooks never
// will, and what is running is cancelled; hooks of a newer build wait until a cancelled one is
// gone. So per target at most one hook runs, and the queue holds the hooks of one build at most.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/id.h"
#include "base/time.h"
#include "build/hook_result.h"
#include "config/project.h"

namespace poltergeist::build {

// One execution of a hook.
using HookId = Id<struct HookTag, std::uint64_t>;

struct StartHook {
  HookId id;
  TargetId target;
  BuildId build;
  config::HookTrigger trigger = config::HookTrigger::Success;
  config::Hook hook;
};
// The formatter of a hook that just ended: `hook.formatter` is the command, `input` its stdin, and
// the hook's exit code and stderr go to POLTERGEIST_POSTBUILD_EXIT_CODE and _STDERR.
struct StartFormatter {
  HookId id;
  TargetId target;
  config::Hook hook;
  std::string input;
  int hook_exit_code = 0;
  std::string hook_stderr;
};
// Stop it and everything it started, then report on_ended.
struct CancelHook {
  HookId id;
  TargetId target;
  bool timed_out = false;  // else: a newer build started, or the target is gone
};
// For postBuildResults. A hook that a newer build cancelled has no result.
struct HookEnded {
  HookId id;
  TargetId target;
  BuildId build;
  config::HookTrigger trigger = config::HookTrigger::Success;
  std::string name;
  int exit_code = 0;
  Duration took{0};
  HookResult result;
  nlohmann::json outputs{};
};
using HookAction = std::variant<StartHook, StartFormatter, CancelHook, HookEnded>;
using HookActions = std::vector<HookAction>;

// What a hook or a formatter left: the last 64 KiB or so of each stream.
struct HookExit {
  int exit_code = 0;  // 128+n for death by signal n; 127 if it could not be started
  std::string standard_output;
  std::string standard_error;
  nlohmann::json outputs{};  // an object: what it set, or what its task answered; null: nothing
};

class Hooks {
 public:
  HookActions on_build_started(const TargetId& target, Instant now);
  HookActions on_build_ended(const TargetId& target, BuildId build, config::HookTrigger trigger,
                             const std::vector<config::Hook>& hooks, Instant now);
  // Of StartHook or StartFormatter.
  HookActions on_ended(HookId id, HookExit exit, Instant now);
  HookActions on_target_removed(const TargetId& target, Instant now);
  HookActions on_time(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;
  [[nodiscard]] bool is_idle() const;

 private:
  enum class Stage { Hook, Formatter };
  struct Execution {
    StartHook started;
    Stage stage = Stage::Hook;
    Instant since{};
    std::optional<Instant> due;  // when its time is over
    bool cancelled = false;
    bool timed_out = false;
    HookExit hook_exit;  // once the formatter runs
  };
  struct Line {
    std::vector<StartHook> waiting;
    std::optional<Execution> running;
  };

  HookActions cancel(const TargetId& target);
  static void start_next(Line& line, HookActions& actions, Instant now);
  [[nodiscard]] static bool start_formatter(Execution& running, HookActions& actions);
  static void conclude(Line& line, std::optional<std::string> formatted, HookActions& actions,
                       Instant now);

  std::map<TargetId, Line> lines_;
  std::uint64_t next_id_ = 1;
};

}  // namespace poltergeist::build
