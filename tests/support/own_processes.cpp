// SPDX-License-Identifier: MIT
#include "support/own_processes.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "support/own_namespace.h"
#include "support/program.h"
#include "sys/files.h"

namespace poltergeist::test {

namespace {

int exit_code_of(pid_t child) {
  int status = 0;
  while (true) {
    const auto ended = ::wait(&status);  // the first process of a namespace reaps its orphans
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno == ECHILD) return 1;
  }
}

int as_first_process(const std::function<int()>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    std::cerr << "SKIPPED: /proc cannot be mounted for processes of our own\n";
    return 0;
  }
  const pid_t child = ::fork();
  if (child != 0) return exit_code_of(child);
  return body();
}

// The number of a new process that does nothing by itself; in the child 0, -1 if it is taken.
pid_t fork_as(pid_t number) {
  pid_t wanted = number;
  clone_args how{};
  how.exit_signal = SIGCHLD;
  how.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
  how.set_tid_size = 1;
  return static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
}

std::vector<pid_t> all_numbers() {
  std::vector<pid_t> numbers;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    numbers.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return numbers;
}

std::string command_of(const std::filesystem::path& process) {
  auto text = read_file(process / "cmdline").value_or("");  // of one that ends meanwhile: an error
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

}  // namespace

int in_own_processes(const std::function<int()>& body) {
  if (!enter_own_namespace()) return 0;
  if (::unshare(CLONE_NEWPID) != 0) {
    std::cerr << "SKIPPED: this user may have no processes of its own\n";
    return 0;
  }
  const pid_t first = ::fork();
  if (first == 0) {
    // Not by way of exit(): what this program does at its end is done by the one that began it.
    const int code = as_first_process(body);
    std::cout.flush();
    ::_exit(code);
  }
  return exit_code_of(first);
}

std::vector<OtherProcess> everyone_else() {
  std::vector<OtherProcess> found;
  for (const pid_t pid : all_numbers()) {
    if (pid == 1 || pid == ::getpid()) continue;
    // Who ends has let go of it, and of what it held; it may take a moment until it is a zombie.
    auto command = command_of("/proc/" + std::to_string(pid));
    if (!command.empty()) found.push_back({pid, std::move(command)});
  }
  return found;
}

std::vector<pid_t> zombies() {
  auto numbers = all_numbers();
  std::erase_if(numbers, [](pid_t pid) { return state_of(pid) != 'Z'; });
  return numbers;
}

std::string text_of(const std::vector<OtherProcess>& processes) {
  std::string text;
  for (const auto& process : processes) {
    text += std::to_string(process.pid) + " " + process.command + "\n";
  }
  return text;
}

Stranger::Stranger(pid_t number, std::vector<std::string> argv) : pid_(-1) {
  std::vector<char*> words;
  for (auto& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  const bool became = await([&] {
    pid_ = fork_as(number);
    return pid_ >= 0;
  });
  if (!became) throw std::runtime_error("process " + std::to_string(number) + " is still there");
  if (pid_ != 0) return;
  ::setsid();
  ::execv(words.front(), words.data());
  ::_exit(99);
}

Stranger::~Stranger() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Stranger::is_unharmed() const {
  siginfo_t news{};
  constexpr int kAnything = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT;
  return ::waitid(P_PID, static_cast<id_t>(pid_), &news, kAnything) == 0 && news.si_pid == 0;
}

bool is_taken(pid_t number) {
  const pid_t pid = fork_as(number);
  if (pid == 0) ::_exit(0);
  if (pid < 0) return true;
  ::waitpid(pid, nullptr, 0);
  return false;
}

}  // namespace poltergeist::test
