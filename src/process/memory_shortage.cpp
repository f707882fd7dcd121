// SPDX-License-Identifier: MIT
#include "process/memory_shortage.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/text.h"

namespace poltergeist::process {

namespace {

constexpr Seconds kLately{1};

}  // namespace

std::optional<std::uint64_t> memory_kills_in(std::string_view vmstat) {
  constexpr std::string_view kName = "oom_kill ";
  for (const auto line : lines_of(vmstat)) {
    if (line.starts_with(kName)) return parse_number(line.substr(kName.size()));
  }
  return std::nullopt;
}

Exit::Killer killer_of(const Exit& exit, std::optional<std::uint64_t> before,
                       std::optional<std::uint64_t> since) {
  const bool by_signal = exit.kind == Exit::Kind::Signal && exit.number == SIGKILL;
  const bool by_word = exit == Exit::by_code(Exit::by_signal(SIGKILL).shell_code());
  if (!before || !since || (!by_signal && !by_word)) return Exit::Killer::Unknown;
  if (*since > *before) return Exit::Killer::Memory;
  return by_signal ? Exit::Killer::Somebody : Exit::Killer::Unknown;
}

std::optional<std::uint64_t> MemoryKills::lately(Instant now) {
  if (asked_ && now < *asked_ + kLately) return last_;
  asked_ = now;
  return count();
}

std::optional<std::uint64_t> MemoryKills::count() {
  if (!file_) file_ = UniqueFd(::open("/proc/vmstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 16 << 10> text;
  const ssize_t size = file_ ? ::pread(file_.get(), text.data(), text.size(), 0) : -1;
  last_ = size > 0 ? memory_kills_in({text.data(), static_cast<std::size_t>(size)}) : std::nullopt;
  return last_;
}

}  // namespace poltergeist::process
