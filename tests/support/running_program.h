// SPDX-License-Identifier: MIT
// A real program under a test: started with its streams on pipes or on a terminal of its own,
// written to, read from and awaited. Waiting has a deadline of 10 s, as a guard only.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/exit.h"
#include "sys/unique_fd.h"

namespace poltergeist::test {

struct ProgramPlan {
  std::vector<std::string> argv;  // argv[0] is a path
  std::vector<std::string> env;   // "NAME=value"
  std::filesystem::path cwd;
  bool on_terminal =
      false;  // stdin, stdout and stderr are a pseudo-terminal, and it leads a session
  std::function<void()> before_exec = nullptr;  // in the child; async-signal-safe things only
};

class RunningProgram {
 public:
  explicit RunningProgram(const ProgramPlan& plan);
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram();  // kills what still runs

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The other side of its terminal.
  [[nodiscard]] int terminal() const { return out_.get(); }
  void type(std::string_view keys) const;
  void signal(int number) const;
  // The terminal is closed, as when its window is.
  void hang_up() { out_.reset(); }

  // Reads stdout (a terminal: all) until `text` comes, behind what an earlier await found. False at
  // the deadline or the end.
  [[nodiscard]] bool await_output(std::string_view text);
  // Until anything at all was read. False as above.
  [[nodiscard]] bool await_some();
  // Until it has ended and everything was read.
  [[nodiscard]] Exit await_end();
  // All that was read so far; a terminal's line ends as "\n".
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }

 private:
  void start_on_pipes(const ProgramPlan& plan);
  void start_on_terminal(const ProgramPlan& plan);
  bool read_some(int timeout_ms);

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;  // the terminal's other side, or stdout
  UniqueFd err_;
  std::string output_;
  std::string errors_;
  std::size_t found_ = 0;
};

// Whether a process is there and no zombie.
[[nodiscard]] bool is_alive(pid_t pid);
// Until it is not; false after 10 s.
[[nodiscard]] bool await_death(pid_t pid);

}  // namespace poltergeist::test
