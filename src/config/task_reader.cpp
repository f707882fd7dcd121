// SPDX-License-Identifier: MIT
#include "config/task_reader.h"

#include "base/text.h"
#include "config/exit_codes.h"
#include "config/fields.h"

namespace poltergeist::config {

namespace {

// A line for the shell is the shell's to expand.
void read_command(const Fields& fields, Task& task) {
  fields.read("shell", task.shell);
  if (task.shell) {
    fields.read_as_written("command", task.command);
  } else {
    fields.read("command", task.command);
  }
  fields.read("args", task.args);
}

void read_formats(const Fields& fields, Task& task, Reading& reading) {
  fields.read_choice("inputFormat", kInputFormats, task.input_format);
  fields.read_choice("outputFormat", kOutputFormats, task.output_format);
  fields.read("outputFile", task.output_file);
  const bool wanted = task.output_format == OutputFormat::File;
  if (wanted && !fields.is_written("outputFile")) {
    reading.problem(fields.place_of("outputFormat"),
                    "\"outputFormat\" is \"file\": \"outputFile\" must say which");
  }
  if (!wanted && fields.has("outputFile")) {
    reading.problem(fields.place_of("outputFile"),
                    "\"outputFile\" is read only if \"outputFormat\" is \"file\"");
  }
}

Task read_task(const Section& section, const Json& json, const Worker& worker, Reading& reading) {
  const Fields fields(section, json, reading);
  Task task;
  std::string name;
  fields.read("name", name);
  task.name = TaskId(std::move(name));
  task.place = fields.place_of("name");
  check_name("task", {task.name.value(), task.place}, reading);
  read_command(fields, task);
  fields.read("cwd", task.cwd);
  read_formats(fields, task, reading);
  task.exit_codes = read_exit_codes(section, fields, reading);
  fields.read("timeoutSeconds", task.timeout);
  fields.read("gracePeriodSeconds", task.grace_period);
  fields.read("maxRetries", task.max_retries);
  fields.read("backoffMultiplier", task.backoff_multiplier);
  fields.read("env", task.env);
  task.queue = worker.queue;
  fields.read("queue", task.queue);
  if (fields.has("queue")) check_name("queue", {task.queue, fields.place_of("queue")}, reading);
  return task;
}

}  // namespace

Worker read_worker(const Section& section, const Json& json, Reading& reading) {
  const Fields fields(section, json, reading);
  Worker worker;
  fields.read("name", worker.name);
  fields.read("queue", worker.queue);
  fields.read("concurrency", worker.concurrency);
  fields.read("heartbeatIntervalSeconds", worker.heartbeat_interval);
  check_name("queue", {worker.queue, fields.place_of("queue")}, reading);
  return worker;
}

std::vector<Task> read_tasks(const Section& section, const JsonArray& list, const Worker& worker,
                             Reading& reading) {
  std::vector<Task> tasks;
  std::vector<PlacedName> names;
  for (const auto& json : list) {
    if (reading.full()) return tasks;
    tasks.push_back(read_task(section, json, worker, reading));
    names.push_back({tasks.back().name.value(), tasks.back().place});
  }
  check_distinct("task", names, reading);
  return tasks;
}

void check_named_tasks(const std::vector<PlacedName>& named, const Project& project,
                       Reading& reading) {
  for (const auto& [name, place] : named) {
    if (reading.full()) return;
    if (project.find_task(TaskId(name)) != nullptr) continue;
    reading.problem(place, "there is no task {}{}", in_quotes(name),
                    did_you_mean(name, project.task_names()));
  }
}

}  // namespace poltergeist::config
