// SPDX-License-Identifier: MIT
// Who turns in circles is known by the processor time that he takes.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <sstream>
#include <string>

#include "sys/files.h"

namespace poltergeist::test {

// Of a process since its beginning, in steps of the kernel's tick (10 ms usually); of one that is
// gone 0.
inline std::chrono::milliseconds processor_time_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat").value_or(")");
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int number = 3; number < 14; ++number) fields >> field;  // see proc(5)
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

// Has a processor for so long. Whoever turns in circles meanwhile has another one for as long.
inline void compute_for(std::chrono::milliseconds time) {
  const auto until = std::clock() + time.count() * CLOCKS_PER_SEC / 1000;
  while (std::clock() < until) {
  }
}

}  // namespace poltergeist::test
