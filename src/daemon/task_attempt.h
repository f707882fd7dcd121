// SPDX-License-Identifier: MIT
// One attempt of a task: its input delivered, its command executed, its output read.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/project.h"
#include "process/task_executor.h"
#include "state/input_file.h"
#include "tasks/delivery.h"
#include "tasks/set_values.h"
#include "tasks/verdict.h"

namespace poltergeist::daemon {

struct TaskOrder {
  std::string execution;  // its number, or what stands for it
  config::Task task;      // with what the caller asked for instead: timeout, retries
  tasks::Json input;      // whole, with its secrets
  int attempt = 1;
  config::Environment state;    // STATE_*
  config::Environment context;  // POLTERGEIST_*, beside those of the task itself
  std::filesystem::path root;
  std::size_t most_output = 0;  // kept of each stream, in bytes
};

struct TaskAttemptEnd {
  tasks::Verdict verdict;
  std::optional<int> exit_code;  // 126 or 127 of what could not be started
  std::optional<int> signal;
  tasks::Json output = tasks::Json::object();
  process::CapturedOutput out;
  process::CapturedOutput err;
};

// What an attempt would execute, for those who want to see it first.
struct TaskPlan {
  process::Command command;
  config::Environment variables;  // that it gets beside our own environment
  std::optional<std::string> input_file;
};
// Errc::Invalid: the input does not fit the task.
[[nodiscard]] Result<TaskPlan> plan_of(const TaskOrder& order);

// The values of the input's secrets, told by the names that they would have as variables.
[[nodiscard]] std::vector<std::string> secrets_in(const tasks::Json& input);

class TaskAttempt {
 public:
  struct Listener {
    std::function<void(process::Source source, const process::Line& line)> on_line = nullptr;
    // Not what sets an output: that is part of the end.
    std::function<void(const process::ProtocolCommand& command)> on_command = nullptr;
    std::function<void(TaskAttemptEnd end)> on_end = nullptr;  // once, last; may destroy this
  };

  TaskAttempt(process::TaskExecutor& executor, const state::ProjectPaths& paths, TaskOrder order,
              Listener listener);
  TaskAttempt(const TaskAttempt&) = delete;
  TaskAttempt& operator=(const TaskAttempt&) = delete;

  // The end is told from the loop, also of what could not be started.
  void start();
  void cancel();
  void kill();
  // 0 before it was started.
  [[nodiscard]] pid_t pid() const { return attempt_ ? attempt_->pid() : 0; }

 private:
  // What is known of a file, to tell one that the attempt wrote from one that was there before.
  using FileMark = std::vector<std::int64_t>;

  [[nodiscard]] Result<void> start_command();
  void take_command(const process::ProtocolCommand& command);
  void on_ended(process::CommandEnd ended);
  void end_without_command(const Error& error);
  [[nodiscard]] std::filesystem::path output_file() const;
  [[nodiscard]] static FileMark mark_of(const std::filesystem::path& file);
  [[nodiscard]] Result<std::string> read_output_file() const;

  process::TaskExecutor& executor_;
  const state::ProjectPaths& paths_;
  TaskOrder order_;
  Listener listener_;
  state::InputFile input_file_;
  FileMark output_before_;
  tasks::SetValues outputs_;
  bool cancelled_ = false;
  std::unique_ptr<process::Attempt> attempt_;
  Loop::Handle ends_;
};

}  // namespace poltergeist::daemon
