// SPDX-License-Identifier: MIT
#include "cli/standard_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace poltergeist::cli {

Attempt<std::string> standard_input(std::size_t most) {
  std::string text;
  std::array<char, 64 << 10> bytes;
  while (true) {
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(ExitCode::CannotAnswer, "the standard input cannot be read");
    if (count == 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(count));
    if (text.size() > most) {
      return refuse(ExitCode::Usage, "the standard input is over {} bytes", most);
    }
  }
}

}  // namespace poltergeist::cli
