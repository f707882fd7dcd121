// SPDX-License-Identifier: MIT
// The program that polter runs in tests. Its first argument says how it behaves.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

volatile std::sig_atomic_t g_interrupts = 0;
volatile std::sig_atomic_t g_resizes = 0;
volatile std::sig_atomic_t g_ends = 0;

void say(const std::string& line) {
  const auto text = line + "\n";
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
}

void on_signal(int signal) {
  if (signal == SIGINT) g_interrupts = g_interrupts + 1;
  if (signal == SIGWINCH) g_resizes = g_resizes + 1;
  if (signal == SIGTERM) g_ends = g_ends + 1;
}

void catch_signal(int signal) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(signal, &action, nullptr);
}

// What it was given: arguments in hexadecimal, directory, signals, descriptors.
int report(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    std::string hex;
    for (const char* c = argv[i]; *c != 0; ++c) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(*c));
      hex += digits;
    }
    say("arg " + hex);
  }
  char* cwd = ::getcwd(nullptr, 0);
  say(std::string("cwd ") + cwd);
  std::free(cwd);
  if (FILE* status = std::fopen("/proc/self/status", "re")) {
    char line[256];
    while (std::fgets(line, sizeof line, status) != nullptr) {
      const bool wanted =
          std::strncmp(line, "SigBlk", 6) == 0 || std::strncmp(line, "SigIgn", 6) == 0;
      if (wanted) std::fputs(line, stdout);
    }
    std::fclose(status);
    std::fflush(stdout);
  }
  DIR* descriptors = ::opendir("/proc/self/fd");
  std::string open;
  while (const dirent* entry = ::readdir(descriptors)) {
    if (entry->d_name[0] == '.' || std::atoi(entry->d_name) == ::dirfd(descriptors)) continue;
    open += std::string(" ") + entry->d_name;
  }
  ::closedir(descriptors);
  say("fds" + open);
  return 0;
}

int die(int signal) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(signal, SIG_DFL);  // sanitizers catch some
  ::raise(signal);
  return 0;
}

// The same with a core file, if it may leave one.
int dump(int signal) {
  constexpr rlim_t kEnough = 16 << 20;
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = core.rlim_max < kEnough ? core.rlim_max : kEnough;
  ::setrlimit(RLIMIT_CORE, &core);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  return 0;
}

// Runs until told to end `patience` times; says each interrupt.
int serve(int patience) {
  sigset_t none;
  sigset_t both;
  ::sigemptyset(&none);
  ::sigemptyset(&both);
  ::sigaddset(&both, SIGINT);
  ::sigaddset(&both, SIGTERM);
  // Before anybody can know that we are up, so that no signal comes between two looks.
  ::sigprocmask(SIG_BLOCK, &both, nullptr);
  catch_signal(SIGINT);
  catch_signal(SIGTERM);
  say("up " + std::to_string(::getpid()));
  int told = 0;
  while (true) {
    const int before = g_interrupts;
    ::sigsuspend(&none);
    say(g_interrupts == before ? "told otherwise" : "interrupt " + std::to_string(g_interrupts));
    if (++told == patience) return 0;
  }
}

int make_raw_and_serve() {
  termios settings{};
  ::tcgetattr(STDIN_FILENO, &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  return serve(1);
}

int echo() {
  say("up " + std::to_string(::getpid()));
  char line[256];
  while (std::fgets(line, sizeof line, stdin) != nullptr) say(std::string("got ") + line);
  return 0;
}

void say_size() {
  winsize size{};
  ::ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
  say("window " + std::to_string(size.ws_col) + "x" + std::to_string(size.ws_row));
}

// Says what is typed, each interrupt and each size of the window, until a SIGTERM.
int converse() {
  sigset_t none;
  sigset_t caught;
  ::sigemptyset(&none);
  ::sigemptyset(&caught);
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH}) ::sigaddset(&caught, signal);
  ::sigprocmask(SIG_BLOCK, &caught, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH}) catch_signal(signal);
  say_size();
  say("up " + std::to_string(::getpid()));
  while (true) {
    const int interrupts = g_interrupts;
    const int resizes = g_resizes;
    pollfd keyboard{STDIN_FILENO, POLLIN, 0};
    if (::ppoll(&keyboard, 1, nullptr, &none) > 0) {
      char line[256];
      const auto count = ::read(STDIN_FILENO, line, sizeof line);
      if (count <= 0) return 1;
      say("got " + std::string(line, static_cast<std::size_t>(count - 1)));
    }
    if (g_interrupts != interrupts) say("interrupt " + std::to_string(g_interrupts));
    if (g_resizes != resizes) say_size();
    if (g_ends > 0) {
      say("told otherwise");
      return 0;
    }
  }
}

// Leaves a grandchild in a session of its own that nothing but SIGKILL ends.
int leave_grandchild(int patience = 1) {
  int ready[2];
  if (::pipe(ready) != 0) return 1;
  if (::fork() == 0) {
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
    say("grandchild " + std::to_string(::getpid()));
    ::close(ready[0]);
    ::close(ready[1]);
    while (true) ::pause();
  }
  ::close(ready[1]);
  char nothing = 0;
  [[maybe_unused]] const auto end = ::read(ready[0], &nothing, 1);
  return serve(patience);
}

// Ends when a line "end" is typed and for nothing else; says each signal.
int linger() {
  sigset_t none;
  sigset_t caught;
  ::sigemptyset(&none);
  ::sigemptyset(&caught);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaddset(&caught, signal);
  ::sigprocmask(SIG_BLOCK, &caught, nullptr);
  for (const int signal : {SIGINT, SIGTERM}) catch_signal(signal);
  say("up " + std::to_string(::getpid()));
  while (true) {
    const int interrupts = g_interrupts;
    const int ends = g_ends;
    pollfd keyboard{STDIN_FILENO, POLLIN, 0};
    const bool typed = ::ppoll(&keyboard, 1, nullptr, &none) > 0;
    // A key that waits comes before a signal that does.
    ::sigprocmask(SIG_UNBLOCK, &caught, nullptr);
    ::sigprocmask(SIG_BLOCK, &caught, nullptr);
    for (int i = interrupts; i < g_interrupts; ++i) say("interrupt " + std::to_string(i + 1));
    for (int i = ends; i < g_ends; ++i) say("told " + std::to_string(i + 1));
    if (!typed) continue;
    char line[256];
    const auto count = ::read(STDIN_FILENO, line, sizeof line);
    if (count <= 0) return 1;
    if (std::string(line, static_cast<std::size_t>(count)) == "end\n") return 0;
  }
}

// As a full-screen program, and leaves all of it when it ends. `keys` says whether Ctrl+C and
// Ctrl+Z stay signals.
int take_the_screen(bool keys) {
  termios settings{};
  ::tcgetattr(STDIN_FILENO, &settings);
  say((settings.c_lflag & ICANON) != 0 && (settings.c_lflag & ECHO) != 0 ? "found in order"
                                                                         : "found raw");
  ::cfmakeraw(&settings);
  if (keys) settings.c_lflag |= ISIG;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  say("\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1004h\x1b[?2004h\x1b[?1h\x1b[?"
      "7l"
      "\x1b[?25l");
  return serve(1);
}

// What `file` says: "exit 7" or "die 15".
int do_as_told(const char* file) {
  char what[8] = "";
  int number = 0;
  FILE* told = std::fopen(file, "re");
  if (told == nullptr || std::fscanf(told, "%7s %d", what, &number) != 2) return 99;
  std::fclose(told);
  return std::strcmp(what, "exit") == 0 ? number : die(number);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "report";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "exit") return number;
  if (mode == "die") return die(number);
  if (mode == "serve") return serve(1);
  if (mode == "twice") return serve(2);
  if (mode == "stubborn") return serve(0);
  if (mode == "raw") return make_raw_and_serve();
  if (mode == "echo") return echo();
  if (mode == "converse") return converse();
  if (mode == "grandchild") return leave_grandchild();
  if (mode == "linger") return linger();
  if (mode == "screen") return take_the_screen(false);
  if (mode == "screen-with-keys") return take_the_screen(true);
  if (mode == "as-told") return do_as_told(argv[2]);
  if (mode == "dump") return dump(number);
  if (mode == "unstoppable") {
    ::signal(SIGTSTP, SIG_IGN);
    return echo();
  }
  if (mode == "clinging") {
    ::signal(SIGHUP, SIG_IGN);
    return leave_grandchild(0);
  }
  return report(argc, argv);
}
