// SPDX-License-Identifier: MIT
#include "process/pattern_set.h"

#include <algorithm>

namespace poltergeist::process {

namespace {

constexpr unsigned kHashBits = 16;
// So many bytes are looked at together: few texts have any three letters in common with a password.
constexpr std::size_t kGram = 3;
// Beyond this little is gained, and each pattern takes as many bits of the filter.
constexpr std::size_t kLongestStride = 8;

// Knuth's multiplicative hashing of kGram bytes.
std::uint32_t gram_hash(const char* bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  const auto gram = byte(0) | byte(1) << 8U | byte(2) << 16U;
  return (gram * 2654435769U) >> (32 - kHashBits);
}

// The patterns that begin with what leads to a node.
struct PatternRange {
  std::size_t first = 0;
  std::size_t end = 0;
  std::uint32_t depth = 0;
};

}  // namespace

PatternSet::PatternSet(std::vector<std::string> patterns)
    : may_be_near_((std::size_t{1} << kHashBits) / 64) {
  std::ranges::sort(patterns);
  patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
  const auto shortest = std::ranges::min_element(patterns, {}, &std::string::size);
  if (shortest != patterns.end()) {
    stride_ = std::min(shortest->size() - kGram + 1, kLongestStride);
  }
  for (const auto& pattern : patterns) note_beginning(pattern);
  build(patterns);
}

// Wherever a pattern lies, one of its first `stride_` grams is at a place that is looked at.
void PatternSet::note_beginning(const std::string& pattern) {
  for (std::size_t at = 0; at < stride_; ++at) {
    const auto hash = gram_hash(pattern.data() + at);
    may_be_near_[hash / 64] |= std::uint64_t{1} << (hash % 64);
  }
}

// Sorted patterns that share a beginning are neighbours, so a node is a range of them, and its
// children are the parts of that range.
void PatternSet::build(const std::vector<std::string>& patterns) {
  std::vector<PatternRange> ranges = {{0, patterns.size(), 0}};
  nodes_.emplace_back();
  labels_ += '\0';
  for (State node = 0; node < ranges.size(); ++node) {
    nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
    auto [first, end, depth] = ranges[node];
    if (first < end && patterns[first].size() == depth) ++first;
    while (first < end) {
      const char byte = patterns[first][depth];
      const auto next_byte = std::find_if(
          patterns.begin() + static_cast<std::ptrdiff_t>(first),
          patterns.begin() + static_cast<std::ptrdiff_t>(end),
          [byte, at = depth](const std::string& pattern) { return pattern[at] != byte; });
      const auto last = static_cast<std::size_t>(next_byte - patterns.begin());
      // The suffix's children are known, for it is shorter and was visited before.
      const auto suffix = node == kNothing ? kNothing : next(nodes_[node].suffix, byte);
      const bool ends_here = patterns[first].size() == depth + 1;
      const bool goes_on = last - first > (ends_here ? 1U : 0U);
      nodes_.push_back({.first_child = 0,
                        .suffix = suffix,
                        .match = ends_here ? depth + 1 : nodes_[suffix].match,
                        .open = goes_on ? depth + 1 : nodes_[suffix].open});
      if (node == kNothing) {
        begun_[static_cast<unsigned char>(byte)] = static_cast<State>(labels_.size());
      }
      labels_ += byte;
      ranges.push_back({first, last, depth + 1});
      first = last;
    }
  }
  nodes_.push_back({.first_child = static_cast<std::uint32_t>(nodes_.size())});
}

PatternSet::State PatternSet::next(State state, char byte) const {
  while (state != kNothing) {
    const auto end = nodes_[state + 1].first_child;
    for (auto child = nodes_[state].first_child; child < end; ++child) {
      if (labels_[child] == byte) return child;
    }
    state = nodes_[state].suffix;
  }
  return begun_[static_cast<unsigned char>(byte)];
}

std::size_t PatternSet::skip(std::string_view text, std::size_t at) const {
  const auto* bits = may_be_near_.data();
  const auto stride = stride_;
  auto place = at + stride - 1;
  for (; place + kGram <= text.size(); place += stride) {
    const auto hash = gram_hash(text.data() + place);
    if ((bits[hash / 64] >> (hash % 64) & 1U) != 0) break;
  }
  // The place before did not tell of a pattern that begins up to there.
  return place + 1 - stride;
}

}  // namespace poltergeist::process
