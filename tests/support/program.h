// SPDX-License-Identifier: MIT
// Runs a program for a test: to its end with what it printed, or in the background until the test
// ends it. No sleeps: everything is awaited by pidfd or end-of-file, with a deadline as a guard
// against hanging.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace poltergeist::test {

inline constexpr std::chrono::seconds kGuard{60};

struct Ran {
  int code = -1;   // 128+n for death by signal n; −1: it did not end in time and was killed
  int signal = 0;  // that it died of
  std::string out;
  std::string err;
};

struct Call {
  std::vector<std::string> argv;  // argv[0] is a path or looked up in PATH
  std::filesystem::path cwd;
  std::map<std::string, std::string> env;  // over this process's own
  std::string in;                          // its standard input
};

[[nodiscard]] Ran run(const Call& call, std::chrono::milliseconds guard = kGuard);

// A program that is left running. Killed with its process group when this goes.
class Background {
 public:
  explicit Background(const Call& call);
  Background(Background&& other) noexcept;
  Background& operator=(Background&&) = delete;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  // What it printed so far, both streams.
  [[nodiscard]] const std::string& output();
  // Until its output contains `text`; false when it ended or the guard's time passed before.
  [[nodiscard]] bool await_output(const std::string& text,
                                  std::chrono::milliseconds guard = kGuard);
  // Its end; nothing when the guard's time passes before.
  [[nodiscard]] std::optional<int> await_exit(std::chrono::milliseconds guard = kGuard);

 private:
  void read_for(std::chrono::milliseconds wait);
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  std::string text_;
  std::optional<int> code_;
};

// Asks again until it is so, as fast as `question` answers; false when the guard's time passes
// before. For states that nothing announces: a process that must be gone, a file that must appear.
[[nodiscard]] bool await(const std::function<bool()>& question,
                         std::chrono::milliseconds guard = kGuard);

// Every process whose environment or command line mentions `text`.
[[nodiscard]] std::vector<pid_t> processes_mentioning(const std::string& text);

}  // namespace poltergeist::test
