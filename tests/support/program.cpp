// SPDX-License-Identifier: MIT
#include "support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include "sys/files.h"

extern char** environ;

namespace poltergeist::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCannotStart = 99;

std::vector<std::string> environment_of(const Call& call) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (call.environment == Call::Environment::Alone) break;
    const std::string text = *entry;
    const auto equals = text.find('=');
    all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : call.env) all[name] = value;
  std::vector<std::string> environment;
  environment.reserve(all.size());
  for (const auto& [name, value] : all) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// In the child.
[[noreturn]] void become(const Call& call, char* const* argv, char* const* env) {
  if (!call.cwd.empty() && ::chdir(call.cwd.c_str()) != 0) ::_exit(kCannotStart);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  if (call.before_exec) call.before_exec();
  ::execvpe(argv[0], argv, env);
  ::_exit(kCannotStart);
}

int left_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

// False at end of file, which a terminal calls EIO.
bool read_into(int fd, std::string& text) {
  std::array<char, 64 << 10> bytes;
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

Exit reaped(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? Exit::by_signal(WTERMSIG(status))
                             : Exit::by_code(WEXITSTATUS(status));
}

UniqueFd input_of(const std::string& text) {
  if (text.empty()) return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::string name = "/tmp/poltergeist-input-XXXXXX";
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  ::unlink(name.c_str());
  if (::write(fd.get(), text.data(), text.size()) < 0) throw std::runtime_error("input");
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

// Empty for a process that has ended meanwhile: reading its files fails then, and a stream would
// throw.
std::string text_of(const std::filesystem::path& file) {
  std::string text;
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  while (fd && read_into(fd.get(), text)) {
  }
  return text;
}

}  // namespace

Ran run(const Call& call, std::chrono::milliseconds guard) {
  Program program(call);
  const auto exit = program.await_end(guard);
  return {exit, exit.shell_code(), program.output(), program.errors()};
}

Program::Program(const Call& call) : on_terminal_(call.streams == Call::Streams::Terminal) {
  auto argv = call.argv;
  auto env = environment_of(call);
  if (on_terminal_) {
    start_on_terminal(call, pointers(argv).data(), pointers(env).data());
  } else {
    start_on_pipes(call, pointers(argv).data(), pointers(env).data());
  }
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

void Program::start_on_pipes(const Call& call, char* const* argv, char* const* env) {
  auto out = make_pipe().value();
  auto err = make_pipe().value();
  const auto in = input_of(call.in);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::setsid();
    ::dup2(in.get(), STDIN_FILENO);
    ::dup2(out.write_end.get(), STDOUT_FILENO);
    ::dup2(err.write_end.get(), STDERR_FILENO);
    become(call, argv, env);
  }
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
}

void Program::start_on_terminal(const Call& call, char* const* argv, char* const* env) {
  winsize size{};
  size.ws_col = 100;
  size.ws_row = 30;
  int terminal = -1;
  pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ == 0) become(call, argv, env);
  ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
  out_ = UniqueFd(terminal);
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(other.exit_),
      pidfd_(std::move(other.pidfd_)),
      on_terminal_(other.on_terminal_),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      output_found_(other.output_found_),
      errors_found_(other.errors_found_) {}

Program::~Program() {
  if (pid_ < 0 || exit_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // a child that has not got to its session yet
  ::waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const {
  if (!exit_) ::kill(pid_, number);
}

void Program::type(std::string_view keys) const {
  [[maybe_unused]] const auto written = ::write(out_.get(), keys.data(), keys.size());
}

bool Program::step(Deadline deadline) {
  std::array<pollfd, 3> waiting{pollfd{exit_ ? -1 : pidfd_.get(), POLLIN, 0},
                                pollfd{out_ ? out_.get() : -1, POLLIN, 0},
                                pollfd{err_ ? err_.get() : -1, POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), left_until(deadline)) <= 0) return false;
  const auto before = output_.size();
  if (waiting[1].revents != 0 && !read_into(out_.get(), output_)) out_.reset();
  if (waiting[2].revents != 0 && !read_into(err_.get(), errors_)) err_.reset();
  if (on_terminal_) {
    output_.erase(
        std::remove(output_.begin() + static_cast<std::ptrdiff_t>(before), output_.end(), '\r'),
        output_.end());
  }
  if (waiting[0].revents != 0) exit_ = reaped(pid_);
  return true;
}

void Program::read_the_rest(Deadline deadline) {
  // What was written to a terminal comes out at the other side some time later; a pipe holds all.
  while ((out_ || err_) && step(on_terminal_ ? deadline : Clock::now())) {
  }
}

bool Program::await_text(std::string_view text, const std::string& in, std::size_t& behind) {
  const auto deadline = Clock::now() + kGuard;
  while (true) {
    const auto at = in.find(text, behind);
    if (at != std::string::npos) {
      behind = at + text.size();
      return true;
    }
    if (exit_ && !out_ && !err_) return false;
    if (!step(exit_ && !on_terminal_ ? Clock::now() : deadline)) return false;
  }
}

bool Program::await_output(std::string_view text) {
  return await_text(text, output_, output_found_);
}

bool Program::await_error(std::string_view text) {
  return await_text(text, errors_, errors_found_);
}

Exit Program::await_end(std::chrono::milliseconds guard) {
  const auto deadline = Clock::now() + guard;
  while (!exit_ && step(deadline)) {
  }
  if (!exit_) {
    throw std::runtime_error("the program did not end; it said: " + output_ + errors_);
  }
  read_the_rest(deadline);
  return *exit_;
}

bool await(const std::function<bool()>& question, std::chrono::milliseconds guard) {
  const auto deadline = Clock::now() + guard;
  constexpr int kLongestPause = 16;
  for (int pause = 1; !question(); pause = std::min(2 * pause, kLongestPause)) {
    if (left_until(deadline) == 0) return false;
    ::poll(nullptr, 0, pause);
  }
  return true;
}

std::optional<char> state_of(pid_t pid) {
  const auto line = text_of("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  return line.at(name_end + 2);
}

std::string name_of(pid_t pid) {
  auto name = text_of("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

bool is_alive(pid_t pid) {
  const auto state = state_of(pid);
  return state && state != 'Z' && state != 'X';
}

bool await_death(pid_t pid) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return true;
  pollfd ended{pidfd.get(), POLLIN, 0};
  return ::poll(&ended, 1, left_until(Clock::now() + kGuard)) == 1;
}

std::vector<pid_t> processes_mentioning(const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    if (pid == ::getpid()) continue;
    for (const auto* file : {"environ", "cmdline"}) {
      const auto content = text_of(entry.path() / file);
      if (content.find(text) != std::string::npos) {
        found.push_back(pid);
        break;
      }
    }
  }
  return found;
}

std::vector<pid_t> children_of(pid_t pid) {
  const auto process = std::filesystem::path("/proc") / std::to_string(pid);
  std::istringstream text(text_of(process / "task" / std::to_string(pid) / "children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; text >> child;) children.push_back(child);
  return children;
}

std::vector<pid_t> shepherds_of(pid_t owner) {
  auto children = children_of(owner);
  std::erase_if(children, [](pid_t child) { return name_of(child) != "polter-shepherd"; });
  return children;
}

}  // namespace poltergeist::test
