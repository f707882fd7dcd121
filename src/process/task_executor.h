// SPDX-License-Identifier: MIT
// Executes one-shot commands: the steps of builds, hooks, tasks, and whatever else the product
// starts and waits for. The only place that does; programs that are kept running are Units of their
// owners.
//
// What a command prints passes here once: secrets are taken out of the bytes, then lines are made,
// then the lines of the protocol become commands, and the rest is output, for the listener and for
// what is kept. So nobody behind this place sees a secret.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exit.h"
#include "base/result.h"
#include "base/time.h"
#include "process/clean_lines.h"
#include "process/line_protocol.h"
#include "process/line_pump.h"
#include "process/orphanage.h"
#include "process/output_capture.h"
#include "process/redaction.h"
#include "process/unit.h"

namespace poltergeist::process {

struct Command {
  std::string name;               // for the log: "build of app"
  std::vector<std::string> argv;  // as SpawnPlan has them
  std::filesystem::path cwd;
  std::vector<std::string> env;               // whole; its secrets are those that nobody sees,
  std::vector<std::string> secrets;           // and these
  std::optional<std::string> standard_input;  // absent: /dev/null
  bool errors_to_output = false;              // stderr leads where stdout leads
  // What is left when the command has exited: a build's compiler server lives on, what a task
  // leaves is stopped, and awaited.
  Leftovers leftovers = Leftovers::Kill;
  bool in_cgroup = false;        // as SpawnPlan has it
  std::optional<Instant> until;  // then it is stopped
  Seconds grace_period{10};      // from SIGTERM to SIGKILL
  std::size_t most_kept = 0;     // of each stream, in bytes; 0: only the listener gets it
};

struct CommandEnd {
  Exit exit;
  bool timed_out = false;  // we stopped it, for its time was over
  bool cancelled = false;  // we stopped it, for somebody asked for it
  Instant ended;           // when the last of it was gone
  CapturedOutput out;
  CapturedOutput err;
};

class Attempt {
 public:
  struct Listener {
    // It has printed something, be it no whole line yet.
    std::function<void()> on_bytes = nullptr;
    // A line of output, without secrets. Not from stderr if it leads to stdout.
    std::function<void(Source source, const Line& line)> on_line = nullptr;
    // A command on stdout.
    std::function<void(const ProtocolCommand& command)> on_command = nullptr;
    std::function<void()> on_time_out = nullptr;  // its time is over, and it is being stopped
    // Once, last; may destroy the Attempt.
    std::function<void(CommandEnd end)> on_end = nullptr;
  };

  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  // Kills what is left, and waits for that; nobody is told.
  ~Attempt() = default;

  // Stops all of it with its grace period. Nothing happens to one that has exited already.
  void cancel();
  // The same without grace.
  void kill();

  [[nodiscard]] pid_t pid() const { return unit_->pid(); }
  [[nodiscard]] Instant started() const { return started_; }
  // As Containment has it.
  [[nodiscard]] Duration processor_time() const { return unit_->processor_time(); }
  [[nodiscard]] const Secrets& secrets() const { return secrets_; }

 private:
  friend class TaskExecutor;
  struct Output {
    explicit Output(const Secrets& secrets, std::size_t most_kept)
        : lines(secrets), kept(most_kept) {}
    CleanLines lines;
    OutputCapture kept;
  };

  Attempt(Loop& loop, Command command, Listener listener);
  [[nodiscard]] Result<void> start(Orphanage& orphanage);
  void take_bytes(Source source, std::string_view bytes);
  void take_line(Source source, const Line& line);
  void finish_output(Source source);
  void on_exited(Exit exit);
  void on_time_out();
  void conclude();
  [[nodiscard]] Output& output_of(Source source) { return source == Source::Out ? out_ : err_; }

  Loop& loop_;
  Command command_;
  Listener listener_;
  Secrets secrets_;
  ProtocolReader protocol_;
  Output out_;
  Output err_;
  Instant started_;
  std::optional<Exit> exit_;
  bool timed_out_ = false;
  bool cancelled_ = false;
  Loop::Handle stops_;  // when its time is over, or what it left is to end
  std::unique_ptr<Unit> unit_;
};

class TaskExecutor {
 public:
  explicit TaskExecutor(Orphanage& orphanage) : orphanage_(orphanage) {}

  // Starts a command. Errors are those of spawn(); then nobody is told of an end.
  [[nodiscard]] Result<std::unique_ptr<Attempt>> start(Command command, Attempt::Listener listener);
  [[nodiscard]] Loop& loop() { return orphanage_.loop(); }

 private:
  Orphanage& orphanage_;
};

}  // namespace poltergeist::process
