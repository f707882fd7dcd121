// SPDX-License-Identifier: MIT
#include "daemon/hooking.h"

#include <utility>

#include "base/exit_code.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/child_environment.h"
#include "process/environment.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

// Of each stream; a result that a hook prints is in its last line.
constexpr std::size_t kMostOutput = 128 << 10;
constexpr std::size_t kMostEnvironmentText = 32 << 10;
constexpr Seconds kGrace{2};
constexpr std::string_view kHookChannel = "hook";

state::BuildVerdict verdict_of(config::HookTrigger trigger) {
  return trigger == config::HookTrigger::Success ? state::BuildVerdict::Success
                                                 : state::BuildVerdict::Failure;
}

}  // namespace

Hooking::Hooking(Parts parts)
    : parts_(parts),
      timer_(parts_.executor.loop(), "hooks", [this] { perform(core_.on_time(now())); }) {}

void Hooking::on_build_started(const TargetId& target) {
  perform(core_.on_build_started(target, now()));
}

void Hooking::on_build_ended(const TargetId& target, BuildId build, config::HookTrigger trigger) {
  const auto* configured = parts_.project.find(target);
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
    if (execution.attempt) {
      execution.attempt->kill();
    } else {
      parts_.tasking.cancel(execution.execution);
    }
  }
}

void Hooking::perform(const build::HookActions& actions) {
  for (const auto& action : actions) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  timer_.arm(core_.deadline());
}

process::Command Hooking::command_for(const TargetId& target, const config::Hook& hook,
                                      const std::string& line) const {
  process::Command command{
      .name = fmt::format("a hook of {}", target.value()),
      .argv = {"/bin/sh", "-c", line},
      .cwd = hook.cwd.empty() ? parts_.project.root : parts_.project.root / hook.cwd,
      .leftovers = process::Leftovers::Keep,
      .in_cgroup = true,
      .grace_period = kGrace,
      .most_kept = kMostOutput};
  config::Environment env;
  if (const auto* configured = parts_.project.find(target)) env = configured->env;
  for (const auto& [name, value] : hook.env) env[name] = value;
  command.env = child_environment(parts_.project, parts_.publishing.paths(), target, env);
  return command;
}

config::Environment Hooking::context_of(const build::StartHook& start) const {
  return {{"POLTERGEIST_TARGET", start.target.value()},
          {"POLTERGEIST_BUILD_ID", std::to_string(start.build.value())},
          {"POLTERGEIST_BUILD_STATUS", std::string(name_in(config::kHookTriggers, start.trigger))}};
}

void Hooking::perform(const build::StartHook& start) {
  const auto& hook = start.hook;
  log_of(start.target)
      .append(fmt::format("[poltergeist] hook {}: {}", hook.name,
                          hook.task.empty() ? hook.command : "task " + hook.task));
  parts_.publishing.hook_began(start.target, start.build, hook.name, verdict_of(start.trigger));
  if (!hook.task.empty()) return start_task(start);
  auto command = command_for(start.target, hook, hook.command);
  const auto scope = scope_for_hook(start.target, hook.name);
  auto over = parts_.kept_state.variables_of(scope);
  for (const auto& [name, value] : context_of(start)) over[name] = value;
  command.env = process::merged_environment(std::move(command.env), over);
  this->start(start.id, start.target, scope, std::move(command));
}

void Hooking::perform(const build::StartFormatter& start) {
  auto command = command_for(start.target, start.hook, start.hook.formatter);
  const auto& said = start.hook_stderr;
  command.env = process::merged_environment(
      std::move(command.env),
      {{"POLTERGEIST_POSTBUILD_EXIT_CODE", std::to_string(start.hook_exit_code)},
       {"POLTERGEIST_POSTBUILD_STDERR",
        said.substr(said.size() - std::min(said.size(), kMostEnvironmentText))}});
  command.standard_input = start.input;
  this->start(start.id, start.target, scope_for_hook(start.target, start.hook.name),
              std::move(command));
}

void Hooking::start(build::HookId id, const TargetId& target, const std::string& scope,
                    process::Command command) {
  auto& execution = executions_[id];
  execution.target = target;
  execution.scope = scope;
  process::Attempt::Listener listener;
  listener.on_line = [this, target](process::Source, const process::Line& line) {
    log_of(target).append(line.text);
  };
  listener.on_command = [this, id](const process::ProtocolCommand& said) {
    take_command(id, said);
  };
  listener.on_end = [this, id](process::CommandEnd ended) { on_ended(id, std::move(ended)); };
  auto attempt = parts_.executor.start(std::move(command), std::move(listener));
  if (attempt) {
    execution.attempt = std::move(*attempt);
    return;
  }
  const auto message = attempt.error().message;
  log_of(target).append("[poltergeist] " + message);
  // Later: the core is in the middle of telling us what to do.
  parts_.executor.loop().post([this, id, message] {
    end(id, {.exit_code = to_int(ExitCode::ProgramNotFound), .standard_error = message});
  });
}

void Hooking::start_task(const build::StartHook& start) {
  const auto id = start.id;
  auto& execution = executions_[id];
  execution.target = start.target;
  ExecutionRequest request{.task = TaskId(start.hook.task),
                           .input = json_of(start.hook.input).value_or(tasks::Json::object()),
                           .trigger = "hook:" + start.target.value(),
                           .context = context_of(start)};
  request.on_line = [this, target = start.target](process::Source, const process::Line& line) {
    log_of(target).append(line.text);
  };
  request.on_settled = [this, id](const tasks::ExecutionResult& result) {
    on_task_settled(id, result);
  };
  const auto submitted = parts_.tasking.submit(std::move(request));
  if (submitted) {
    execution.execution = *submitted;
    return;
  }
  const auto message = submitted.error().message;
  log_of(start.target).append("[poltergeist] " + message);
  parts_.executor.loop().post([this, id, message] {
    end(id, {.exit_code = to_int(ExitCode::CannotExecute), .standard_error = message});
  });
}

void Hooking::take_command(build::HookId id, const process::ProtocolCommand& said) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return;
  auto& [target, scope, outputs, attempt, execution] = found->second;
  if (const auto* message = std::get_if<process::LogMessage>(&said)) {
    log_at(message->level, "a hook of {}: {}", target.value(), for_terminal(message->message));
    log_of(target).append(message->message);
  } else if (const auto* output = std::get_if<process::SetOutput>(&said)) {
    if (!outputs.set(output->key, to_utf8(output->value))) {
      log_of(target).append(
          fmt::format("[poltergeist] the output {} is one too many", output->key));
    }
  } else if (const auto* kept = std::get_if<process::SetState>(&said)) {
    parts_.kept_state.set(scope, kept->key, kept->value);
  }
}

void Hooking::on_ended(build::HookId id, process::CommandEnd ended) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return;
  // Kept alive to the end: it is the one who tells us.
  const auto attempt = std::move(found->second.attempt);
  build::HookExit exit{.exit_code = ended.exit.shell_code(),
                       .standard_output = std::move(ended.out.text),
                       .standard_error = std::move(ended.err.text)};
  const auto& outputs = found->second.outputs.values();
  if (!outputs.empty()) exit.outputs = outputs;
  if (ended.exit.ok()) parts_.kept_state.forget(found->second.scope);
  end(id, std::move(exit));
}

void Hooking::on_task_settled(build::HookId id, const tasks::ExecutionResult& result) {
  if (!result.message.empty()) {
    if (const auto found = executions_.find(id); found != executions_.end()) {
      log_of(found->second.target)
          .append(fmt::format("[poltergeist] task {}: {}", result.task, result.message));
    }
  }
  end(id, {.exit_code = exit_code_for(result),
           .standard_output = result.standard_output,
           .standard_error = result.standard_error,
           .outputs = tasks::passed_on(result.output)});
}

void Hooking::end(build::HookId id, build::HookExit exit) {
  if (executions_.erase(id) == 0) return;
  if (!closed_) perform(core_.on_ended(id, std::move(exit), now()));
  if (on_gone) on_gone();
}

void Hooking::perform(const build::CancelHook& cancel) {
  const auto found = executions_.find(cancel.id);
  if (found == executions_.end()) return;
  log_of(cancel.target)
      .append(cancel.timed_out ? "[poltergeist] the hook's time is over: stopping it"
                               : "[poltergeist] a newer build: stopping the hook");
  if (found->second.attempt) {
    found->second.attempt->cancel();
  } else {
    parts_.tasking.cancel(found->second.execution);
  }
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
  result.outputs = ended.outputs;
  result.trigger = verdict_of(ended.trigger);
  parts_.publishing.hook_finished(ended.target, ended.build, result);
}

state::ChannelLog& Hooking::log_of(const TargetId& target) {
  const auto found = logs_.find(target);
  if (found != logs_.end()) return found->second;
  return logs_.try_emplace(target, parts_.publishing.paths().log_file(target, kHookChannel))
      .first->second;
}

}  // namespace poltergeist::daemon
