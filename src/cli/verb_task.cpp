// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <limits>

#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "base/text.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/table.h"
#include "cli/verb_functions.h"
#include "state/execution_json.h"
#include "state/executions.h"
#include "sys/clock.h"
#include "sys/file_lock.h"
#include "tasks/execution_result.h"

namespace poltergeist::cli {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kForEver = std::numeric_limits<std::uint64_t>::max();

struct TaskCall {
  std::string action;
  std::string id;
  std::string task;
  std::string config;
  std::uint64_t limit = 20;
  std::uint64_t timeout = kForEver;  // seconds
  bool json = false;
};

// What the next daemon will say of what a killed one was at: nothing executes without a daemon.
void settle_if_lost(state::ExecutionEntry& entry, const ProjectAt& project) {
  if (entry.status != state::ExecutionStatus::Running) return;
  if (FileLock::is_held(project.paths.lock())) return;
  entry.status = state::ExecutionStatus::Settled;
  entry.outcome = ExecutionOutcome::Failed;
  entry.failure_kind = FailureKind::Cancelled;
}

Attempt<state::ExecutionEntry> recorded(const ProjectAt& project, ExecutionId id) {
  auto entry = state::recorded_execution(project.root(), id);
  if (!entry && entry.error().code != Errc::NotFound) {
    return refuse(ExitCode::CannotAnswer, "{}", entry.error().message);
  }
  if (!entry || !*entry) {
    return refuse(ExitCode::Unknown, "there is no execution {}, or no longer", id.value());
  }
  settle_if_lost(**entry, project);
  return std::move(**entry);
}

std::string standing_of(const state::ExecutionEntry& entry) {
  return std::string(entry.outcome ? name_in(kExecutionOutcomes, *entry.outcome)
                                   : name_in(state::kExecutionStatuses, entry.status));
}

Paint paint_for(const state::ExecutionEntry& entry) {
  if (!entry.outcome) return Paint::Busy;
  return *entry.outcome == ExecutionOutcome::Success ? Paint::Good : Paint::Bad;
}

std::string duration_of(const state::ExecutionEntry& entry) {
  if (!entry.started_at || !entry.ended_at) return {};
  return format_duration(*entry.ended_at - *entry.started_at);
}

int list(const TaskCall& call, const ProjectAt& project) {
  auto entries = state::recorded_executions(project.root(), static_cast<int>(call.limit),
                                            {.task = TaskId(call.task)});
  if (!entries && entries.error().code != Errc::NotFound) {
    return report({ExitCode::CannotAnswer, entries.error().message, {}});
  }
  std::vector<state::ExecutionEntry> found;
  if (entries) found = std::move(*entries);
  for (auto& entry : found) settle_if_lost(entry, project);
  if (call.json) {
    Json executions = Json::array();
    for (const auto& entry : found) executions.push_back(to_json(entry, state::Detail::Line));
    print_json(Json{{"executions", std::move(executions)}});
    return to_int(ExitCode::Yes);
  }
  if (found.empty()) {
    say("no task was executed by the daemon yet; `poltergeist exec --detach` asks it to");
    return to_int(ExitCode::Yes);
  }
  std::vector<Row> rows;
  for (const auto& entry : found) {
    rows.push_back({.cells = {{std::to_string(entry.id.value()), {}},
                              {for_terminal(entry.task.value()), {}},
                              {standing_of(entry), paint_for(entry)},
                              {std::to_string(entry.attempt), {}},
                              {to_iso8601(entry.queued_at), {}},
                              {duration_of(entry), {}},
                              {for_terminal(entry.trigger), {}}}});
  }
  print(table_text({"ID", "TASK", "STATUS", "ATTEMPT", "QUEUED", "TOOK", "BY"}, rows,
                   style_for(STDOUT_FILENO)));
  return to_int(ExitCode::Yes);
}

void show_stream(const Json& result, const char* stream) {
  const auto found = result.find(stream);
  if (found == result.end() || !found->is_string()) return;
  const auto& text = found->get_ref<const std::string&>();
  if (text.empty()) return;
  print(fmt::format("{}:\n", stream));
  for (const auto line : lines_of(text)) print("  " + for_terminal(line) + '\n');
}

void show_entry(const state::ExecutionEntry& entry) {
  const auto style = style_for(STDOUT_FILENO);
  auto line =
      fmt::format("execution {} of {}: {}", entry.id.value(), for_terminal(entry.task.value()),
                  style.paint(paint_for(entry), standing_of(entry)));
  if (const auto took = duration_of(entry); !took.empty()) line += " in " + took;
  if (entry.attempt > 1) line += fmt::format(", attempt {}", entry.attempt);
  print(line + '\n');
  print("queued: " + to_iso8601(entry.queued_at) + " by " + for_terminal(entry.trigger) + '\n');
  print("input: " + for_terminal(entry.input) + '\n');
  const auto whole = to_json(entry, state::Detail::Whole);
  const auto result = whole.find("result");
  if (result == whole.end()) return;
  if (const auto read = tasks::result_from(*result); read && !read->message.empty()) {
    print("message: " + for_terminal(read->message) + '\n');
  }
  if (result->contains("output"))
    print("output: " + for_terminal((*result)["output"].dump()) + '\n');
  show_stream(*result, "stdout");
  show_stream(*result, "stderr");
}

int show(const TaskCall& call, const ProjectAt& project, ExecutionId id) {
  const auto entry = recorded(project, id);
  if (!entry) return report(entry.error());
  if (call.json) {
    print_json(to_json(*entry, state::Detail::Whole));
  } else {
    show_entry(*entry);
  }
  return to_int(ExitCode::Yes);
}

// Until it is settled: the daemon tells, the database has all of it.
Attempt<state::ExecutionEntry> await_settled(const TaskCall& call, const ProjectAt& project,
                                             ExecutionId id) {
  auto entry = recorded(project, id);
  if (!entry || entry->status == state::ExecutionStatus::Settled) return entry;
  auto client = connect(project);
  if (!client) return refuse(client.error());
  const auto asked = now();
  const auto patience =
      call.timeout == kForEver ? std::nullopt : std::optional<Milliseconds>(Seconds(call.timeout));
  const auto answer = ask(*client, api::method::kExecWait, {{"id", id.value()}}, patience);
  if (!answer) {
    if (!patience || now() - asked < *patience) return refuse(answer.error());
    return refuse(ExitCode::Timeout, "execution {} is not over after {} s", id.value(),
                  call.timeout);
  }
  return recorded(project, id);
}

int wait(const TaskCall& call, const ProjectAt& project, ExecutionId id) {
  const auto entry = await_settled(call, project, id);
  if (!entry) return report(entry.error());
  const auto whole = to_json(*entry, state::Detail::Whole);
  const auto result = whole.contains("result") ? tasks::result_from(whole["result"]) : std::nullopt;
  if (call.json) {
    print_json(result ? whole["result"] : whole);
  } else {
    show_entry(*entry);
  }
  return result ? exit_code_for(*result) : to_int(ExitCode::No);
}

int cancel(const TaskCall& call, const ProjectAt& project, ExecutionId id) {
  if (const auto entry = recorded(project, id); !entry) return report(entry.error());
  auto client = connect(project);
  if (!client) return report(client.error());
  const auto answer = ask(*client, api::method::kExecCancel, {{"id", id.value()}});
  if (!answer) return report(answer.error());
  const bool cancelled = answer->value("cancelled", false);
  if (call.json) {
    print_json(*answer);
  } else if (cancelled) {
    print(fmt::format("execution {} is being cancelled\n", id.value()));
  } else {
    say(fmt::format("execution {} is over already", id.value()));
  }
  return to_int(cancelled ? ExitCode::Yes : ExitCode::No);
}

}  // namespace

int verb_task(Arguments& arguments) {
  TaskCall call;
  arguments.required_choice("action", call.action, {"list", "show", "wait", "cancel"},
                            "list, show, wait or cancel");
  arguments.positional("id", call.id, "the number of an execution; not for list");
  arguments.value("--task", call.task, "name", "list: only those of this task",
                  Parameter::Offer::Tasks);
  arguments.number("-n,--limit", call.limit, "n", "list: at most so many, 20 if not given");
  arguments.number("--timeout", call.timeout, "seconds", "wait: at most so long");
  arguments.json(call.json);
  arguments.config(call.config);
  if (const auto end = arguments.end()) return *end;
  constexpr std::uint64_t kMostListed = 10'000;
  constexpr std::uint64_t kMostSeconds = 604'800;
  if (call.limit == 0 || call.limit > kMostListed) {
    return arguments.misuse(fmt::format("--limit is from 1 to {}", kMostListed));
  }
  if (call.timeout != kForEver && call.timeout > kMostSeconds) {
    return arguments.misuse(fmt::format("--timeout: at most {} seconds", kMostSeconds));
  }
  const bool is_list = call.action == "list";
  const auto number = parse_number(call.id);
  if (is_list && !call.id.empty()) return arguments.misuse("list takes no id");
  if (!is_list && (!number || *number == 0)) {
    return arguments.misuse(call.action + " needs the number of an execution");
  }
  const auto project = find_project(call.config);
  if (!project) return report(project.error());
  if (is_list) return list(call, *project);
  const ExecutionId id(*number);
  if (call.action == "show") return show(call, *project, id);
  return call.action == "wait" ? wait(call, *project, id) : cancel(call, *project, id);
}

}  // namespace poltergeist::cli
