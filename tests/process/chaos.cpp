// SPDX-License-Identifier: MIT
// A program that behaves badly on purpose. `chaos MODE [ARGUMENT]…`; what it is asked to say goes
// to stdout in one line, and a mode that lives on says "ready" when it is as bad as it will be.
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Arguments = std::vector<std::string>;

void say(std::string_view text) {
  const std::string line = std::string(text) + '\n';
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
}

[[noreturn]] void live_on() {
  while (true) ::pause();
}

void ignore(std::initializer_list<int> signals) {
  for (const int signal : signals) ::signal(signal, SIG_IGN);
}

// Runs `then` in a child and goes on.
void in_child(const std::function<void()>& then) {
  if (::fork() == 0) {
    then();
    ::_exit(0);
  }
}

// As in_child(), but nobody is its parent any more when `then` runs.
void as_orphan(const std::function<void()>& then) {
  const pid_t between = ::fork();
  if (between == 0) {
    in_child(then);
    ::_exit(0);
  }
  ::waitpid(between, nullptr, 0);
}

int exit_with(const Arguments& arguments) {
  return std::atoi(arguments.at(0).c_str());
}

int die_by(const Arguments& arguments) {
  const int number = std::atoi(arguments.at(0).c_str());
  ::raise(number);
  live_on();
}

std::vector<std::string> lines_of(const char* file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What a child of ours begins with: its signals and descriptors, what it may and where it is.
int report(const Arguments&) {
  for (const auto& line : lines_of("/proc/self/status")) {
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn") || line.starts_with("SigCgt")) {
      say(line);
    }
  }
  std::string fds = "fds:";
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.front() != '.' && std::stoi(name) != ::dirfd(directory)) fds += ' ' + name;
  }
  ::closedir(directory);
  say(fds);
  say("oom: " + lines_of("/proc/self/oom_score_adj").at(0));
  std::array<char, 8> mask{};
  std::snprintf(mask.data(), mask.size(), "%03o", static_cast<unsigned>(::umask(0)));
  say(std::string("umask: ") + mask.data());
  say("nice: " + std::to_string(::getpriority(PRIO_PROCESS, 0)));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  say("files: " + std::to_string(files.rlim_cur) + " of " + std::to_string(files.rlim_max));
  rlimit core{};
  ::getrlimit(RLIMIT_CORE, &core);
  say("core: " + std::to_string(core.rlim_cur) + " of " + std::to_string(core.rlim_max));
  std::array<char, 4096> where{};
  say(std::string("cwd: ") + ::getcwd(where.data(), where.size()));
  say("session: " + std::to_string(::getsid(0) == ::getpid()));
  say("group: " + std::to_string(::getpgrp() == ::getpid()));
  return 0;
}

int print_environment(const Arguments& arguments) {
  const char* value = ::getenv(arguments.at(0).c_str());
  say(value == nullptr ? "unset" : value);
  return 0;
}

// What sd_listen_fds(3) goes by, and what the descriptors behind 2 are.
int report_passed(const Arguments&) {
  for (const char* name : {"LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"}) {
    const char* value = ::getenv(name);
    say(std::string(name) + "=" + (value == nullptr ? "unset" : value));
  }
  const char* pid = ::getenv("LISTEN_PID");
  say(std::string("pid: ") + (pid == nullptr                      ? "unset"
                              : pid == std::to_string(::getpid()) ? "mine"
                                                                  : pid));
  for (int fd = 3; fd < 64; ++fd) {
    std::array<char, 256> link{};
    const auto path = "/proc/self/fd/" + std::to_string(fd);
    if (::readlink(path.c_str(), link.data(), link.size() - 1) < 0) continue;
    const bool is_kept = (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
    say(std::to_string(fd) + ": " + link.data() + (is_kept ? "" : " close-on-exec"));
  }
  return 0;
}

// Lives until a signal that it does not ignore: `stubborn 2 15`.
int stubborn(const Arguments& arguments) {
  for (const auto& number : arguments) ::signal(std::atoi(number.c_str()), SIG_IGN);
  say("ready");
  live_on();
}

// Says which signal it got, and ends with 0.
int polite(const Arguments&) {
  for (int number = 1; number < SIGRTMIN; ++number) {
    ::signal(number, [](int got) {
      const char digits[3] = {static_cast<char>('0' + got / 10), static_cast<char>('0' + got % 10),
                              '\n'};
      [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, digits, sizeof digits);
      ::_exit(0);
    });
  }
  say("ready");
  live_on();
}

// Is stopped when the signal comes.
int stopped(const Arguments&) {
  in_child([] {
    say("ready");
    ::raise(SIGSTOP);
    live_on();
  });
  ::raise(SIGSTOP);
  live_on();
}

// Forks without end; each generation lives for a moment, in a session of its own. Where nobody ends
// it, because a test has failed, it blows over by itself.
[[noreturn]] void storm() {
  ignore({SIGINT, SIGTERM, SIGCHLD});
  const auto over = ::time(nullptr) + 120;
  while (::time(nullptr) < over) {
    if (::fork() == 0) {
      ::setsid();
      continue;  // the child goes on with it
    }
    ::usleep(2000);
    ::_exit(0);
  }
  ::_exit(0);
}

// Seven kinds of descendants, all of which live on, the last as `name`; returns when they are
// there.
bool grow_heads(std::string name) {
  std::array<int, 2> heads{};
  if (::pipe2(heads.data(), O_CLOEXEC) != 0) return false;
  const auto is_out = [&] { [[maybe_unused]] const auto written = ::write(heads[1], "h", 1); };
  const auto out_then_live_on = [&] {
    is_out();
    live_on();
  };
  in_child(out_then_live_on);
  in_child([&] {
    ::setpgid(0, 0);
    out_then_live_on();
  });
  in_child([&] {
    ::setsid();
    out_then_live_on();
  });
  in_child([&] {
    ignore({SIGINT, SIGTERM, SIGHUP});
    out_then_live_on();
  });
  in_child([&] {
    is_out();
    ::raise(SIGSTOP);
    live_on();
  });
  as_orphan([&] {
    ::setsid();
    ::close(STDOUT_FILENO);
    out_then_live_on();
  });
  // Nothing that a program can drop is left of where it comes from.
  as_orphan([&] {
    ::setsid();
    is_out();
    for (int fd = 0; fd < 16; ++fd) ::close(fd);
    std::string time = "1000";
    const std::array<char*, 3> argv = {name.data(), time.data(), nullptr};
    const std::array<char*, 1> nothing = {nullptr};
    ::execve("/bin/sleep", argv.data(), nothing.data());
  });
  std::array<char, 7> all{};
  for (std::size_t seen = 0; seen < all.size();) {
    const ssize_t count = ::read(heads[0], all.data(), all.size() - seen);
    if (count <= 0) return false;
    seen += static_cast<std::size_t>(count);
  }
  ::close(heads[0]);
  ::close(heads[1]);
  return true;
}

// With arguments these signals are ignored by all.
int hydra(const Arguments& arguments) {
  for (const auto& number : arguments) ::signal(std::atoi(number.c_str()), SIG_IGN);
  if (!grow_heads("sleep")) return 1;
  say("ready");
  live_on();
}

// Takes the number away by which a process is known for one of its unit.
void drop_mark() {
  rlimit limit{};
  ::getrlimit(RLIMIT_RTTIME, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_RTTIME, &limit);
}

// One descendant that nothing leads to: an orphan in a session of its own, without environment and
// without the number. Says its pid; `ghost N` exits with N then.
int ghost(const Arguments& arguments) {
  std::array<int, 2> executed{};
  if (::pipe2(executed.data(), O_CLOEXEC) != 0) return 1;
  as_orphan([&] {
    ::setsid();
    drop_mark();
    say(std::to_string(::getpid()));
    for (const int fd : {0, 1, 2}) ::close(fd);
    std::string name = "sleep";
    std::string time = "1000";
    const std::array<char*, 3> argv = {name.data(), time.data(), nullptr};
    const std::array<char*, 1> nothing = {nullptr};
    ::execve("/bin/sleep", argv.data(), nothing.data());
  });
  ::close(executed[1]);
  char none = 0;
  [[maybe_unused]] const auto ended = ::read(executed[0], &none, 1);
  say("ready");
  if (!arguments.empty()) return std::atoi(arguments.front().c_str());
  live_on();
}

// A leader that ends at SIGINT and a job of its that ignores it, as a shell script has them.
int with_job(const Arguments&) {
  in_child([] {
    ignore({SIGINT});
    say("ready");
    live_on();
  });
  live_on();
}

// Forks without end; each generation lives for a moment, in a session of its own; with an argument,
// without its mark.
int fork_storm(const Arguments& arguments) {
  ignore({SIGINT, SIGTERM, SIGCHLD});
  if (!arguments.empty()) drop_mark();
  say("ready");
  storm();
}

// Ends at once and leaves one behind that ignores what it is asked for and holds stdout.
int leave_behind(const Arguments& arguments) {
  in_child([&] {
    for (const auto& number : arguments) ::signal(std::atoi(number.c_str()), SIG_IGN);
    ::setsid();
    live_on();
  });
  say("left");
  return 0;
}

// `bytes N`: N bytes without a newline, then the end.
int bytes(const Arguments& arguments) {
  auto left = static_cast<std::size_t>(std::atoll(arguments.at(0).c_str()));
  const std::string block(64 << 10, 'x');
  while (left > 0) {
    const ssize_t count = ::write(STDOUT_FILENO, block.data(), std::min(block.size(), left));
    if (count < 0) return 1;
    left -= static_cast<std::size_t>(count);
  }
  return 0;
}

int both_streams(const Arguments&) {
  [[maybe_unused]] auto written = ::write(STDOUT_FILENO, "out\n", 4);
  written = ::write(STDERR_FILENO, "err\n", 4);
  return 0;
}

// Must be alone: takes the lock on a file, or says OVERLAP there. Then lives as `stubborn`.
int exclusive(const Arguments& arguments) {
  const int fd = ::open(arguments.at(0).c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    [[maybe_unused]] const auto written = ::write(fd, "OVERLAP\n", 8);
    return 1;
  }
  // Shared with a descendant that outlives us: the lock is held until both are gone.
  as_orphan([] {
    ignore({SIGINT});
    ::setsid();
    live_on();
  });
  return stubborn({arguments.begin() + 1, arguments.end()});
}

bool has_port(const std::string& number) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(number.c_str())));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(listener, 1) == 0;
}

// `server LOG LOCK PORT NAME WAY`: must be alone. Takes the lock on a file and the port, or says
// OVERLAP or EADDRINUSE in LOG; shares both with the seven heads and a storm of forks, and says
// "NAME PORT" there. NAME stands in the command lines of all of them, so that nobody is left whom
// one would not find. WAY is what it does when it is told to end, or before.
int server(const Arguments& arguments) {
  const auto& way = arguments.at(4);
  const int log = ::open(arguments.at(0).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const auto note = [&](std::string line) {
    line += '\n';
    [[maybe_unused]] const auto written = ::write(log, line.data(), line.size());
  };
  const int lock = ::open(arguments.at(1).c_str(), O_RDWR | O_CREAT, 0600);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) note("OVERLAP");
  if (!has_port(arguments.at(2))) note("EADDRINUSE");
  if (way == "ignores") ignore({SIGINT, SIGTERM, SIGHUP});
  if (!grow_heads(arguments.at(3))) return 1;
  in_child(storm);
  if (way == "slow") {
    ::signal(SIGINT, [](int) {
      ::usleep(30'000);
      ::_exit(0);
    });
  }
  note(arguments.at(3) + " " + arguments.at(2));
  if (way == "exits") return 0;
  if (way == "stops") ::raise(SIGSTOP);
  live_on();
}

const std::map<std::string, int (*)(const Arguments&)> kModes = {
    {"exit", exit_with},        {"die", die_by},           {"report", report},
    {"env", print_environment}, {"passed", report_passed}, {"stubborn", stubborn},
    {"polite", polite},         {"stopped", stopped},      {"hydra", hydra},
    {"storm", fork_storm},      {"leave", leave_behind},   {"bytes", bytes},
    {"both", both_streams},     {"exclusive", exclusive},  {"job", with_job},
    {"server", server},         {"ghost", ghost},
};

}  // namespace

int main(int count, char** words) {
  const Arguments arguments(words + 1, words + count);
  const auto mode = arguments.empty() ? kModes.end() : kModes.find(arguments.front());
  if (mode == kModes.end()) return 64;
  return mode->second({arguments.begin() + 1, arguments.end()});
}
