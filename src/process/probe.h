// SPDX-License-Identifier: MIT
// Whether a program that was started is ready: asks it on the loop, one question at a time, again
// and again until the condition holds. It never gives up by itself; the owner has the time limit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "process/probe_schedule.h"
#include "process/server_question.h"
#include "process/task_executor.h"
#include "sys/loop.h"

namespace poltergeist::process {

// Somebody accepts connections at the port, on 127.0.0.1 or ::1.
struct PortOpen {
  int port = 0;
};
// There, GET of the path is answered by 200 to 399.
struct HttpAnswers {
  int port = 0;
  std::string path;  // begins with "/"; no control characters, no blanks
};
// The command exits by 0. Its `until`, `grace_period` and `most_kept` are the Probe's to say; it is
// killed when its time is over. What it prints goes nowhere.
struct CommandSucceeds {
  Command command;
};
using Condition = std::variant<PortOpen, HttpAnswers, CommandSucceeds>;

class Probe {
 public:
  // Calls `on_ready` once, from the loop, never from within start(); the call may destroy the
  // Probe. Destroying it ends asking at once: a connection is closed, a command is killed with all
  // that it started and awaited (milliseconds), and nobody is told. The loop and the executor must
  // outlive it.
  [[nodiscard]] static std::unique_ptr<Probe> start(Loop& loop, TaskExecutor& executor,
                                                    Condition condition,
                                                    std::function<void()> on_ready,
                                                    ProbePatience patience = {});
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() = default;

  // For people: why it was not ready the last time it was asked ("port 3000 refuses connections",
  // "`./ready.sh` exited with 1"). Empty before the first answer.
  [[nodiscard]] std::string last_answer() const { return last_answer_; }

 private:
  Probe(Loop& loop, TaskExecutor& executor, Condition condition, std::function<void()> on_ready,
        ProbePatience patience);
  void ask_after(Duration pause);
  void ask();
  void put(const PortOpen& condition);
  void put(const HttpAnswers& condition);
  void put(const CommandSucceeds& condition);
  void put_to_server(int port, const std::string& path);
  void on_command_ended(const std::string& shown, const CommandEnd& end);
  void conclude();
  void ask_again(std::string why_not_ready);

  Loop& loop_;
  TaskExecutor& executor_;
  Condition condition_;
  std::function<void()> on_ready_;
  ProbePatience patience_;
  ProbeSchedule schedule_;
  std::string last_answer_;
  Loop::Handle asks_;
  // The question that is open, one of them at most.
  std::unique_ptr<ServerQuestion> server_question_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace poltergeist::process
