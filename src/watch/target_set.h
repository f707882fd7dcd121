// SPDX-License-Identifier: MIT
// A set of targets by their index in the options. Up to 64 of them cost no allocation.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace poltergeist::watch {

class TargetSet {
 public:
  void insert(std::size_t target);
  [[nodiscard]] bool contains(std::size_t target) const;
  [[nodiscard]] bool empty() const { return first_ == 0 && more_.empty(); }
  // Calls `each` with every index, ascending.
  template <typename Each>
  void for_each(Each each) const {
    for (std::size_t word = 0; word <= more_.size(); ++word) {
      for (std::uint64_t bits = word == 0 ? first_ : more_[word - 1]; bits != 0; bits &= bits - 1) {
        each(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
  }
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
