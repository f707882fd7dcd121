// SPDX-License-Identifier: MIT
#include "daemon/build_execution.h"

#include "base/log.h"
#include "base/text.h"
#include "state/build_record.h"
#include "sys/clock.h"
#include "tasks/verdict.h"

namespace poltergeist::daemon {

BuildExecution::BuildExecution(process::TaskExecutor& executor, BuildOrder order, Listener listener)
    : executor_(executor),
      order_(std::move(order)),
      listener_(std::move(listener)),
      started_(now()),
      stall_timer_(executor.loop(), "stalled builds", [this] { look_whether_stalled(); }) {}

void BuildExecution::start() {
  start_step();
}

std::string BuildExecution::command() const {
  const auto& steps = order_.plan.steps;
  return steps.empty() ? std::string() : steps.at(std::min(step_, steps.size() - 1)).shown;
}

std::vector<std::string> BuildExecution::last_lines(std::size_t count) const {
  return log_ ? log_->tail(count) : std::vector<std::string>();
}

void BuildExecution::start_step() {
  if (step_ == order_.plan.steps.size()) {
    const auto missing = missing_output();
    end(!missing, missing.value_or(std::string()));
    return;
  }
  auto attempt = start_command(order_.plan.steps[step_]);
  const auto spawned = attempt ? std::optional((*attempt)->started()) : std::nullopt;
  if (!log_) {
    log_.emplace(order_.log_file);
    if (listener_.on_started) listener_.on_started(spawned);
  }
  if (!attempt) {
    impossible_ = attempt.error().code != Errc::Busy;
    end(false, attempt.error().message);
    return;
  }
  attempt_ = std::move(*attempt);
  if (order_.timeout > Seconds(0)) return;
  stall_.emplace(attempt_->started());
  stall_timer_.arm(stall_->deadline());
}

Result<std::unique_ptr<process::Attempt>> BuildExecution::start_command(const build::Step& step) {
  process::Command command{.name = fmt::format("build of {}", order_.target.value()),
                           .argv = step.argv,
                           .cwd = order_.plan.cwd,
                           .env = order_.env,
                           .errors_to_output = true,
                           .leftovers = process::Leftovers::Keep,
                           .in_cgroup = true,
                           .grace_period = order_.grace_period};
  if (order_.timeout > Seconds(0)) command.until = started_ + order_.timeout;
  process::Attempt::Listener listener;
  listener.on_bytes = [this] { note_sign_of_life(); };
  listener.on_line = [this](process::Source, const process::Line& line) { take_line(line); };
  listener.on_command = [this](const process::ProtocolCommand& said) { take_command(said); };
  listener.on_time_out = [this] {
    log_->append(fmt::format("[poltergeist] timed out after {}: stopping the build",
                             format_duration(order_.timeout)));
  };
  listener.on_end = [this](const process::CommandEnd& ended) { on_step_ended(ended); };
  return executor_.start(std::move(command), std::move(listener));
}

// The timer stays as it is: it is looked at when it is due.
void BuildExecution::note_sign_of_life() {
  if (stall_ && stall_->on_output(now())) listener_.on_stalled(std::nullopt);
}

void BuildExecution::look_whether_stalled() {
  if (!stall_ || !attempt_) return;
  if (now() >= stall_->deadline() && stall_->on_sample(attempt_->processor_time(), now())) {
    listener_.on_stalled(stall_->stalled_since());
  }
  stall_timer_.arm(stall_->deadline());
}

void BuildExecution::take_line(const process::Line& line) {
  // A progress line that was overwritten says how far it is, and is nothing that anybody reads
  // later.
  if (line.end != process::LineEnd::Overwritten) {
    log_->append(line.text);
    diagnostics_.feed(line.text);
    if (listener_.on_line) listener_.on_line(line.text);
  }
  const auto progress = progress_.feed(line.text);
  // What the command says itself is better than what is guessed from its tools.
  if (progress && !said_progress_ && listener_.on_progress) listener_.on_progress(*progress);
}

void BuildExecution::take_command(const process::ProtocolCommand& command) {
  if (const auto* progress = std::get_if<process::TaskProgress>(&command)) {
    said_progress_ = build::Progress{.percent = static_cast<int>(progress->percent),
                                     .label = for_terminal(progress->label)};
    if (listener_.on_progress) listener_.on_progress(*said_progress_);
  } else if (const auto* output = std::get_if<process::SetOutput>(&command)) {
    if (!outputs_.set(output->key, to_utf8(output->value))) {
      log_->append(fmt::format("[poltergeist] the output {} is one too many", output->key));
    }
  } else if (listener_.on_command) {
    listener_.on_command(command);
  }
}

void BuildExecution::on_step_ended(const process::CommandEnd& ended) {
  ended_ = ended.ended;
  note_sign_of_life();
  stall_.reset();
  stall_timer_.arm(std::nullopt);
  attempt_.reset();
  exit_ = ended.exit;
  const auto verdict =
      tasks::judge({.exit = ended.exit, .timed_out = ended.timed_out, .cancelled = cancelled_},
                   order_.exit_codes, order_.timeout, command());
  if (verdict.outcome == Outcome::Success) {
    ++step_;
    start_step();
    return;
  }
  // Who names the codes that are worth another try, wants no other failure tried again.
  impossible_ = !order_.exit_codes.retry.empty() && verdict.outcome != Outcome::Retry;
  end(false, verdict.message);
}

void BuildExecution::cancel() {
  cancelled_ = true;
  if (attempt_) attempt_->cancel();
}

void BuildExecution::kill() {
  cancelled_ = true;
  if (attempt_) attempt_->kill();
}

std::optional<std::string> BuildExecution::missing_output() const {
  for (const auto& output : order_.plan.outputs) {
    std::error_code error;
    if (!std::filesystem::exists(output, error)) {
      return fmt::format("the command succeeded, but there is no {}", to_utf8(output.string()));
    }
  }
  return std::nullopt;
}

void BuildExecution::end(bool success, std::string how) {
  diagnostics_.finish();
  if (!success && !how.empty()) log_->append(fmt::format("[poltergeist] {}", how));
  log_->finish();
  BuildEndReport report;
  report.success = success;
  report.cancelled = cancelled_;
  report.impossible = impossible_;
  if (exit_ && exit_->kind == Exit::Kind::Code) report.exit_code = exit_->number;
  if (exit_ && exit_->kind == Exit::Kind::Signal) report.signal = exit_->number;
  report.how_it_ended = std::move(how);
  report.command = command();
  report.duration = std::chrono::duration_cast<Milliseconds>(now() - started_);
  report.ended = ended_;
  report.diagnostics = diagnostics_.diagnostics();
  report.last_output = log_->tail(state::kMostErrorLines);
  report.log_bytes = log_->file().size();
  report.outputs = outputs_.values();
  const auto on_end = listener_.on_end;
  on_end(report);
}

}  // namespace poltergeist::daemon
