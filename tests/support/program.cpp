// SPDX-License-Identifier: MIT
#include "support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

extern char** environ;

namespace poltergeist::test {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> merged(const std::map<std::string, std::string>& over) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : over) all[name] = value;
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

Pipe pipe_of_ours() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

pid_t start(const Call& call, int in, int out, int err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  if (!call.cwd.empty()) posix_spawn_file_actions_addchdir_np(&files, call.cwd.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  auto argv = call.argv;
  auto env = merged(call.env);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv.front().c_str(), &files, &attributes,
                                   pointers(argv).data(), pointers(env).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::runtime_error("starting " + call.argv.front());
  return pid;
}

UniqueFd pidfd_of(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

int left_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

// False at end of file.
bool read_into(int fd, std::string& text) {
  std::array<char, 64 << 10> bytes;
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

int reaped(pid_t pid, int& signal) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
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
  const auto deadline = Clock::now() + guard;
  auto out = pipe_of_ours();
  auto err = pipe_of_ours();
  const auto in = input_of(call.in);
  const pid_t pid = start(call, in.get(), out.write_end.get(), err.write_end.get());
  const UniqueFd pidfd = pidfd_of(pid);
  out.write_end.reset();
  err.write_end.reset();
  Ran ran;
  bool out_open = true;
  bool err_open = true;
  bool alive = true;
  // To the end of the program, then what is in the pipes: a daemon that it started may hold them
  // open.
  while (alive) {
    std::array<pollfd, 3> waiting{pollfd{pidfd.get(), POLLIN, 0},
                                  pollfd{out_open ? out.read_end.get() : -1, POLLIN, 0},
                                  pollfd{err_open ? err.read_end.get() : -1, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), left_until(deadline)) == 0) {
      ::kill(-pid, SIGKILL);
      reaped(pid, ran.signal);
      ran.code = -1;
      return ran;
    }
    if (waiting[1].revents != 0) out_open = read_into(out.read_end.get(), ran.out);
    if (waiting[2].revents != 0) err_open = read_into(err.read_end.get(), ran.err);
    alive = waiting[0].revents == 0;
  }
  ran.code = reaped(pid, ran.signal);
  for (auto* rest : {&out, &err}) {
    ::fcntl(rest->read_end.get(), F_SETFL, O_NONBLOCK);
    auto& text = rest == &out ? ran.out : ran.err;
    std::size_t before = 0;
    do {
      before = text.size();
    } while (read_into(rest->read_end.get(), text) && text.size() > before);
  }
  return ran;
}

Background::Background(const Call& call) {
  auto out = pipe_of_ours();
  const auto in = input_of(call.in);
  pid_ = start(call, in.get(), out.write_end.get(), out.write_end.get());
  pidfd_ = pidfd_of(pid_);
  out_ = std::move(out.read_end);
  ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
}

Background::Background(Background&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      text_(std::move(other.text_)),
      code_(other.code_) {}

Background::~Background() {
  if (pid_ < 0 || code_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Background::signal(int number) const {
  if (!code_) ::kill(pid_, number);
}

void Background::read_for(std::chrono::milliseconds wait) {
  std::array<pollfd, 2> waiting{pollfd{out_.get(), POLLIN, 0},
                                pollfd{code_ ? -1 : pidfd_.get(), POLLIN, 0}};
  ::poll(waiting.data(), waiting.size(), static_cast<int>(wait.count()));
  if (waiting[0].revents != 0 && !read_into(out_.get(), text_)) out_.reset();
  if (waiting[1].revents != 0 && !code_) {
    int signal = 0;
    code_ = reaped(pid_, signal);
  }
}

const std::string& Background::output() {
  read_for(std::chrono::milliseconds(0));
  return text_;
}

bool Background::await_output(const std::string& text, std::chrono::milliseconds guard) {
  const auto deadline = Clock::now() + guard;
  while (text_.find(text) == std::string::npos) {
    if (left_until(deadline) == 0 || (code_ && !out_)) return false;
    const bool ended = code_.has_value();
    const auto before = text_.size();
    read_for(std::chrono::milliseconds(ended ? 0 : left_until(deadline)));
    if (ended && text_.size() == before) return text_.find(text) != std::string::npos;
  }
  return true;
}

std::optional<int> Background::await_exit(std::chrono::milliseconds guard) {
  const auto deadline = Clock::now() + guard;
  while (!code_ && left_until(deadline) > 0) {
    read_for(std::chrono::milliseconds(left_until(deadline)));
  }
  return code_;
}

bool await(const std::function<bool()>& question, std::chrono::milliseconds guard) {
  const auto deadline = Clock::now() + guard;
  while (!question()) {
    if (left_until(deadline) == 0) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
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

}  // namespace poltergeist::test
