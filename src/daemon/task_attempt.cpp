// SPDX-License-Identifier: MIT
#include "daemon/task_attempt.h"

#include <sys/stat.h>

#include <utility>

#include "base/exit_code.h"
#include "base/log.h"
#include "base/secret_names.h"
#include "base/text.h"
#include "process/environment.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "tasks/task_output.h"

namespace poltergeist::daemon {

namespace fs = std::filesystem;

namespace {

void add(config::Environment& variables, const config::Environment& more) {
  for (const auto& [name, value] : more) variables[name] = value;
}

// What a shell says of a program that it could not start.
int code_for(const Error& error) {
  return to_int(error.code == Errc::NotFound ? ExitCode::ProgramNotFound : ExitCode::CannotExecute);
}

}  // namespace

std::vector<std::string> secrets_in(const tasks::Json& input) {
  std::vector<std::string> secrets;
  if (!input.is_object()) return secrets;
  for (const auto& [key, value] : input.items()) {
    if (!is_secret_name(tasks::variable_name("INPUT_", key))) continue;
    secrets.push_back(value.is_string() ? value.get<std::string>() : tasks::stored_text(value));
  }
  return secrets;
}

Result<TaskPlan> plan_of(const TaskOrder& order) {
  const auto& task = order.task;
  auto delivery = tasks::deliver(task, order.input);
  if (!delivery) return fail(delivery.error());
  TaskPlan plan{.input_file = std::move(delivery->input_file)};
  auto& variables = plan.variables;
  variables = task.env;
  add(variables, delivery->variables);
  add(variables, order.state);
  add(variables, order.context);
  variables["POLTERGEIST_TASK_ID"] = order.execution;
  variables["POLTERGEIST_TASK_NAME"] = task.name.value();
  variables["POLTERGEIST_ATTEMPT"] = std::to_string(order.attempt);
  variables["POLTERGEIST_MAX_RETRIES"] = std::to_string(task.max_retries);
  variables["POLTERGEIST_QUEUE"] = task.queue;
  variables["POLTERGEIST_PROJECT_ROOT"] = order.root.string();

  auto& command = plan.command;
  command.name = fmt::format("task {}", task.name.value());
  command.cwd = task.cwd.empty() ? order.root : (order.root / task.cwd).lexically_normal();
  command.argv = std::move(delivery->argv);
  // A path is the task's, not ours: as if one had gone to its directory first.
  auto& program = command.argv.front();
  if (program.find('/') != std::string::npos)
    program = (command.cwd / program).lexically_normal().string();
  command.standard_input = std::move(delivery->standard_input);
  command.secrets = secrets_in(order.input);
  if (task.timeout > Seconds(0)) command.until = now() + task.timeout;
  command.grace_period = task.grace_period;
  command.most_kept = order.most_output;
  return plan;
}

TaskAttempt::TaskAttempt(process::TaskExecutor& executor, const state::ProjectPaths& paths,
                         TaskOrder order, Listener listener)
    : executor_(executor),
      paths_(paths),
      order_(std::move(order)),
      listener_(std::move(listener)) {}

void TaskAttempt::start() {
  if (const auto started = start_command(); !started) end_without_command(started.error());
}

Result<void> TaskAttempt::start_command() {
  auto plan = plan_of(order_);
  if (!plan) return fail(plan.error());
  if (plan->input_file) {
    auto file = state::InputFile::create(
        paths_, fmt::format("{}-{}", order_.execution, order_.attempt), *plan->input_file);
    if (!file) return fail(file.error(), "the input's file");
    input_file_ = std::move(*file);
    plan->variables["INPUT_FILE"] = input_file_.path().string();
  }
  output_before_ = mark_of(output_file());
  plan->command.env =
      process::merged_environment(process::unattended_environment(), plan->variables);
  process::Attempt::Listener listener;
  listener.on_line = listener_.on_line;
  listener.on_command = [this](const process::ProtocolCommand& said) { take_command(said); };
  listener.on_end = [this](process::CommandEnd ended) { on_ended(std::move(ended)); };
  auto attempt = executor_.start(std::move(plan->command), std::move(listener));
  if (!attempt) return fail(attempt.error());
  attempt_ = std::move(*attempt);
  return {};
}

void TaskAttempt::take_command(const process::ProtocolCommand& command) {
  if (const auto* output = std::get_if<process::SetOutput>(&command)) {
    if (!outputs_.set(output->key, output->value)) {
      log_warn("task {}: the output {} is one too many, and left out", order_.task.name.value(),
               output->key);
    }
  } else if (listener_.on_command) {
    listener_.on_command(command);
  }
}

void TaskAttempt::cancel() {
  cancelled_ = true;
  if (attempt_) attempt_->cancel();
}

void TaskAttempt::kill() {
  cancelled_ = true;
  if (attempt_) attempt_->kill();
}

fs::path TaskAttempt::output_file() const {
  return order_.task.output_file.empty() ? fs::path() : order_.root / order_.task.output_file;
}

TaskAttempt::FileMark TaskAttempt::mark_of(const fs::path& file) {
  struct stat status {};
  if (file.empty() || ::stat(file.c_str(), &status) != 0) return {};
  return {static_cast<std::int64_t>(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
          status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
}

Result<std::string> TaskAttempt::read_output_file() const {
  const auto file = output_file();
  const auto shown = to_utf8(order_.task.output_file);
  const auto mark = mark_of(file);
  if (mark.empty()) return fail(Errc::NotFound, "the task did not write {}", shown);
  if (mark == output_before_) {
    return fail(Errc::Invalid, "the task did not write {}: it is as it was before", shown);
  }
  auto text = read_file(file);
  if (!text) return fail(text.error());
  return to_utf8(attempt_->secrets().redact(*text));
}

void TaskAttempt::on_ended(process::CommandEnd ended) {
  const auto& task = order_.task;
  TaskAttemptEnd end;
  if (ended.exit.kind == Exit::Kind::Code) {
    end.exit_code = ended.exit.number;
  } else {
    end.signal = ended.exit.number;
  }
  end.verdict =
      tasks::judge({.exit = ended.exit, .timed_out = ended.timed_out, .cancelled = ended.cancelled},
                   task.exit_codes, task.timeout, task.command);
  end.output = tasks::output_of_failure(task, outputs_.values());
  if (end.verdict.outcome == Outcome::Success) {
    tasks::Leavings leavings{.standard_output = ended.out.text,
                             .output_truncated = ended.out.truncated,
                             .set = outputs_.values()};
    if (task.output_format == config::OutputFormat::File) leavings.file = read_output_file();
    if (auto output = tasks::output_of(task, leavings)) {
      end.output = std::move(*output);
    } else {
      end.verdict = {Outcome::Failed, FailureKind::BadOutput, output.error().message};
    }
  }
  end.out = std::move(ended.out);
  end.err = std::move(ended.err);
  const auto on_end = std::move(listener_.on_end);
  if (on_end) on_end(std::move(end));
}

// Later: whoever starts an attempt is in the middle of something.
void TaskAttempt::end_without_command(const Error& error) {
  ends_ = executor_.loop().at(now(), "a task that was not started", [this, error] {
    TaskAttemptEnd end;
    end.verdict = tasks::judge({.not_started = error, .cancelled = cancelled_},
                               order_.task.exit_codes, order_.task.timeout, order_.task.command);
    end.output = tasks::output_of_failure(order_.task, {});
    end.exit_code = code_for(error);
    const auto on_end = std::move(listener_.on_end);
    if (on_end) on_end(std::move(end));
  });
}

}  // namespace poltergeist::daemon
