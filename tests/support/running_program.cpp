// SPDX-License-Identifier: MIT
#include "support/running_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::test {

namespace {

constexpr Milliseconds kPatience{10'000};
constexpr int kCannotStart = 99;

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void become(const ProgramPlan& plan, char* const* argv, char* const* env) {
  if (::chdir(plan.cwd.c_str()) != 0) ::_exit(kCannotStart);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  if (plan.before_exec) plan.before_exec();
  ::execve(argv[0], argv, env);
  ::_exit(kCannotStart);
}

int left_until(Instant deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

// True while there may be more.
bool read_into(const UniqueFd& fd, std::string& text) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
  if (count <= 0) return count < 0 && errno == EINTR;
  for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(count))) {
    if (c != '\r') text += c;
  }
  return true;
}

}  // namespace

RunningProgram::RunningProgram(const ProgramPlan& plan) {
  if (plan.on_terminal) {
    start_on_terminal(plan);
  } else {
    start_on_pipes(plan);
  }
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

void RunningProgram::start_on_pipes(const ProgramPlan& plan) {
  const auto argv = pointers_to(plan.argv);
  const auto env = pointers_to(plan.env);
  auto out = make_pipe().value();
  auto err = make_pipe().value();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    if (nothing > STDERR_FILENO) ::close(nothing);
    ::dup2(out.write_end.get(), STDOUT_FILENO);
    ::dup2(err.write_end.get(), STDERR_FILENO);
    become(plan, argv.data(), env.data());
  }
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
}

void RunningProgram::start_on_terminal(const ProgramPlan& plan) {
  const auto argv = pointers_to(plan.argv);
  const auto env = pointers_to(plan.env);
  winsize size{};
  size.ws_col = 100;
  size.ws_row = 30;
  int terminal = -1;
  pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ == 0) become(plan, argv.data(), env.data());
  ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
  out_ = UniqueFd(terminal);
}

RunningProgram::~RunningProgram() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void RunningProgram::type(std::string_view keys) const {
  [[maybe_unused]] const auto written = ::write(out_.get(), keys.data(), keys.size());
}

void RunningProgram::signal(int number) const {
  ::kill(pid_, number);
}

bool RunningProgram::read_some(int timeout_ms) {
  std::array<pollfd, 2> polled{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
  if (!out_ && !err_) return false;
  if (::poll(polled.data(), polled.size(), timeout_ms) <= 0) return false;
  if (polled[0].revents != 0 && !read_into(out_, output_)) out_.reset();
  if (polled[1].revents != 0 && !read_into(err_, errors_)) err_.reset();
  return true;
}

bool RunningProgram::await_output(std::string_view text) {
  const Instant deadline = now() + kPatience;
  while (true) {
    const auto at = output_.find(text, found_);
    if (at != std::string::npos) {
      found_ = at + text.size();
      return true;
    }
    if (!read_some(left_until(deadline))) return false;
  }
}

bool RunningProgram::await_some() {
  return read_some(static_cast<int>(kPatience.count()));
}

Exit RunningProgram::await_end() {
  const Instant deadline = now() + kPatience;
  // A terminal says EIO when its last user is gone, a pipe says end of file.
  while (read_some(left_until(deadline))) {
  }
  pollfd ended{pidfd_.get(), POLLIN, 0};
  if (::poll(&ended, 1, left_until(deadline)) != 1) {
    throw std::runtime_error("the program did not end; it said: " + output_ + errors_);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? Exit::by_code(WEXITSTATUS(status)) : Exit::by_signal(WTERMSIG(status));
}

bool is_alive(pid_t pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stream, line)) return false;
  const auto state = line.at(line.rfind(')') + 2);
  return state != 'Z' && state != 'X';
}

bool await_death(pid_t pid) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return true;
  pollfd ended{pidfd.get(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(kPatience.count())) == 1;
}

}  // namespace poltergeist::test
