// SPDX-License-Identifier: MIT
#include "polter/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "polter/console.h"

namespace poltergeist::polter {

namespace {

// What full-screen programs switch on and a killed one leaves: the alternate screen, mouse reports,
// bracketed paste, a hidden cursor, colours. Each is harmless where it is off already.
constexpr std::string_view kModesOff =
    "\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[0m";

bool same_settings(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag &&
         a.c_lflag == b.c_lflag && std::equal(std::begin(a.c_cc), std::end(a.c_cc), b.c_cc);
}

bool is_dead(pid_t group) {
  return group > 0 && ::kill(-group, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::unique_ptr<Terminal> Terminal::controlling() {
  UniqueFd fd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (!fd || ::tcgetattr(fd.get(), &settings) != 0) return nullptr;
  return std::unique_ptr<Terminal>(new Terminal(std::move(fd), settings));
}

Terminal::~Terminal() {
  take_back();
}

void Terminal::take_back() {
  const pid_t foreground = ::tcgetpgrp(fd_.get());
  if (foreground != ::getpgrp()) {
    if (!is_dead(foreground)) return;
    if (::tcsetpgrp(fd_.get(), ::getpgrp()) != 0) return;
  }
  termios current{};
  if (::tcgetattr(fd_.get(), &current) != 0 || same_settings(current, settings_)) return;
  ::tcsetattr(fd_.get(), TCSANOW, &settings_);
  write_text(fd_.get(), kModesOff);
}

}  // namespace poltergeist::polter
