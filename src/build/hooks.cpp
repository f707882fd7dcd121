// SPDX-License-Identifier: MIT
#include "build/hooks.h"

#include <algorithm>
#include <utility>

namespace poltergeist::build {

// What is waiting will never run; what is running is to end.
HookActions Hooks::cancel(const TargetId& target) {
  HookActions actions;
  const auto found = lines_.find(target);
  if (found == lines_.end()) return actions;
  auto& [waiting, running] = found->second;
  waiting.clear();
  if (!running) {
    lines_.erase(found);
  } else if (!running->cancelled) {
    running->cancelled = true;
    running->due.reset();
    // One that ran out of time is being stopped already.
    if (!running->timed_out) actions.push_back(CancelHook{running->started.id, target, false});
  }
  return actions;
}

HookActions Hooks::on_build_started(const TargetId& target, Instant /*now*/) {
  return cancel(target);
}

HookActions Hooks::on_target_removed(const TargetId& target, Instant /*now*/) {
  return cancel(target);
}

HookActions Hooks::on_build_ended(const TargetId& target, BuildId build,
                                  config::HookTrigger trigger,
                                  const std::vector<config::Hook>& hooks, Instant now) {
  auto actions = cancel(target);
  auto& line = lines_[target];
  for (const auto& hook : hooks) {
    const bool is_bound =
        trigger == config::HookTrigger::Success ? hook.on_success : hook.on_failure;
    if (is_bound) line.waiting.push_back({HookId(next_id_++), target, build, trigger, hook});
  }
  start_next(line, actions, now);
  if (!line.running) lines_.erase(target);
  return actions;
}

void Hooks::start_next(Line& line, HookActions& actions, Instant now) {
  if (line.running || line.waiting.empty()) return;
  Execution next{.started = std::move(line.waiting.front()), .since = now};
  line.waiting.erase(line.waiting.begin());
  if (next.started.hook.timeout > Seconds(0)) next.due = now + next.started.hook.timeout;
  actions.push_back(next.started);
  line.running = std::move(next);
}

HookActions Hooks::on_ended(HookId id, HookExit exit, Instant now) {
  HookActions actions;
  const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& entry) {
    return entry.second.running && entry.second.running->started.id == id;
  });
  if (found == lines_.end()) return actions;
  auto& line = found->second;
  auto& running = *line.running;
  if (running.stage == Stage::Formatter) {
    const bool is_usable = exit.exit_code == 0 && !running.timed_out;
    conclude(line, is_usable ? std::optional(std::move(exit.standard_output)) : std::nullopt,
             actions, now);
  } else {
    running.hook_exit = std::move(exit);
    if (!start_formatter(running, actions)) conclude(line, std::nullopt, actions, now);
  }
  start_next(line, actions, now);
  if (!line.running && line.waiting.empty()) lines_.erase(found);
  return actions;
}

// Only for a hook that ended by itself and did not format its result; its time includes this.
bool Hooks::start_formatter(Execution& running, HookActions& actions) {
  const auto& hook = running.started.hook;
  if (hook.formatter.empty() || running.cancelled || running.timed_out) return false;
  if (hook_report_in(running.hook_exit.standard_output)) return false;
  running.stage = Stage::Formatter;
  actions.push_back(StartFormatter{.id = running.started.id,
                                   .target = running.started.target,
                                   .hook = hook,
                                   .input = running.hook_exit.standard_output,
                                   .hook_exit_code = running.hook_exit.exit_code,
                                   .hook_stderr = running.hook_exit.standard_error});
  return true;
}

void Hooks::conclude(Line& line, std::optional<std::string> formatted, HookActions& actions,
                     Instant now) {
  const auto ended = *std::exchange(line.running, std::nullopt);
  if (ended.cancelled) return;
  const auto& [id, target, build, trigger, hook] = ended.started;
  // A formatter that took too long does not make its hook a failure.
  const bool hook_timed_out = ended.timed_out && ended.stage == Stage::Hook;
  const HookOutput output{.name = hook.name,
                          .exit_code = ended.hook_exit.exit_code,
                          .timed_out = hook_timed_out,
                          .standard_output = ended.hook_exit.standard_output,
                          .standard_error = ended.hook_exit.standard_error,
                          .formatted = std::move(formatted)};
  actions.push_back(HookEnded{.id = id,
                              .target = target,
                              .build = build,
                              .trigger = trigger,
                              .name = hook.name,
                              .exit_code = output.exit_code,
                              .took = now - ended.since,
                              .result = hook_result(output, hook.max_lines),
                              .outputs = ended.hook_exit.outputs});
}

HookActions Hooks::on_time(Instant now) {
  HookActions actions;
  for (auto& [target, line] : lines_) {
    auto& running = line.running;
    if (!running || !running->due || *running->due > now) continue;
    running->due.reset();
    running->timed_out = true;
    actions.push_back(CancelHook{running->started.id, target, true});
  }
  return actions;
}

std::optional<Instant> Hooks::deadline() const {
  std::optional<Instant> next;
  for (const auto& [target, line] : lines_) {
    if (line.running) next = earlier(next, line.running->due);
  }
  return next;
}

bool Hooks::is_idle() const {
  return lines_.empty();
}

}  // namespace poltergeist::build
