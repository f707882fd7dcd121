// SPDX-License-Identifier: MIT
#include "daemon/build_execution.h"

#include "base/log.h"
#include "base/text.h"
#include "process/stop_ladder.h"
#include "state/build_record.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

std::string text_of(Exit exit) {
  return exit.kind == Exit::Kind::Code ? fmt::format("exited with code {}", exit.number)
                                       : fmt::format("killed by {}", exit.text());
}

}  // namespace

BuildExecution::BuildExecution(process::Orphanage& orphanage, BuildOrder order, Listener listener)
    : orphanage_(orphanage),
      order_(std::move(order)),
      listener_(std::move(listener)),
      started_(now()) {}

void BuildExecution::start() {
  if (order_.timeout > Seconds(0)) {
    timeout_ = orphanage_.loop().at(started_ + order_.timeout, "a build's time limit",
                                    [this] { on_timeout(); });
  }
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
  auto unit = start_command(order_.plan.steps[step_]);
  const auto spawned = unit ? std::optional(now()) : std::nullopt;
  if (!log_) {
    log_.emplace(order_.log_file);
    if (listener_.on_started) listener_.on_started(spawned);
  }
  if (!unit) {
    impossible_ = unit.error().code != Errc::Busy;
    end(false, unit.error().message);
    return;
  }
  unit_ = std::move(*unit);
}

Result<std::unique_ptr<process::Unit>> BuildExecution::start_command(const build::Step& step) {
  process::SpawnPlan plan;
  plan.argv = step.argv;
  plan.cwd = order_.plan.cwd;
  plan.env = order_.env;
  plan.out = process::Stream::pipe();
  plan.err = process::Stream::same_as_out();
  process::UnitEvents events;
  events.line = [this](process::Source, const process::Line& line) { take_line(line); };
  events.exited = [this](Exit exit) { on_step_exited(exit); };
  return process::Unit::start(orphanage_, plan, process::Leftovers::Keep,
                              fmt::format("build of {}", order_.target.value()), std::move(events));
}

void BuildExecution::take_line(const process::Line& line) {
  // A progress line that was overwritten says how far it is, and is nothing that anybody reads
  // later.
  if (line.end != process::LineEnd::Overwritten) {
    log_->append(line.text);
    diagnostics_.feed(line.text);
    if (listener_.on_line) listener_.on_line(line.text);
  }
  if (const auto progress = progress_.feed(line.text); progress && listener_.on_progress) {
    listener_.on_progress(*progress);
  }
}

void BuildExecution::on_step_exited(Exit exit) {
  ended_ = now();
  unit_.reset();
  exit_ = exit;
  if (cancelled_) {
    end(false, "cancelled");
  } else if (timed_out_) {
    end(false, fmt::format("timed out after {}", format_duration(order_.timeout)));
  } else if (!exit.ok()) {
    end(false, text_of(exit));
  } else {
    ++step_;
    start_step();
  }
}

void BuildExecution::cancel() {
  cancelled_ = true;
  if (unit_) unit_->stop(process::stop_ladder(SIGTERM, order_.grace_period));
}

void BuildExecution::kill() {
  cancelled_ = true;
  if (unit_) unit_->kill_all();
}

void BuildExecution::on_timeout() {
  if (!unit_ || cancelled_) return;
  timed_out_ = true;
  log_->append(fmt::format("[poltergeist] timed out after {}: stopping the build",
                           format_duration(order_.timeout)));
  unit_->stop(process::stop_ladder(SIGTERM, order_.grace_period));
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
  timeout_.reset();
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
  const auto on_end = listener_.on_end;
  on_end(report);
}

}  // namespace poltergeist::daemon
