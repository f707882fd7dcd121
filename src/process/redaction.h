// SPDX-License-Identifier: MIT
// Keeps the values of secrets out of what is shown and written down.
//
// A value is looked for as it is; without the blanks and line breaks at its end; line by line, if
// it has several (a PEM key is printed so); and each of these also as JSON and as a shell's single
// quotes write it. It has at least four bytes: shorter ones would shred what is to be read, and so
// would one of nothing but blanks, and a line with less than four bytes besides blanks.
//
// Every byte that belongs to an occurrence is gone: one kRedacted stands for an occurrence, or for
// several that overlap.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_names.h"
#include "process/pattern_set.h"

namespace poltergeist::process {

// The values that must not be seen. Copies share what was computed of them.
class Secrets {
 public:
  static constexpr std::size_t kShortest = PatternSet::kShortest;

  Secrets() = default;  // none
  explicit Secrets(const std::vector<std::string>& values);
  // Of "NAME=value", the values of those that base/secret_names.h takes for secrets; and `more`.
  [[nodiscard]] static Secrets from_environment(const std::vector<std::string>& environment,
                                                const std::vector<std::string>& more = {});

  // A whole text without them.
  [[nodiscard]] std::string redact(std::string_view text) const;
  [[nodiscard]] bool empty() const { return !patterns_; }

 private:
  friend class Redactor;
  // Not there: nothing is looked for. Redactors share it, and may live longer than this.
  std::shared_ptr<const PatternSet> patterns_;
};

// The same for a stream, however its bytes are cut into calls. It holds back what may still become
// the beginning of a value, always less than the longest value has, and gives out all the rest at
// once. Without secrets bytes pass as they are.
class Redactor {
 public:
  using OnBytes = std::function<void(std::string_view bytes)>;

  explicit Redactor(const Secrets& secrets) : patterns_(secrets.patterns_) {}

  void feed(std::string_view bytes, const OnBytes& on_bytes);
  // The stream ended: gives out what was held back. What is fed from here on is another stream.
  void finish(const OnBytes& on_bytes);

 private:
  // Places are counted from the first byte that is held back; what was given out is before that.
  using Place = std::ptrdiff_t;
  struct Covered {
    Place begin = 0;
    Place end = 0;
  };
  struct Passage {
    std::string_view held;
    std::string_view fed;
  };

  void cover(Place begin, Place end);
  void give_until(Place open, const Passage& passage, const OnBytes& on_bytes);
  void hold_rest(std::string_view fed);

  std::shared_ptr<const PatternSet> patterns_;
  PatternSet::State state_ = PatternSet::kNothing;
  std::string held_;
  Place given_ = 0;              // up to here all is given out, or belongs to the last kRedacted
  std::deque<Covered> covered_;  // behind `given_`, apart from each other, in order
};

}  // namespace poltergeist::process
