// SPDX-License-Identifier: MIT
// What the call of `init` adds to what was found: a sidecar and a cleanup beside a program. Pure.
#pragma once

#include <string>

#include "cli/init/proposal.h"
#include "cli/refusal.h"

namespace poltergeist::cli {

struct Additions {
  std::string post_run;  // lines for bash; empty: none
  std::string cleanup;
  // The target whose program they are for; empty: the one that is kept running already, else the
  // only one that makes a program.
  std::string target;

  [[nodiscard]] bool any() const {
    return !post_run.empty() || !cleanup.empty() || !target.empty();
  }
};

// Nothing to add is not an error. Exit code 2: a text that is no UTF-8, a target without anything
// to add, none or several that make a program; 4: no such target.
[[nodiscard]] Attempt<Proposal> with_additions(Proposal proposal, const Additions& additions);

}  // namespace poltergeist::cli
