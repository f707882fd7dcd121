// SPDX-License-Identifier: MIT
#include "polter/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "polter/console.h"
#include "polter/wait_screen.h"

namespace poltergeist::polter {

namespace {

// What programs switch on and a killed one leaves, each harmless where it is off already: nothing
// of it moves the cursor or prints. Numbers and letters are those of xterm's "Control Sequences".
constexpr std::string_view kModesOff =
    // A frame that is held back until it is complete; the alternate screen.
    "\033[?2026l\033[?1047l"
    // Lines that do not scroll; between the two that keep the cursor where it is.
    "\0337\033[r\0338"
    // Reports of the mouse.
    "\033[?9l\033[?1000l\033[?1002l\033[?1003l\033[?1005l\033[?1006l\033[?1015l"
    // Reports of the focus; bracketed paste.
    "\033[?1004l\033[?2004l"
    // Other codes for keys; lines that do not wrap; line drawing; colours; a hidden cursor.
    "\033[>4m\033[?1l\033>\033[?7h\033(B\017\033[0m\033[?25h";

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
  if (!is_lent_) return;
  const pid_t foreground = ::tcgetpgrp(fd_.get());
  if (foreground != ::getpgrp()) {
    if (!is_dead(foreground)) return;
    if (::tcsetpgrp(fd_.get(), ::getpgrp()) != 0) return;
  }
  is_lent_ = false;
  termios current{};
  if (::tcgetattr(fd_.get(), &current) != 0) return;
  if (!same_settings(current, settings_)) ::tcsetattr(fd_.get(), TCSANOW, &settings_);
  // Nobody knows what the program has written: it did so without us.
  if (can_draw_on(fd_.get())) write_text(fd_.get(), kModesOff);
}

Result<void> Terminal::watch_closing(Loop& loop, std::function<void()> on_closed) {
  // Without any event: the kernel reports a hang-up all the same.
  auto closes = loop.watch(fd_.get(), 0, "the terminal", [this, on_closed](std::uint32_t) {
    closes_.reset();  // it would be told again and again
    on_closed();
  });
  if (!closes) return fail(closes.error());
  closes_ = std::move(*closes);
  return {};
}

}  // namespace poltergeist::polter
