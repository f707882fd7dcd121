// SPDX-License-Identifier: MIT
// The port of a runner: leased before the first launch, kept over restarts, and another one only
// when somebody else has taken it meanwhile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "supervisor/settings.h"
#include "sys/ports.h"

namespace poltergeist::supervisor {

class PortChoice {
 public:
  // What the program that is about to be launched gets; nothing if it needs none. Errc::Unavailable
  // if there is none to be had, and who holds it where that can be found out. When nothing of an
  // old program is left. At those in `held` we listen ourselves, for the program.
  [[nodiscard]] Result<std::optional<int>> for_launch(const Settings& settings,
                                                      const std::vector<int>& held = {});
  // What was said last: another port than before, and why. Empty: nothing is to be said.
  [[nodiscard]] std::string take_notice();
  // What is leased now.
  [[nodiscard]] std::optional<int> port() const;
  // The program is gone, and somebody holds its port all the same: who. Empty: it is free.
  [[nodiscard]] std::string still_held_by() const;

 private:
  std::optional<PortLease> lease_;
  PortRange range_;  // that it was taken from
  std::string notice_;
};

}  // namespace poltergeist::supervisor
