// SPDX-License-Identifier: MIT
// What every process of a unit inherits and cannot lose by accident, so that an orphan is known to
// belong to it. See containment.h.
//
// The number is the soft limit RLIMIT_RTTIME. That limit holds for real-time scheduling only, and
// as microseconds the number is tens of thousands of years, so no program notices it; it survives
// exec and `env -i`, and it can be read of every process of ours, also of one that has just forked.
// The entry in the environment is for people (`ps e`) and for kernels and sandboxes where the limit
// cannot be set.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace poltergeist::process {

class UnitMark {
 public:
  static constexpr const char* kVariable = "POLTERGEIST_UNIT";

  // One that no living unit of this process has.
  [[nodiscard]] static UnitMark create();

  // "POLTERGEIST_UNIT=…", for the leader's environment.
  [[nodiscard]] std::string entry() const;
  // What the leader sets as its limit, once it has a pid.
  [[nodiscard]] std::uint64_t number_for(pid_t leader) const;
  // In the leader, between clone and exec: nothing but system calls. Failure leaves the entry
  // alone.
  static void set_own_number(std::uint64_t number);

 private:
  UnitMark(pid_t owner, std::uint32_t sequence) : owner_(owner), sequence_(sequence) {}
  pid_t owner_;
  std::uint32_t sequence_;
};

// The number that a process carries, read back.
struct CarriedMark {
  std::uint64_t number = 0;
  pid_t owner = 0;   // the process that started the unit
  pid_t leader = 0;  // the unit's first process

  friend bool operator==(const CarriedMark&, const CarriedMark&) = default;
};
[[nodiscard]] std::optional<CarriedMark> parse_mark(std::uint64_t limit);
[[nodiscard]] std::optional<CarriedMark> mark_of(pid_t pid);

}  // namespace poltergeist::process
