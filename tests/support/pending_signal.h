// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace poltergeist::test {

// Whether it has come to the process as a whole, and was not taken yet. Of one that is gone false.
inline bool is_pending(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("ShdPnd:")) continue;
    const auto pending = std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
    return ((pending >> static_cast<unsigned>(signal - 1)) & 1U) != 0;
  }
  return false;
}

}  // namespace poltergeist::test
