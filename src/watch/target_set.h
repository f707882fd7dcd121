// SPDX-License-Identifier: MIT
// A set of targets by their index in the options. Up to 64 of them cost no allocation.
#pragma once

#include <cstdint>
#include <vector>

namespace poltergeist::watch {

class TargetSet {
 public:
  void insert(std::size_t target);
  [[nodiscard]] bool contains(std::size_t target) const;
  [[nodiscard]] bool empty() const { return first_ == 0 && more_.empty(); }
  // Ascending.
  [[nodiscard]] std::vector<std::size_t> indexes() const;

  TargetSet& operator|=(const TargetSet& other);
  // What is in this one and not in the other.
  [[nodiscard]] TargetSet without(const TargetSet& other) const;

  friend bool operator==(const TargetSet&, const TargetSet&) = default;

 private:
  std::uint64_t first_ = 0;          // targets 0–63
  std::vector<std::uint64_t> more_;  // 64 each; the last word is never 0
};

}  // namespace poltergeist::watch
