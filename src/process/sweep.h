// SPDX-License-Identifier: MIT
// What a process that was killed left behind: its units.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace poltergeist::process {

// Kills every process whose unit `owner` started, and returns how many there were. The caller knows
// that `owner` is no more (it held a lock that is free now). Units of a living process that has the
// same number by chance are left alone: it is an ancestor of theirs. So is the caller, who may be
// its shepherd.
std::size_t kill_units_of(pid_t owner);

}  // namespace poltergeist::process
