// SPDX-License-Identifier: MIT
// Finds all occurrences of many byte strings in a stream, in one pass and in time that depends on
// the length of the stream alone: the automaton of Aho and Corasick ("Efficient string matching: an
// aid to bibliographic search", CACM 18(6), 1975). Where nothing has begun, it is not asked: a
// filter of hashed beginnings, as Rabin and Karp, and Wu and Manber have it, leaves out places
// where no pattern can begin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist::process {

class PatternSet {
 public:
  static constexpr std::size_t kShortest = 4;
  // What the last bytes were: a walk begins with kNothing and takes one byte after the other.
  using State = std::uint32_t;
  static constexpr State kNothing = 0;

  // Each of at least kShortest bytes. About 17 bytes of memory for each of their bytes.
  explicit PatternSet(std::vector<std::string> patterns);

  [[nodiscard]] State next(State state, char byte) const;
  // The length of the longest pattern that ends here; 0 if none does.
  [[nodiscard]] std::size_t match(State state) const { return nodes_[state].match; }
  // How many of the last bytes may be the beginning of a pattern that has not ended yet.
  [[nodiscard]] std::size_t open(State state) const { return nodes_[state].open; }
  // With kNothing: the first place from `at` on where a pattern may begin. The last bytes, too few
  // to be known, count as such.
  [[nodiscard]] std::size_t skip(std::string_view text, std::size_t at) const;

 private:
  struct Node {
    std::uint32_t first_child = 0;  // they follow one another, up to those of the next node
    State suffix = kNothing;        // the longest suffix of this that a pattern begins with
    std::uint32_t match = 0;
    std::uint32_t open = 0;
  };

  void note_beginning(const std::string& pattern);
  void build(const std::vector<std::string>& patterns);

  std::vector<Node> nodes_;         // breadth first, and one more that ends the last one's children
  std::string labels_;              // the byte that leads to each node
  std::array<State, 256> begun_{};  // the node of each first byte
  // One of any so many places that follow one another is looked at by skip().
  std::size_t stride_ = 1;
  std::vector<std::uint64_t> may_be_near_;  // a bit for each hash of what is seen at such a place
};

}  // namespace poltergeist::process
