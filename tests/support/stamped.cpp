// SPDX-License-Identifier: MIT
// A program that knows whether it is whole, and says which version it is (stamped_program.h): a
// line in the file "alive", "partial" if a piece of it is missing or of another version. Then it
// does what its stamp says.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "support/stamped_program.h"

using namespace poltergeist::test;

namespace {

std::string own_text() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void say(const std::string& line) {
  std::ofstream("alive", std::ios::app) << line + "\n";
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int main() {
  // Before it is known to be there.
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);

  const auto text = own_text();
  const auto begin = text.rfind("\nstamp ");
  std::string stamp;
  std::string version;
  std::string deed;
  std::size_t size = 0;
  if (begin != std::string::npos) {
    std::istringstream(text.substr(begin + 1)) >> stamp >> version >> deed >> size;
  }
  const bool is_whole =
      size == begin && !text.empty() && text.back() == '\n' && size > kStampPadding &&
      std::all_of(text.end() - static_cast<std::ptrdiff_t>(text.size() - size + kStampPadding),
                  text.end() - static_cast<std::ptrdiff_t>(text.size() - size),
                  [&](char c) { return c == version.back(); });
  if (!is_whole) {
    say("partial");
    return 99;
  }
  say(version);
  int number = 0;
  if (std::sscanf(deed.c_str(), "exit:%d", &number) == 1) return number;
  ::sigwait(&ends, &number);
  return 0;
}
