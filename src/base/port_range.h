// SPDX-License-Identifier: MIT
// TCP ports to choose from; both ends belong to it.
#pragma once

namespace poltergeist {

struct PortRange {
  int from = 0;
  int to = 0;

  friend bool operator==(const PortRange&, const PortRange&) = default;
};

}  // namespace poltergeist
