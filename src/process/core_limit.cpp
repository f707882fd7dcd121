// SPDX-License-Identifier: MIT
#include "process/core_limit.h"

namespace poltergeist::process {

namespace {

std::optional<rlimit>& limit_before() {
  static std::optional<rlimit> limit;
  return limit;
}

}  // namespace

void forbid_own_core_files() {
  rlimit limit{};
  if (limit_before() || ::getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur == 0) return;
  // The hard limit stays, or children could not have theirs again.
  const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_CORE, &none) == 0) limit_before() = limit;
}

const std::optional<rlimit>& core_limit_of_children() {
  return limit_before();
}

}  // namespace poltergeist::process
