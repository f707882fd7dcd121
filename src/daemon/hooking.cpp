// SPDX-License-Identifier: MIT
#include "daemon/hooking.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/child_environment.h"
#include "process/stop_ladder.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr std::size_t kMostOutput = 64 << 10;
constexpr std::size_t kMostEnvironmentText = 32 << 10;
constexpr Seconds kGrace{2};
constexpr std::string_view kHookChannel = "hook";

// The last kMostOutput bytes, cut at a line where there is one.
void keep_tail(std::string& text, std::string_view bytes) {
  text += bytes;
  if (text.size() <= 2 * kMostOutput) return;
  text.erase(0, text.size() - kMostOutput);
  if (const auto line = text.find('\n'); line != std::string::npos) text.erase(0, line + 1);
}

// A file in memory that holds `text`, at its beginning: a stdin that is never too full to write.
Result<UniqueFd> memory_file(std::string_view text) {
  UniqueFd fd(::memfd_create("hook-input", MFD_CLOEXEC));
  if (!fd) return fail_errno("a formatter's input");
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count <= 0) return fail_errno("a formatter's input");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("a formatter's input");
  return fd;
}

state::BuildVerdict verdict_of(config::HookTrigger trigger) {
  return trigger == config::HookTrigger::Success ? state::BuildVerdict::Success
                                                 : state::BuildVerdict::Failure;
}

}  // namespace

Hooking::Hooking(process::Orphanage& orphanage, Publishing& publishing,
                 const config::Project& project)
    : orphanage_(orphanage),
      publishing_(publishing),
      project_(project),
      timer_(orphanage.loop(), "hooks", [this] { perform(core_.on_time(now())); }) {}

void Hooking::on_build_started(const TargetId& target) {
  perform(core_.on_build_started(target, now()));
}

void Hooking::on_build_ended(const TargetId& target, BuildId build, config::HookTrigger trigger) {
  const auto* configured = project_.find(target);
  if (configured == nullptr || closed_) return;
  perform(core_.on_build_ended(target, build, trigger, configured->post_build, now()));
}

void Hooking::on_target_removed(const TargetId& target) {
  perform(core_.on_target_removed(target, now()));
}

void Hooking::kill_all() {
  closed_ = true;
  timer_.arm(std::nullopt);
  for (auto& [id, execution] : executions_) {
    if (execution.unit) execution.unit->kill_all();
  }
}

void Hooking::perform(const build::HookActions& actions) {
  for (const auto& action : actions) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  timer_.arm(core_.deadline());
}

process::SpawnPlan Hooking::plan_for(const TargetId& target, const config::Hook& hook,
                                     const std::string& command) const {
  process::SpawnPlan plan;
  plan.argv = {"/bin/sh", "-c", command};
  plan.cwd = hook.cwd.empty() ? project_.root : project_.root / hook.cwd;
  config::Environment env;
  if (const auto* configured = project_.find(target)) env = configured->env;
  for (const auto& [name, value] : hook.env) env[name] = value;
  plan.env = child_environment(project_, publishing_.paths(), target, env);
  plan.out = process::Stream::pipe();
  plan.err = process::Stream::pipe();
  return plan;
}

void Hooking::perform(const build::StartHook& start) {
  log_of(start.target)
      .append(fmt::format("[poltergeist] hook {}: {}", start.hook.name, start.hook.command));
  publishing_.hook_began(start.target, start.build, start.hook.name, verdict_of(start.trigger));
  auto plan = plan_for(start.target, start.hook, start.hook.command);
  plan.env.push_back(fmt::format("POLTERGEIST_BUILD_ID={}", start.build.value()));
  plan.env.push_back(
      fmt::format("POLTERGEIST_BUILD_STATUS={}", name_in(config::kHookTriggers, start.trigger)));
  this->start(start.id, start.target, plan);
}

void Hooking::perform(const build::StartFormatter& start) {
  auto plan = plan_for(start.target, start.hook, start.hook.formatter);
  plan.env.push_back(fmt::format("POLTERGEIST_POSTBUILD_EXIT_CODE={}", start.hook_exit_code));
  const auto& said = start.hook_stderr;
  plan.env.push_back("POLTERGEIST_POSTBUILD_STDERR=" +
                     said.substr(said.size() - std::min(said.size(), kMostEnvironmentText)));
  const auto input = memory_file(start.input);
  if (input) plan.in = process::Stream::to(input->get());
  this->start(start.id, start.target, plan);
}

void Hooking::start(build::HookId id, const TargetId& target, const process::SpawnPlan& plan) {
  auto& execution = executions_[id];
  execution.target = target;
  process::UnitEvents events;
  events.bytes = [this, id](process::Source source, std::string_view bytes) {
    take_output(id, source, bytes);
  };
  events.exited = [this, id](Exit exit) { on_exited(id, exit); };
  auto unit = process::Unit::start(orphanage_, plan, process::Leftovers::Keep,
                                   fmt::format("a hook of {}", target.value()), std::move(events));
  if (unit) {
    execution.unit = std::move(*unit);
    return;
  }
  const auto message = unit.error().message;
  executions_.erase(id);
  log_of(target).append("[poltergeist] " + message);
  constexpr int kNotStarted = 127;
  // Later: the core is in the middle of telling us what to do.
  orphanage_.loop().post([this, id, message] {
    if (!closed_) perform(core_.on_ended(id, {kNotStarted, {}, message}, now()));
  });
}

void Hooking::take_output(build::HookId id, process::Source source, std::string_view bytes) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return;
  auto& execution = found->second;
  keep_tail(source == process::Source::Out ? execution.standard_output : execution.standard_error,
            bytes);
  for (const auto line : lines_of(bytes)) log_of(execution.target).append(line);
}

void Hooking::on_exited(build::HookId id, Exit exit) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return;
  build::HookExit left{exit.shell_code(), std::move(found->second.standard_output),
                       std::move(found->second.standard_error)};
  executions_.erase(found);
  if (!closed_) perform(core_.on_ended(id, std::move(left), now()));
  if (on_gone) on_gone();
}

void Hooking::perform(const build::CancelHook& cancel) {
  const auto found = executions_.find(cancel.id);
  if (found == executions_.end() || !found->second.unit) return;
  log_of(cancel.target)
      .append(cancel.timed_out ? "[poltergeist] the hook's time is over: stopping it"
                               : "[poltergeist] a newer build: stopping the hook");
  found->second.unit->stop(process::stop_ladder(SIGTERM, kGrace));
}

void Hooking::perform(const build::HookEnded& ended) {
  state::HookResult result;
  result.name = ended.name;
  result.status = ended.result.success ? state::HookStatus::Success : state::HookStatus::Failure;
  result.summary = ended.result.summary;
  result.lines = ended.result.lines;
  result.completed_at = wall_now();
  result.duration = std::chrono::duration_cast<Milliseconds>(ended.took);
  result.started_at = *result.completed_at - *result.duration;
  result.exit_code = ended.exit_code;
  result.trigger = verdict_of(ended.trigger);
  publishing_.hook_finished(ended.target, ended.build, result);
}

state::ChannelLog& Hooking::log_of(const TargetId& target) {
  const auto found = logs_.find(target);
  if (found != logs_.end()) return found->second;
  return logs_.try_emplace(target, publishing_.paths().log_file(target, kHookChannel))
      .first->second;
}

}  // namespace poltergeist::daemon
