// SPDX-License-Identifier: MIT
#include "process/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "sys/unique_fd.h"

namespace poltergeist::process {

namespace {

// A file of /proc that is made as a whole, and shorter than a page: one read gives all of it.
std::string short_proc_text(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer;
  const ssize_t count = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

// Files of /proc have no size: they are read from their beginning until they end. Empty for what is
// gone or forbidden.
std::string proc_text(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count =
        ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string proc_text(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? proc_text(fd.get()) : std::string();
}

// Cuts the next word off `text`.
std::string_view next_word(std::string_view& text) {
  const auto begin = text.find_first_not_of(" \n");
  if (begin == std::string_view::npos) return text = {};
  const auto end = std::min(text.find_first_of(" \n", begin), text.size());
  const auto word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

template <typename Number>
std::optional<Number> next_number(std::string_view& text) {
  const auto word = next_word(text);
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::string children_file(pid_t pid, std::string_view task) {
  return fmt::format("/proc/{}/task/{}/children", pid, task);
}

void append_numbers(std::string_view text, std::vector<pid_t>& numbers) {
  while (const auto number = next_number<pid_t>(text)) numbers.push_back(*number);
}

ProcessState state_for(char letter, int threads) {
  // A main thread that ended before its others shows as a zombie too.
  if ((letter == 'Z' || letter == 'X') && threads <= 1) return ProcessState::Dead;
  return letter == 'T' ? ProcessState::Stopped : ProcessState::Alive;
}

}  // namespace

std::optional<ProcessEntry> parse_stat(std::string_view text) {
  // "pid (name) state parent …": the name may hold blanks and parentheses, so it ends at the last
  // one.
  const auto open = text.find(" (");
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
    return std::nullopt;
  }
  ProcessEntry entry;
  entry.name = text.substr(open + 2, close - open - 2);
  std::string_view head = text.substr(0, open);
  std::string_view rest = text.substr(close + 1);

  const auto pid = next_number<pid_t>(head);
  const auto state = next_word(rest);
  const auto parent = next_number<pid_t>(rest);
  constexpr int kFromParentToThreads = 15;
  for (int i = 0; i < kFromParentToThreads; ++i) next_word(rest);
  const auto threads = next_number<int>(rest);
  next_word(rest);  // itrealvalue
  const auto start = next_number<std::uint64_t>(rest);
  if (!pid || state.size() != 1 || !parent || !threads || !start) return std::nullopt;

  entry.id = {*pid, *start};
  entry.parent = *parent;
  entry.state = state_for(state.front(), *threads);
  return entry;
}

std::optional<ProcessEntry> find_process(pid_t pid) {
  return parse_stat(short_proc_text(fmt::format("/proc/{}/stat", pid)));
}

std::optional<Duration> processor_time_of(std::string_view text) {
  const auto close = text.rfind(')');
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  constexpr int kFromStateToTimes = 11;
  for (int i = 0; i < kFromStateToTimes; ++i) next_word(rest);
  // In user and in kernel mode, its own and its children's.
  std::uint64_t ticks = 0;
  for (int i = 0; i < 4; ++i) {
    const auto part = next_number<std::uint64_t>(rest);
    if (!part) return std::nullopt;
    ticks += *part;
  }
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return Milliseconds(ticks * 1000 / per_second);
}

std::optional<Duration> processor_time_of(pid_t pid) {
  return processor_time_of(short_proc_text(fmt::format("/proc/{}/stat", pid)));
}

std::vector<pid_t> own_children() {
  // Kept open, for each end of a command asks; a process that was forked has its own.
  static UniqueFd file;
  static pid_t owner = 0;
  const pid_t self = ::getpid();
  if (owner != self || !file) {
    file =
        UniqueFd(::open(children_file(self, std::to_string(self)).c_str(), O_RDONLY | O_CLOEXEC));
    owner = self;
  }
  std::vector<pid_t> children;
  append_numbers(proc_text(file.get()), children);
  return children;
}

std::vector<pid_t> children_of(pid_t pid) {
  // Each thread has the children that it forked.
  std::vector<pid_t> children;
  const std::string tasks = fmt::format("/proc/{}/task", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(tasks.c_str()), ::closedir);
  if (!open) return children;
  while (const dirent* task = ::readdir(open.get())) {
    if (task->d_name[0] == '.') continue;
    append_numbers(proc_text(children_file(pid, task->d_name)), children);
  }
  return children;
}

bool can_list_children() {
  const std::string path = fmt::format("/proc/self/task/{}/children", ::gettid());
  return ::access(path.c_str(), R_OK) == 0;
}

bool has_environment_entry(pid_t pid, std::string_view entry) {
  const std::string text = proc_text(fmt::format("/proc/{}/environ", pid));
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\0'), rest.size());
    if (rest.substr(0, end) == entry) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace poltergeist::process
