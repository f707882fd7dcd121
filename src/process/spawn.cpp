// SPDX-License-Identifier: MIT
#include "process/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "base/enum_names.h"
#include "base/text.h"
#include "process/clone_into.h"
#include "process/core_limit.h"
#include "process/environment.h"
#include "process/unit_mark.h"
#include "sys/files.h"

namespace poltergeist::process {

namespace {

constexpr int kFirstOwnFd = 3;
constexpr int kOomScoreRaise = 300;
constexpr int kHighestOomScore = 1000;
constexpr std::size_t kChildStack = 64 << 10;
constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

enum class Step { Group, Terminal, Streams, Passed, Directory, Exec };
constexpr auto kSteps = std::to_array<EnumName<Step>>({
    {Step::Group, "making its process group"},
    {Step::Terminal, "giving it the terminal"},
    {Step::Streams, "connecting its streams"},
    {Step::Passed, "passing its descriptors on"},
    {Step::Directory, "changing to its directory"},
    {Step::Exec, "executing it"},
});

// A kernel_sigaction; the first word is the handler. By the system call itself, because the C
// library refuses the two signals that it uses, which somebody may have ignored as well.
constexpr int kSignals = 64;
using SignalAction = std::array<unsigned long, 8>;
constexpr unsigned long kIgnoredHandler = 1;  // SIG_IGN
POLTERGEIST_UNCHECKED bool set_action(int signal, const SignalAction* action,
                                      SignalAction* before) {
  return ::syscall(SYS_rt_sigaction, signal, action, before, kSignals / 8) == 0;
}

// Those that this process ignores, and a 0. Asked for once: nothing of ours ignores a signal, so
// they are what it was started with.
const std::vector<int>& ignored_signals() {
  static std::vector<int> ignored;
  static pid_t owner = 0;
  if (owner == ::getpid()) return ignored;
  owner = ::getpid();
  ignored.clear();
  for (int signal = 1; signal <= kSignals; ++signal) {
    SignalAction action{};
    if (set_action(signal, nullptr, &action) && action.front() == kIgnoredHandler) {
      ignored.push_back(signal);
    }
  }
  ignored.push_back(0);
  return ignored;
}

// What tells a program which descriptors it was passed (sd_listen_fds(3)). Only the child knows its
// pid, and it may not allocate: it writes the digits to where they are to stand.
struct ListenEntries {
  static constexpr std::array<std::string_view, 4> kVariables = {
      "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"};
  static constexpr std::string_view kPid = "LISTEN_PID=";

  std::array<char, 32> pid{};  // the name, the digits of any int, and zeros
  std::string fds;
  std::string names;

  static ListenEntries create(const std::vector<PassedFd>& passed);
  static bool is_one(std::string_view entry);
  void set_pid(pid_t own);
};

ListenEntries ListenEntries::create(const std::vector<PassedFd>& passed) {
  ListenEntries entries;
  kPid.copy(entries.pid.data(), kPid.size());
  entries.fds = "LISTEN_FDS=" + std::to_string(passed.size());
  entries.names = "LISTEN_FDNAMES=";
  for (const auto& one : passed) {
    if (&one != &passed.front()) entries.names += ':';
    entries.names += one.name;
  }
  return entries;
}

bool ListenEntries::is_one(std::string_view entry) {
  const auto name = entry.substr(0, entry.find('='));
  return std::find(kVariables.begin(), kVariables.end(), name) != kVariables.end();
}

// Between clone and exec.
POLTERGEIST_UNCHECKED void ListenEntries::set_pid(pid_t own) {
  std::size_t digits = 1;
  for (pid_t rest = own; rest >= 10; rest /= 10) ++digits;
  char* const first = pid.data() + kPid.size();
  for (std::size_t at = digits; at > 0; --at, own /= 10) {
    first[at - 1] = static_cast<char>('0' + own % 10);
  }
}

// Everything that the child needs, made ready before it exists: between clone and exec it makes
// system calls and nothing else. It writes its answer here, too; the memory is the same.
struct Briefing {
  std::vector<std::string> candidates;  // paths to execute, the first that works
  std::string mark_entry;
  ListenEntries listen_entries;
  std::vector<char*> argv;
  std::vector<char*> env;
  std::vector<const char*> paths;
  const std::vector<int>* ignored = nullptr;  // signals; the last is 0
  std::array<int, kFirstOwnFd> streams{};     // what becomes 0, 1 and 2; all above 2
  std::vector<int> passed;                    // what becomes 3 and so on; all above those
  const char* directory = nullptr;
  Group group = Group::NewSession;
  int terminal = 0;
  bool is_unit = true;
  pid_t parent = 0;
  UnitMark mark = UnitMark::create();
  std::string oom_score;
  std::optional<rlimit> core_limit;  // nothing: ours

  Step step = Step::Group;
  int error = 0;  // errno of the step that failed; 0: the program runs
};

// No handler of ours may run in the child, whose memory is ours.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// ---- In the child

POLTERGEIST_UNCHECKED bool join_group(const Briefing& briefing) {
  switch (briefing.group) {
    case Group::NewSession:
      return ::setsid() >= 0;
    case Group::NewGroup:
    case Group::Foreground:
      return ::setpgid(0, 0) == 0;
    case Group::Same:
      return true;
  }
  return true;
}

POLTERGEIST_UNCHECKED bool take_terminal(const Briefing& briefing) {
  if (briefing.group != Group::Foreground) return true;
  // Allowed from the background because SIGTTOU is still blocked.
  const pid_t group = ::getpid();
  return ::ioctl(briefing.terminal, TIOCSPGRP, &group) == 0;
}

POLTERGEIST_UNCHECKED void become_unit(const Briefing& briefing) {
  UnitMark::set_own_number(briefing.mark.number_for(::getpid()));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != briefing.parent) ::_exit(0);  // it died before it could be known to
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written =
      ::write(fd, briefing.oom_score.data(), briefing.oom_score.size());
}

// exec itself resets those that are caught.
POLTERGEIST_UNCHECKED void reset_signals(const Briefing& briefing) {
  constexpr SignalAction kDefault{};
  for (const int* signal = briefing.ignored->data(); *signal != 0; ++signal) {
    set_action(*signal, &kDefault, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

POLTERGEIST_UNCHECKED bool connect_streams(const Briefing& briefing) {
  for (int number = 0; number < kFirstOwnFd; ++number) {
    if (::dup2(briefing.streams[static_cast<std::size_t>(number)], number) < 0) return false;
  }
  return true;
}

POLTERGEIST_UNCHECKED bool pass_on(Briefing& briefing) {
  int number = kFirstOwnFd;
  const int* const end = briefing.passed.data() + briefing.passed.size();
  for (const int* fd = briefing.passed.data(); fd != end; ++fd, ++number) {
    if (::dup2(*fd, number) < 0) return false;
  }
  if (number != kFirstOwnFd) briefing.listen_entries.set_pid(::getpid());
  // All of ours are close-on-exec anyway; these are what whoever started us left open.
  ::syscall(SYS_close_range, number, ~0U, 0);
  return true;
}

// As execvp() looks along PATH: what is not there is passed over, what is forbidden remembered.
POLTERGEIST_UNCHECKED int execute(const Briefing& briefing) {
  int error = ENOENT;
  for (const char* const* path = briefing.paths.data(); *path != nullptr; ++path) {
    ::execve(*path, briefing.argv.data(), briefing.env.data());
    if (errno == EACCES) {
      error = EACCES;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return errno;
    }
  }
  return error;
}

POLTERGEIST_UNCHECKED int child_main(void* argument) {
  auto& briefing = *static_cast<Briefing*>(argument);
  const auto fail_at = [&](Step step, int error) POLTERGEIST_UNCHECKED {
    briefing.step = step;
    briefing.error = error;
    ::_exit(0);
  };
  if (!join_group(briefing)) fail_at(Step::Group, errno);
  if (!take_terminal(briefing)) fail_at(Step::Terminal, errno);
  if (briefing.is_unit) become_unit(briefing);
  if (!connect_streams(briefing)) fail_at(Step::Streams, errno);
  if (!pass_on(briefing)) fail_at(Step::Passed, errno);
  if (briefing.directory != nullptr && ::chdir(briefing.directory) != 0) {
    fail_at(Step::Directory, errno);
  }
  if (briefing.core_limit) ::setrlimit(RLIMIT_CORE, &*briefing.core_limit);
  reset_signals(briefing);
  fail_at(Step::Exec, execute(briefing));
  return 0;
}

// ---- In the parent

// A descriptor above 2 that leads where the stream does. What had to be opened for it is kept in
// `opened`.
Result<int> source_for(const Stream& stream, int number, std::vector<UniqueFd>& opened) {
  int fd = stream.kind == Stream::Kind::Inherit ? number : stream.fd;
  if (stream.kind == Stream::Kind::DevNull ||
      (stream.kind == Stream::Kind::Inherit && ::fcntl(number, F_GETFD) < 0)) {
    opened.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!opened.back()) return fail_errno("/dev/null");
    fd = opened.back().get();
  }
  if (fd >= kFirstOwnFd) return fd;
  opened.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstOwnFd));
  if (!opened.back()) return fail_errno("duplicating descriptor {}", fd);
  return opened.back().get();
}

// A new pipe for an output stream: the child's end among `opened`, ours in `ours`.
Result<int> new_pipe(UniqueFd& ours, std::vector<UniqueFd>& opened) {
  auto pipe = make_pipe();
  if (!pipe) return fail(pipe.error());
  if (::fcntl(pipe->read_end.get(), F_SETFL, O_NONBLOCK) < 0) return fail_errno("a pipe");
  ours = std::move(pipe->read_end);
  opened.push_back(std::move(pipe->write_end));
  const int fd = opened.back().get();
  if (fd >= kFirstOwnFd) return fd;
  return source_for(Stream::to(fd), fd, opened);
}

Result<void> connect(const SpawnPlan& plan, Briefing& briefing, Child::Parts& parts,
                     std::vector<UniqueFd>& opened) {
  const auto set = [&](int number, Result<int> source) -> Result<void> {
    if (!source) return fail(source.error());
    briefing.streams.at(static_cast<std::size_t>(number)) = *source;
    return {};
  };
  const auto output = [&](const Stream& stream, int number, UniqueFd& ours) -> Result<int> {
    if (stream.kind == Stream::Kind::Pipe) return new_pipe(ours, opened);
    return source_for(stream, number, opened);
  };
  if (auto in = set(STDIN_FILENO, source_for(plan.in, STDIN_FILENO, opened)); !in) return in;
  if (auto out = set(STDOUT_FILENO, output(plan.out, STDOUT_FILENO, parts.out)); !out) return out;
  if (plan.err.kind == Stream::Kind::SameAsOut) {
    return set(STDERR_FILENO, briefing.streams[STDOUT_FILENO]);
  }
  return set(STDERR_FILENO, output(plan.err, STDERR_FILENO, parts.err));
}

// Each above all that they become, so that none is replaced before it was passed.
Result<void> connect_passed(const SpawnPlan& plan, Briefing& briefing,
                            std::vector<UniqueFd>& opened) {
  const int behind = kFirstOwnFd + static_cast<int>(plan.passed.size());
  for (const auto& [fd, name] : plan.passed) {
    opened.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, behind));
    if (!opened.back()) return fail_errno("duplicating descriptor {}", fd);
    briefing.passed.push_back(opened.back().get());
  }
  return {};
}

// Where the program may be.
std::vector<std::string> candidates_for(const SpawnPlan& plan) {
  if (!plan.executed.empty()) return {plan.executed.string()};
  const std::string& name = plan.argv.front();
  if (name.find('/') != std::string::npos) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(name, error);
    return {error ? name : absolute.string()};
  }
  std::vector<std::string> candidates;
  std::string_view path = environment_value(plan.env, "PATH");
  if (path.empty()) path = kDefaultPath;
  while (true) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string directory(end == 0 ? std::string_view(".") : path.substr(0, end));
    candidates.push_back(directory + '/' + name);
    if (end == path.size()) return candidates;
    path.remove_prefix(end + 1);
  }
}

// exec promises not to write to it; its type is older than const.
char* pointer_to(const std::string& text) {
  return const_cast<char*>(text.c_str());
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 5);  // the mark, what is passed, and the end
  for (const auto& text : texts) pointers.push_back(pointer_to(text));
  return pointers;
}

int own_oom_score() {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
  std::array<char, 16> text{};
  const ssize_t count = ::read(fd.get(), text.data(), text.size() - 1);
  return count > 0 ? std::atoi(text.data()) : 0;
}

// Ours is asked for once: whoever starts a daemon gives it its own before.
const std::string& raised_oom_score() {
  static const std::string raised =
      std::to_string(std::min(own_oom_score() + kOomScoreRaise, kHighestOomScore));
  return raised;
}

void fill(const SpawnPlan& plan, Briefing& briefing) {
  briefing.candidates = candidates_for(plan);
  briefing.argv = pointers_to(plan.argv);
  briefing.argv.push_back(nullptr);
  briefing.env = pointers_to(plan.env);
  std::erase_if(briefing.env, ListenEntries::is_one);
  if (!plan.passed.empty()) {
    auto& entries = briefing.listen_entries = ListenEntries::create(plan.passed);
    briefing.env.insert(briefing.env.end(),
                        {entries.pid.data(), pointer_to(entries.fds), pointer_to(entries.names)});
  }
  briefing.is_unit = plan.role == Role::Unit;
  if (briefing.is_unit) {
    // We may be part of somebody's unit ourselves.
    const std::string variable = std::string(UnitMark::kVariable) + '=';
    std::erase_if(briefing.env,
                  [&](const char* entry) { return std::string_view(entry).starts_with(variable); });
    briefing.mark_entry = briefing.mark.entry();
    briefing.env.push_back(pointer_to(briefing.mark_entry));
    briefing.oom_score = raised_oom_score();
  }
  briefing.env.push_back(nullptr);
  for (const auto& path : briefing.candidates) briefing.paths.push_back(path.c_str());
  briefing.paths.push_back(nullptr);
  briefing.ignored = &ignored_signals();
  briefing.directory = plan.cwd.empty() ? nullptr : plan.cwd.c_str();
  briefing.group = plan.group;
  briefing.terminal = plan.terminal;
  briefing.parent = ::getpid();
  briefing.core_limit = core_limit_of_children();
}

// Why the program did not start, for people.
Failure explain(const SpawnPlan& plan, const Briefing& briefing) {
  const std::string& name = plan.argv.front();
  const int number = briefing.error;
  if (briefing.step == Step::Directory) {
    return fail(errc_for_errno(number), "starting {}: its directory {}: {}", name,
                plan.cwd.string(), std::strerror(number));
  }
  if (briefing.step != Step::Exec) {
    return fail(errc_for_errno(number), "starting {}: {}: {}", name, name_in(kSteps, briefing.step),
                std::strerror(number));
  }
  if (number == ENOENT && name.find('/') == std::string::npos) {
    return fail(Errc::NotFound, "no program {} along PATH ({})", name,
                environment_value(plan.env, "PATH"));
  }
  if (number == ENOENT && ::access(briefing.candidates.front().c_str(), F_OK) == 0) {
    return fail(Errc::NotFound,
                "starting {}: it is there, but the interpreter of its first line or its dynamic "
                "loader is not",
                name);
  }
  if (number == ENOEXEC) {
    return fail(Errc::Invalid,
                "starting {}: neither a program for this machine nor a script that begins with #!",
                name);
  }
  if (number == ETXTBSY) return fail(Errc::Busy, "starting {}: it is still being written", name);
  return fail(errc_for_errno(number), "starting {}: {}", name, std::strerror(number));
}

Result<void> check(const SpawnPlan& plan) {
  if (plan.argv.empty() || plan.argv.front().empty()) {
    return fail(Errc::Invalid, "starting a program: no program is named");
  }
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (std::any_of(plan.argv.begin(), plan.argv.end(), has_nul) ||
      std::any_of(plan.env.begin(), plan.env.end(), has_nul)) {
    return fail(Errc::Invalid, "starting {}: an argument or a variable holds a NUL byte",
                plan.argv.front());
  }
  return {};
}

// The pid of the new process, which by now runs its program or has ended. Shares our memory until
// then.
Result<pid_t> clone_child(Briefing& briefing, CgroupLeaf& leaf, UniqueFd& pidfd) {
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(kChildStack);
  const AllSignalsBlocked guard;
  int fd = -1;
  pid_t pid = -1;
  if (leaf) {
    pid = clone_into(leaf.cgroup().fd(), {stack.get(), kChildStack}, child_main, &briefing, fd);
    if (pid < 0) leaf.refuse(errno);
  }
  if (pid < 0) {
    pid = ::clone(child_main, stack.get() + kChildStack,
                  CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &briefing, &fd);
  }
  if (pid < 0) return fail_errno("creating a process");
  pidfd = UniqueFd(fd);
  return pid;
}

}  // namespace

Result<Child> spawn(const SpawnPlan& plan, CgroupLeaf leaf) {
  if (auto usable = check(plan); !usable) return fail(usable.error());
  Briefing briefing;
  fill(plan, briefing);
  Child::Parts parts;
  std::vector<UniqueFd> opened;
  auto connected = connect(plan, briefing, parts, opened);
  if (connected) connected = connect_passed(plan, briefing, opened);
  if (!connected) return fail(connected.error(), "starting {}", plan.argv.front());
  const auto pid = clone_child(briefing, leaf, parts.pidfd);
  if (!pid) return fail(pid.error(), "starting {}", plan.argv.front());
  parts.pid = *pid;
  if (briefing.error != 0) {
    siginfo_t ended{};
    ::waitid(P_PIDFD, static_cast<id_t>(parts.pidfd.get()), &ended, WEXITED);
    return explain(plan, briefing);
  }
  parts.independent = plan.role == Role::Independent;
  if (!parts.independent) {
    parts.containment = contain(*pid, briefing.mark, plan.group != Group::Same, std::move(leaf));
  }
  return Child(std::move(parts));
}

}  // namespace poltergeist::process
