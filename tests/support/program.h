// SPDX-License-Identifier: MIT
// Runs a real program for a test: to its end with what it printed, or left running, on pipes or on
// a terminal of its own. No sleeps: everything is awaited by pidfd or end-of-file, with a deadline
// as a guard against hanging.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exit.h"
#include "sys/unique_fd.h"

namespace poltergeist::test {

inline constexpr std::chrono::seconds kGuard{60};

struct Call {
  // Over this process's own environment, or instead of it.
  enum class Environment { Inherited, Alone };
  enum class Streams { Pipes, Terminal };

  std::vector<std::string> argv;   // argv[0] is a path or looked up in PATH
  std::filesystem::path cwd = {};  // empty: this process's own
  std::map<std::string, std::string> env = {};
  Environment environment = Environment::Inherited;
  std::string in = {};  // its standard input, on pipes
  Streams streams = Streams::Pipes;
  std::function<void()> before_exec = nullptr;  // in the child; async-signal-safe things only
};

struct Ran {
  Exit exit;
  int code = 0;  // the same as a shell says it
  std::string out;
  std::string err;
};

// To its end, then what is in the pipes: a daemon that it started may hold them open. Throws when
// the guard's time passes before; the program is killed then.
[[nodiscard]] Ran run(const Call& call, std::chrono::milliseconds guard = kGuard);

// A program that is left running: leader of a session of its own. Killed with its process group
// when this goes.
class Program {
 public:
  explicit Program(const Call& call);
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;

  // The other side of its terminal, what is typed there, and the end of it, as when a window is
  // closed.
  [[nodiscard]] int terminal() const { return out_.get(); }
  void type(std::string_view keys) const;
  void hang_up() { out_.reset(); }

  // Until stdout (a terminal: all) holds `text`, behind what an earlier await found. False when it
  // ended or the guard's time passed before.
  [[nodiscard]] bool await_output(std::string_view text);
  // The same of stderr.
  [[nodiscard]] bool await_error(std::string_view text);
  // Its end, and all that it said. Throws when the guard's time passes before.
  [[nodiscard]] Exit await_end(std::chrono::milliseconds guard = kGuard);

  // All that was read so far; a terminal's line ends as "\n".
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  void start_on_pipes(const Call& call, char* const* argv, char* const* env);
  void start_on_terminal(const Call& call, char* const* argv, char* const* env);
  bool await_text(std::string_view text, const std::string& in, std::size_t& behind);
  // Until it said something or ended; false when it did neither before the deadline.
  bool step(Deadline deadline);
  void read_the_rest(Deadline deadline);

  pid_t pid_ = -1;
  std::optional<Exit> exit_;
  UniqueFd pidfd_;
  bool on_terminal_ = false;
  UniqueFd out_;  // the terminal's other side, or stdout
  UniqueFd err_;
  std::string output_;
  std::string errors_;
  std::size_t output_found_ = 0;
  std::size_t errors_found_ = 0;
};

// Asks again until it is so, with pauses of a few milliseconds, for a question may cost a process;
// false when the guard's time passes before. For states that nothing announces: a process that must
// be gone, a file that must appear.
[[nodiscard]] bool await(const std::function<bool()>& question,
                         std::chrono::milliseconds guard = kGuard);

// Whether a process is there and no zombie.
[[nodiscard]] bool is_alive(pid_t pid);
// The letter that the kernel gives its state (T: stopped); none if it is gone.
[[nodiscard]] std::optional<char> state_of(pid_t pid);
// What the kernel calls it, 15 bytes at most; empty if it is gone.
[[nodiscard]] std::string name_of(pid_t pid);
// Until it is not.
[[nodiscard]] bool await_death(pid_t pid);
// Every process whose environment or command line mentions `text`.
[[nodiscard]] std::vector<pid_t> processes_mentioning(const std::string& text);
// The children of a process.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
// Those of them that wait for its death.
[[nodiscard]] std::vector<pid_t> shepherds_of(pid_t owner);

}  // namespace poltergeist::test
