// SPDX-License-Identifier: MIT
// A pid namespace for a test program: /proc shows it and what came of it, and nobody else, so that
// "nothing is left" can be seen, and a number that a process had can be given to another one.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace poltergeist::test {

// Executes `body` as a process of such a namespace, whose end is the end of everybody in it, and
// returns what it returns. 0, with a word on stderr, where this user may have none.
[[nodiscard]] int in_own_processes(const std::function<int()>& body);

struct OtherProcess {
  pid_t pid = 0;
  std::string command;  // its command line, with blanks
};

// Whoever lives in the namespace but its first process and this one.
[[nodiscard]] std::vector<OtherProcess> everyone_else();
// Whoever has ended there and was not reaped.
[[nodiscard]] std::vector<pid_t> zombies();
// Those that live, for people, a line each.
[[nodiscard]] std::string text_of(const std::vector<OtherProcess>& processes);

// A program that has done nothing, and has a number that was somebody else's. Lives until the first
// signal that comes its way.
class Stranger {
 public:
  // Waits until the number is free; throws if it does not become so. A child that is not reaped
  // keeps its number.
  explicit Stranger(pid_t number, std::vector<std::string> argv = {"/bin/sleep", "1000"});
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Whether nobody has done it any harm.
  [[nodiscard]] bool is_unharmed() const;

 private:
  pid_t pid_;
};

// Whether some process, dead or alive, holds the number, as the leader of a group or as itself.
[[nodiscard]] bool is_taken(pid_t number);

}  // namespace poltergeist::test
