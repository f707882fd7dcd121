// SPDX-License-Identifier: MIT
#include "state/subscription.h"

#include <exception>

#include "base/log.h"

namespace poltergeist::state {

void call_guarded(const char* who, const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    log_error("{} threw: {}", who, error.what());
  } catch (...) {
    log_error("{} threw something that is no exception", who);
  }
}

}  // namespace poltergeist::state
