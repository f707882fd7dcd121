// SPDX-License-Identifier: MIT
#include "daemon/tasking.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "base/retry.h"
#include "base/secret_names.h"
#include "base/text.h"
#include "process/environment.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr auto kLost = "the daemon was killed while it executed";

Milliseconds whole_milliseconds(Duration duration) {
  return std::chrono::duration_cast<Milliseconds>(duration);
}

// What may be written down of an input: what is secret by its name, or in our environment, is not.
tasks::Json without_secrets(const tasks::Json& input) {
  tasks::Json shown = input;
  for (auto& [key, value] : shown.items()) {
    if (is_secret_name(tasks::variable_name("INPUT_", key))) value = kRedacted;
  }
  const auto secrets =
      process::Secrets::from_environment(process::own_environment(), secrets_in(input));
  if (secrets.empty()) return shown;
  const auto text = tasks::stored_text(shown);
  const auto redacted = secrets.redact(text);
  return redacted == text ? shown : json_of(redacted).value_or(tasks::Json::object());
}

}  // namespace

Error no_such_task(const config::Project& project, const TaskId& task) {
  const auto names = project.task_names();
  if (names.empty()) return {Errc::NotFound, "the configuration has no tasks"};
  return {Errc::NotFound, fmt::format("there is no task {}{}", for_terminal(task.value()),
                                      did_you_mean(task.value(), names))};
}

Tasking::Tasking(Parts parts, Overrides overrides)
    : parts_(parts),
      overrides_(std::move(overrides)),
      timer_(parts_.executor.loop(), "executions",
             [this] { perform_soon(queue_.on_time(now())); }) {
  configure();
}

tasks::QueueSettings Tasking::queue_settings() const {
  const auto& worker = parts_.project.worker;
  return {.concurrency = overrides_.concurrency.value_or(worker.concurrency),
          .queues = overrides_.queues,
          .heartbeat = worker.heartbeat_interval};
}

Tasking::Load Tasking::load() const {
  return {queue_settings(), queue_.executing(), submitted_.size() + queue_.waiting()};
}

void Tasking::configure() {
  perform_soon(queue_.configure(queue_settings(), now()));
}

// ---- What an earlier daemon left
// -----------------------------------------------------------------------------

void Tasking::begin() {
  if (parts_.database == nullptr) return;
  auto left = parts_.database->unsettled();
  if (!left) {
    log_warn("executions of earlier daemons are not known: {}", left.error().message);
    return;
  }
  for (auto& entry : *left) take_up(std::move(entry));
}

void Tasking::take_up(state::ExecutionEntry entry) {
  const auto id = entry.id;
  auto& record = records_[id];
  record.entry = std::move(entry);
  record.request.task = record.entry.task;
  record.request.trigger = record.entry.trigger;
  if (auto input = json_of(record.entry.input)) record.request.input = std::move(*input);
  std::string why;
  if (record.entry.status == state::ExecutionStatus::Running) {
    why = kLost;
  } else if (record.entry.input_withheld) {
    why = "its input held secrets, which are kept in memory only, and the daemon ended";
  } else if (record.entry.trigger != "exec") {
    why = "the daemon ended before its turn came, and its build is over";
  }
  if (!why.empty()) {
    log_warn("execution {} of {} is given up: {}", id.value(), record.entry.task.value(), why);
    record.last = TaskAttemptEnd{.verdict = {Outcome::Failed, FailureKind::Cancelled, why}};
    return perform_soon({tasks::Settle{id, ExecutionOutcome::Failed}});
  }
  const auto* task = parts_.project.find_task(record.entry.task);
  tasks::Ticket ticket{
      .id = id,
      .queue = record.entry.queue,
      .max_retries = record.entry.max_retries.value_or(task == nullptr ? 0 : task->max_retries),
      .backoff_multiplier = task == nullptr ? 2 : task->backoff_multiplier,
      .attempts = record.entry.attempt};
  if (record.entry.retry_at) {
    ticket.not_before = now() + rest_of_retry_delay(*record.entry.retry_at, wall_now());
  }
  perform_soon(queue_.submit(std::move(ticket), now()));
}

// ---- Asking
// --------------------------------------------------------------------------------------------------

ExecutionId Tasking::next_number(const TaskId& task) {
  if (parts_.database != nullptr) {
    if (const auto number = parts_.database->next()) {
      last_number_ = number->value();
      return *number;
    } else {
      log_warn("an execution of {} is kept in memory only: {}", task.value(),
               number.error().message);
    }
  }
  return ExecutionId(++last_number_);
}

Result<ExecutionId> Tasking::submit(ExecutionRequest request) {
  const auto* task = parts_.project.find_task(request.task);
  if (task == nullptr) {
    return fail(no_such_task(parts_.project, request.task));
  }
  if (closed_) return fail(Errc::Unavailable, "the daemon is about to end");
  // What does not fit is said to whoever asks, not to whoever looks at the result.
  if (const auto fits = tasks::deliver(*task, request.input); !fits) return fail(fits.error());
  // Most have none: nothing to look through.
  const bool has_input = !request.input.empty();
  const auto kept = tasks::stored_text(has_input ? without_secrets(request.input) : request.input);
  Record record;
  record.entry = {.task = task->name,
                  .queue = task->queue,
                  .input = kept,
                  .input_withheld = has_input && json_of(kept) != request.input,
                  .max_retries = request.max_retries,
                  .status = state::ExecutionStatus::Queued,
                  .trigger = request.trigger,
                  .queued_at = wall_now()};
  if (request.timeout) record.entry.timeout = *request.timeout;
  const auto id = record.entry.id = next_number(task->name);
  record.request = std::move(request);
  if (record.request.on_settled) {
    record.waiting.push_back(std::exchange(record.request.on_settled, nullptr));
  }
  submitted_.push_back({.id = id,
                        .queue = task->queue,
                        .max_retries = record.entry.max_retries.value_or(task->max_retries),
                        .backoff_multiplier = task->backoff_multiplier});
  records_.emplace(id, std::move(record));
  // Later, so that whoever asks knows the number before anything is told of it.
  perform_soon({});
  return id;
}

bool Tasking::cancel(ExecutionId id) {
  if (!records_.contains(id)) return false;
  // From the loop, for whoever asks may be told of the end.
  parts_.executor.loop().post([this, id] {
    const auto submitted = std::find_if(submitted_.begin(), submitted_.end(),
                                        [&](const auto& ticket) { return ticket.id == id; });
    if (submitted == submitted_.end()) return perform_soon(queue_.cancel(id, now()));
    submitted_.erase(submitted);
    accepted_.push_back(id);
    perform_soon({tasks::Settle{id, ExecutionOutcome::Cancelled}});
  });
  return true;
}

Result<std::optional<state::ExecutionEntry>> Tasking::find(ExecutionId id) {
  const auto known = records_.find(id);
  if (known != records_.end()) return known->second.entry;
  if (parts_.database == nullptr) return std::nullopt;
  return parts_.database->find(id);
}

Result<std::vector<state::ExecutionEntry>> Tasking::recent(int n,
                                                           const state::ExecutionFilter& filter) {
  if (parts_.database != nullptr) return parts_.database->recent(n, filter);
  return fail(Errc::Unavailable, "executions are not written down; the daemon's log says why");
}

bool Tasking::on_settled(ExecutionId id, std::function<void(const tasks::ExecutionResult&)> then) {
  const auto known = records_.find(id);
  if (known == records_.end()) return false;
  known->second.waiting.push_back(std::move(then));
  return true;
}

// ---- Performing
// ----------------------------------------------------------------------------------------------

// What is asked for at once, and what ends at once, is one transaction.
void Tasking::perform_soon(const tasks::QueueActions& actions) {
  undone_.insert(undone_.end(), actions.begin(), actions.end());
  timer_.arm(queue_.deadline());
  if ((undone_.empty() && submitted_.empty()) || performs_) return;
  performs_ = parts_.executor.loop().at(now(), "executions", [this] { perform_all(); });
}

void Tasking::perform_all() {
  performs_.reset();
  queue_submitted();
  const auto accepted = std::exchange(accepted_, {});
  const auto batch = std::exchange(undone_, {});
  write_down(accepted, batch);
  parts_.bus.flush(now());
  for (const auto id : accepted) accept(id);
  for (const auto& action : batch) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  timer_.arm(queue_.deadline());
  if (on_gone) on_gone();
}

void Tasking::queue_submitted() {
  for (auto& ticket : std::exchange(submitted_, {})) {
    accepted_.push_back(ticket.id);
    const auto actions = queue_.submit(std::move(ticket), now());
    undone_.insert(undone_.end(), actions.begin(), actions.end());
  }
}

void Tasking::accept(ExecutionId id) {
  auto& record = records_.at(id);
  if (const auto told = std::exchange(record.request.on_accepted, nullptr)) told(id);
}

std::optional<TaskOrder> Tasking::order_for(const Record& record) const {
  const auto* task = parts_.project.find_task(record.entry.task);
  if (task == nullptr) return std::nullopt;
  TaskOrder order{.execution = record.request.name.empty() ? std::to_string(record.entry.id.value())
                                                           : record.request.name,
                  .task = *task,
                  .input = record.request.input,
                  .attempt = record.entry.attempt,
                  .state = parts_.kept_state.variables_of(state::scope_for(record.entry.id)),
                  .context = record.request.context,
                  .root = parts_.project.root,
                  .most_output = parts_.project.logging.max_output};
  if (record.entry.timeout) {
    order.task.timeout = std::chrono::duration_cast<Seconds>(*record.entry.timeout);
  }
  if (record.entry.max_retries) order.task.max_retries = *record.entry.max_retries;
  order.context["POLTERGEIST_TRIGGER"] = record.entry.trigger;
  if (parts_.served) order.context["POLTERGEIST_SOCKET"] = parts_.paths.socket().string();
  return order;
}

// An attempt that is not written down before it is started could be made twice, and nobody is told
// of an end that a kill might still take back.
void Tasking::write_down(const std::vector<ExecutionId>& accepted,
                         const tasks::QueueActions& actions) {
  std::vector<const state::ExecutionEntry*> changed;
  for (const auto id : accepted) {
    const auto& entry = records_.at(id).entry;
    changed.push_back(&entry);
    publish(state::ExecutionQueued{id, entry.task, entry.queue, entry.trigger});
  }
  for (const auto& action : actions) {
    const auto* entry = std::visit([this](const auto& what) { return note(what); }, action);
    if (entry != nullptr) changed.push_back(entry);
  }
  // One that starts at once is there twice.
  std::sort(changed.begin(), changed.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  if (parts_.database == nullptr || changed.empty()) return;
  const auto stored = parts_.database->update(changed);
  if (stored) return;
  for (const auto* entry : changed) {
    log_warn("execution {} is kept in memory only: {}", entry->id.value(), stored.error().message);
  }
}

state::ExecutionEntry* Tasking::note(const tasks::StartAttempt& start) {
  auto& record = records_.at(start.id);
  record.entry.status = state::ExecutionStatus::Running;
  record.entry.attempt = start.attempt;
  record.entry.retry_at.reset();
  if (start.attempt == 1 || !record.entry.started_at) record.entry.started_at = wall_now();
  if (record.first_started == Instant{}) record.first_started = now();
  if (parts_.project.find_task(record.entry.task) != nullptr) {
    publish(state::ExecutionStarted{start.id, start.attempt});
  }
  return &record.entry;
}

state::ExecutionEntry* Tasking::note(const tasks::AwaitRetry& retry) {
  const auto& last = records_.at(retry.id).last;
  auto& entry = records_.at(retry.id).entry;
  entry.status = state::ExecutionStatus::Waiting;
  entry.retry_at = wall_now() + whole_milliseconds(retry.delay);
  publish(state::ExecutionRetried{retry.id, entry.attempt, whole_milliseconds(retry.delay),
                                  last ? last->verdict.message : std::string()});
  return &entry;
}

state::ExecutionEntry* Tasking::note(const tasks::Settle& settle) {
  auto& record = records_.at(settle.id);
  record.result = result_of(record, settle.outcome);
  record.entry.status = state::ExecutionStatus::Settled;
  record.entry.ended_at = wall_now();
  record.entry.outcome = settle.outcome;
  record.entry.failure_kind = record.result->failure_kind;
  record.entry.result = to_json(*record.result).dump();
  const auto& result = *record.result;
  publish(state::ExecutionEnded{.execution = settle.id,
                                .task = record.entry.task,
                                .outcome = result.outcome,
                                .failure_kind = result.failure_kind,
                                .message = result.message,
                                .exit_code = result.exit_code,
                                .signal = result.signal,
                                .attempt = result.attempt,
                                .duration = result.duration,
                                .output = tasks::passed_on(result.output)});
  return &record.entry;
}

void Tasking::perform(const tasks::StartAttempt& start) {
  const auto id = start.id;
  const auto& record = records_.at(id);
  if (start.attempt == 1) parts_.kept_state.begin(state::scope_for(id));
  auto order = order_for(record);
  if (!order) return end_without_task(id);
  TaskAttempt::Listener listener;
  listener.on_line = [this, id](process::Source source, const process::Line& line) {
    take_line(id, source, line);
  };
  listener.on_command = [this, id](const process::ProtocolCommand& command) {
    take_command(id, command);
  };
  listener.on_end = [this, id](TaskAttemptEnd end) { on_attempt_ended(id, std::move(end)); };
  auto& attempt = attempts_[id];
  attempt = std::make_unique<TaskAttempt>(parts_.executor, parts_.paths, std::move(*order),
                                          std::move(listener));
  attempt->start();
  if (killed_) attempt->kill();
}

// It was removed from the configuration while this waited.
void Tasking::end_without_task(ExecutionId id) {
  parts_.executor.loop().post([this, id] {
    on_attempt_ended(id, {.verdict = {Outcome::Failed, FailureKind::Spawn,
                                      "the task is not in the configuration any more"}});
  });
}

void Tasking::perform(const tasks::StopAttempt& stop) {
  if (const auto found = attempts_.find(stop.id); found != attempts_.end()) found->second->cancel();
}

void Tasking::perform(const tasks::GiveHeartbeat& heartbeat) {
  const auto& record = records_.at(heartbeat.id);
  publish(state::ExecutionHeartbeat{heartbeat.id, /*by_command=*/false,
                                    whole_milliseconds(now() - record.first_started)});
}

void Tasking::perform(const tasks::Settle& settle) {
  const auto found = records_.find(settle.id);
  auto record = std::move(found->second);
  records_.erase(found);
  parts_.kept_state.end(state::scope_for(settle.id));
  // A success is in the journal, and there may be a thousand of them in a second.
  const auto level = settle.outcome == ExecutionOutcome::Success ? LogLevel::Debug : LogLevel::Info;
  log_at(level, "execution {} of {}: {}", settle.id.value(), record.entry.task.value(),
         name_in(kExecutionOutcomes, settle.outcome));
  parts_.bus.forget(state::scope_for(settle.id));
  for (const auto& then : record.waiting) then(*record.result);
}

tasks::ExecutionResult Tasking::result_of(const Record& record, ExecutionOutcome outcome) const {
  tasks::ExecutionResult result{.id = record.request.name.empty()
                                          ? std::to_string(record.entry.id.value())
                                          : record.request.name,
                                .task = record.entry.task.value(),
                                .outcome = outcome,
                                .attempt = record.entry.attempt};
  if (record.first_started != Instant{}) {
    result.duration = whole_milliseconds(now() - record.first_started);
  }
  if (record.last) {
    const auto& last = *record.last;
    result.failure_kind = last.verdict.kind;
    result.message = last.verdict.message;
    result.exit_code = last.exit_code;
    result.signal = last.signal;
    result.output = last.output;
    result.standard_output = last.out.text;
    result.standard_error = last.err.text;
    result.output_truncated = last.out.truncated;
    result.error_truncated = last.err.truncated;
  }
  if (outcome == ExecutionOutcome::Cancelled) {
    result.failure_kind = FailureKind::Cancelled;
    result.message = "cancelled";
  }
  return result;
}

// ---- What an attempt says
// ------------------------------------------------------------------------------------

void Tasking::take_line(ExecutionId id, process::Source source, const process::Line& line) {
  const auto found = records_.find(id);
  if (found != records_.end() && found->second.request.on_line) {
    found->second.request.on_line(source, line);
  }
}

void Tasking::take_command(ExecutionId id, const process::ProtocolCommand& command) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const auto& record = found->second;
  if (const auto* said = std::get_if<process::LogMessage>(&command)) {
    const auto message = for_terminal(said->message);
    log_at(said->level, "execution {} of {}: {}", id.value(), record.entry.task.value(), message);
    publish(state::ExecutionLogged{id, said->level, message});
  } else if (const auto* progress = std::get_if<process::TaskProgress>(&command)) {
    publish(state::ExecutionProgress{id, progress->percent, for_terminal(progress->label)});
  } else if (const auto* kept = std::get_if<process::SetState>(&command)) {
    parts_.kept_state.set(state::scope_for(id), kept->key, kept->value);
  } else if (std::holds_alternative<process::Heartbeat>(command)) {
    publish(state::ExecutionHeartbeat{id, /*by_command=*/true,
                                      whole_milliseconds(now() - record.first_started)});
  }
}

void Tasking::on_attempt_ended(ExecutionId id, TaskAttemptEnd end) {
  // Kept alive to the end: it is the one who tells us.
  const auto attempt = attempts_.extract(id);
  auto& record = records_.at(id);
  const tasks::AttemptEnd ended{end.verdict.outcome, end.verdict.kind};
  record.last = std::move(end);
  perform_soon(queue_.on_ended(id, ended, now()));
}

// ---- The end
// -------------------------------------------------------------------------------------------------

void Tasking::close(Duration at_most) {
  closed_ = true;
  perform_soon(queue_.close(now()));
  if (is_idle()) return;
  patience_ =
      parts_.executor.loop().at(now() + at_most, "the end of executions", [this] { kill_all(); });
}

void Tasking::kill_all() {
  closed_ = killed_ = true;
  perform_soon(queue_.close(now()));
  for (const auto& [id, attempt] : attempts_) attempt->kill();
}

void Tasking::publish(state::EventBody body) {
  parts_.bus.publish(std::move(body), wall_now());
}

}  // namespace poltergeist::daemon
