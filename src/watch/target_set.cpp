// SPDX-License-Identifier: MIT
#include "watch/target_set.h"

#include <algorithm>

namespace poltergeist::watch {

namespace {

constexpr std::size_t kWord = 64;

}  // namespace

void TargetSet::insert(std::size_t target) {
  const std::uint64_t bit = std::uint64_t{1} << target % kWord;
  if (target < kWord) {
    first_ |= bit;
    return;
  }
  const std::size_t word = target / kWord - 1;
  if (more_.size() <= word) more_.resize(word + 1);
  more_[word] |= bit;
}

bool TargetSet::contains(std::size_t target) const {
  const std::size_t word = target / kWord;
  if (word > more_.size()) return false;
  const std::uint64_t bits = word == 0 ? first_ : more_[word - 1];
  return (bits >> target % kWord & 1U) != 0;
}

std::vector<std::size_t> TargetSet::indexes() const {
  std::vector<std::size_t> found;
  for_each([&](std::size_t target) { found.push_back(target); });
  return found;
}

TargetSet& TargetSet::operator|=(const TargetSet& other) {
  first_ |= other.first_;
  if (more_.size() < other.more_.size()) more_.resize(other.more_.size());
  for (std::size_t i = 0; i < other.more_.size(); ++i) more_[i] |= other.more_[i];
  return *this;
}

TargetSet TargetSet::without(const TargetSet& other) const {
  TargetSet rest = *this;
  rest.first_ &= ~other.first_;
  for (std::size_t i = 0; i < std::min(more_.size(), other.more_.size()); ++i) {
    rest.more_[i] &= ~other.more_[i];
  }
  while (!rest.more_.empty() && rest.more_.back() == 0) rest.more_.pop_back();
  return rest;
}

}  // namespace poltergeist::watch
