// SPDX-License-Identifier: MIT
#include "process/unit_mark.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

namespace poltergeist::process {

namespace {

// From the top: 0, a pattern, who started the unit, a sequence, its leader. A pid has at most 22
// bits (PID_MAX_LIMIT). The top bit stays clear for programs that read limits as signed numbers.
constexpr int kPidBits = 22;
constexpr int kSequenceBits = 12;
constexpr int kOwnerShift = kPidBits + kSequenceBits;
constexpr int kPatternShift = kOwnerShift + kPidBits;
constexpr std::uint64_t kPattern = 0x2b;
constexpr std::uint64_t kPidMask = (std::uint64_t{1} << kPidBits) - 1;
constexpr std::uint32_t kSequenceMask = (1U << kSequenceBits) - 1;

// Begins anywhere, so that two processes of ours that had the same pid one after the other differ.
std::uint32_t first_sequence() {
  std::uint32_t sequence = 0;
  if (::getrandom(&sequence, sizeof sequence, GRND_NONBLOCK) != sizeof sequence) return 0;
  return sequence;
}

}  // namespace

UnitMark UnitMark::create() {
  static std::uint32_t sequence = first_sequence();
  return {::getpid(), ++sequence & kSequenceMask};
}

std::string UnitMark::entry() const {
  return fmt::format("{}={}-{}", kVariable, owner_, sequence_);
}

std::uint64_t UnitMark::number_for(pid_t leader) const {
  const auto owner = static_cast<std::uint64_t>(owner_);
  return kPattern << kPatternShift | (owner & kPidMask) << kOwnerShift |
         std::uint64_t{sequence_} << kPidBits | (static_cast<std::uint64_t>(leader) & kPidMask);
}

void UnitMark::set_own_number(std::uint64_t number) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_RTTIME, &limit) != 0) return;
  limit.rlim_cur = number;
  ::setrlimit(RLIMIT_RTTIME, &limit);
}

std::optional<CarriedMark> parse_mark(std::uint64_t limit) {
  if (limit >> kPatternShift != kPattern) return std::nullopt;
  return CarriedMark{limit, static_cast<pid_t>(limit >> kOwnerShift & kPidMask),
                     static_cast<pid_t>(limit & kPidMask)};
}

std::optional<CarriedMark> mark_of(pid_t pid) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_RTTIME, nullptr, &limit) != 0) return std::nullopt;
  return parse_mark(limit.rlim_cur);
}

}  // namespace poltergeist::process
