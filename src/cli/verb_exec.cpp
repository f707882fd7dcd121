// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <limits>
#include <tuple>

#include "api/messages.h"
#include "base/exit.h"
#include "base/json_text.h"
#include "base/text.h"
#include "cli/connection.h"
#include "cli/daemon_entry.h"
#include "cli/execution_input.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/verb_functions.h"
#include "state/event.h"
#include "tasks/delivery.h"

namespace poltergeist::cli {

namespace {

constexpr std::uint64_t kNotGiven = std::numeric_limits<std::uint64_t>::max();

struct ExecCall {
  std::string task;
  std::string config;
  std::string input_json;
  std::vector<std::string> inputs;
  std::uint64_t timeout = kNotGiven;
  std::uint64_t max_retries = kNotGiven;
  bool dry_run = false;
  bool detach = false;
  bool json = false;
};

// The command's own output, as it comes; its errors beside it.
void show_line(process::Source source, const process::Line& line) {
  const int fd = source == process::Source::Out ? STDOUT_FILENO : STDERR_FILENO;
  const auto style = style_for(fd);
  const auto text =
      style.terminal ? for_terminal(line.text, style.colours()) : std::string(line.text);
  const std::string_view end = line.end == process::LineEnd::Split         ? ""
                               : line.end == process::LineEnd::Overwritten ? "\r"
                                                                           : "\n";
  if (source == process::Source::Out) {
    print(text + std::string(end));
    std::ignore = flush_output();
  } else {
    std::ignore = ::write(fd, (text + std::string(end)).data(), text.size() + end.size());
  }
}

// What is to be known while it executes, beside its output.
void show_event(const state::Event& event) {
  if (const auto* said = std::get_if<state::ExecutionLogged>(&event.body)) {
    say(fmt::format("{}: {}", name_in(kLogLevels, said->level), said->message));
  } else if (const auto* progress = std::get_if<state::ExecutionProgress>(&event.body)) {
    say(fmt::format("{:3.0f} % {}", progress->percent, progress->label));
  } else if (const auto* retried = std::get_if<state::ExecutionRetried>(&event.body)) {
    say(fmt::format("attempt {}: {}; trying again in {}", retried->attempt, retried->message,
                    format_duration(retried->delay)));
  }
}

void show_end(const tasks::ExecutionResult& result) {
  const auto style = style_for(STDERR_FILENO);
  const bool good = result.outcome == ExecutionOutcome::Success;
  std::string line = style.paint(good ? Paint::Good : Paint::Bad, good ? "✓" : "✗");
  line += fmt::format(" {}: {}", for_terminal(result.task),
                      good ? "success" : for_terminal(result.message));
  if (result.outcome == ExecutionOutcome::RetriesExhausted) line += ", and no retry is left";
  line += fmt::format(" ({}", format_duration(result.duration));
  if (result.attempt > 1) line += fmt::format(", attempt {}", result.attempt);
  say(line + ')');
}

// Its secrets are not shown.
nlohmann::ordered_json json_of_plan(const daemon::TaskPlan& plan) {
  const auto& command = plan.command;
  std::vector<std::string> environment;
  for (const auto& [name, value] : plan.variables) environment.push_back(name + '=' + value);
  const auto secrets = process::Secrets::from_environment(environment, command.secrets);
  const auto shown = [&](const std::string& text) { return to_utf8(secrets.redact(text)); };
  nlohmann::ordered_json json;
  json["argv"] = nlohmann::ordered_json::array();
  for (const auto& argument : command.argv) json["argv"].push_back(shown(argument));
  json["cwd"] = to_utf8(command.cwd.string());
  json["env"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : plan.variables) json["env"][to_utf8(name)] = shown(value);
  if (command.standard_input) json["stdin"] = shown(*command.standard_input);
  if (plan.input_file) json["inputFile"] = shown(*plan.input_file);
  return json;
}

int show_plan(const ExecCall& call, const daemon::TaskPlan& plan) {
  const auto json = json_of_plan(plan);
  if (call.json) {
    print_json(json);
    return to_int(ExitCode::Yes);
  }
  std::string line;
  for (const auto& argument : json["argv"]) {
    line += (line.empty() ? "" : " ") + shell_quoted(argument.get<std::string>());
  }
  print("would execute: " + for_terminal(line) + '\n');
  print("in:            " + for_terminal(json["cwd"].get<std::string>()) + '\n');
  for (const auto& [name, value] : json["env"].items()) {
    print("with:          " + for_terminal(name + '=' + value.get<std::string>()) + '\n');
  }
  if (json.contains("stdin")) {
    print("stdin:         " + for_terminal(json["stdin"].get<std::string>()) + '\n');
  }
  if (json.contains("inputFile")) {
    print("in INPUT_FILE: " + for_terminal(json["inputFile"].get<std::string>()) + '\n');
  }
  return to_int(ExitCode::Yes);
}

Refusal refusal_for(const Error& error) {
  if (error.code == Errc::NotFound) return {ExitCode::Unknown, error.message, {}};
  if (error.code == Errc::Invalid) return {ExitCode::Usage, error.message, {}};
  return {ExitCode::CannotAnswer, error.message, {}};
}

int detach(const ExecCall& call, const ProjectAt& project, const nlohmann::json& input) {
  // The daemon is sent JSON.
  if (json_of(tasks::stored_text(input)) != input) {
    return report({ExitCode::Usage, "--detach: the input holds bytes that are not UTF-8", {}});
  }
  auto client = connect(project);
  if (!client) return report(client.error());
  api::Json params = {{"task", call.task}, {"input", input}};
  if (call.timeout != kNotGiven) params["timeoutSeconds"] = call.timeout;
  if (call.max_retries != kNotGiven) params["maxRetries"] = call.max_retries;
  const auto answer = ask(*client, api::method::kExecSubmit, params);
  if (!answer) return report(answer.error());
  if (call.json) {
    print_json(*answer);
  } else {
    print(fmt::format("{}\n", answer->value("id", std::uint64_t{0})));
  }
  return to_int(ExitCode::Yes);
}

daemon::ExecutionRequest request_of(const ExecCall& call, nlohmann::json input) {
  daemon::ExecutionRequest request{.task = TaskId(call.task), .input = std::move(input)};
  if (call.timeout != kNotGiven) request.timeout = Seconds(call.timeout);
  if (call.max_retries != kNotGiven) request.max_retries = static_cast<int>(call.max_retries);
  return request;
}

int execute(const ExecCall& call, daemon::ForegroundExecution execution) {
  if (!call.json) {
    execution.request.on_line = show_line;
    execution.on_event = show_event;
  }
  const auto end = execute_here(std::move(execution));
  if (!end) return report(refusal_for(end.error()));
  if (call.json) {
    print_json(tasks::to_json(end->result));
  } else {
    show_end(end->result);
  }
  if (end->signal != 0 && end->result.outcome != ExecutionOutcome::Success) {
    return Exit::by_signal(end->signal).shell_code();
  }
  return tasks::exit_code_for(end->result);
}

}  // namespace

int verb_exec(Arguments& arguments) {
  ExecCall call;
  arguments.required("task", call.task, "a task of the configuration", Parameter::Offer::Tasks);
  arguments.values("-i,--input", call.inputs, "key=value", "a field of the input, a text");
  arguments.value("--input-json", call.input_json, "json",
                  "the input as a JSON object, @file, or - for stdin", Parameter::Offer::Files);
  arguments.number("--timeout", call.timeout, "seconds", "instead of the task's; 0: none");
  arguments.number("--max-retries", call.max_retries, "n", "instead of the task's");
  arguments.flag("--dry-run", call.dry_run, "say what would be executed, and do nothing");
  arguments.flag("--detach", call.detach, "let the daemon do it, and print the execution's number");
  arguments.json(call.json);
  arguments.config(call.config);
  if (const auto end = arguments.end()) return *end;
  constexpr std::uint64_t kMostSeconds = 604'800;
  constexpr std::uint64_t kMostRetries = 1000;
  if (call.timeout != kNotGiven && call.timeout > kMostSeconds) {
    return arguments.misuse(fmt::format("--timeout: at most {} seconds", kMostSeconds));
  }
  if (call.max_retries != kNotGiven && call.max_retries > kMostRetries) {
    return arguments.misuse(fmt::format("--max-retries: at most {}", kMostRetries));
  }
  auto input = execution_input(call.input_json, call.inputs);
  if (!input) return report(input.error());

  const auto project = find_project(call.config);
  if (!project) return report(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return report(loaded.error());
  if (const auto* task = loaded->project.find_task_like(call.task)) call.task = task->name.value();
  daemon::ForegroundExecution execution{.project = loaded->project,
                                        .paths = project->paths,
                                        .request = request_of(call, std::move(*input))};
  if (call.detach && !call.dry_run) return detach(call, *project, execution.request.input);
  if (!call.dry_run) return execute(call, std::move(execution));
  const auto plan = plan_here(execution);
  if (!plan) return report(refusal_for(plan.error()));
  return show_plan(call, *plan);
}

}  // namespace poltergeist::cli
