// SPDX-License-Identifier: MIT
// A Makefile, as far as it can be read without running make: variables, explicit rules, what is
// phony. Words that need make to be known (functions, substitutions) are left out. Every branch of
// a conditional counts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist::cli {

struct Makefile {
  struct Rule {
    std::string target;
    std::vector<std::string> prerequisites;  // without those that only order
  };

  std::map<std::string, std::string, std::less<>> variables;  // as written
  std::vector<Rule> rules;                                    // in order, one per target
  std::set<std::string, std::less<>> phony;

  [[nodiscard]] bool has_rule(std::string_view target) const;
  // The prerequisites of all rules of a target.
  [[nodiscard]] std::vector<std::string> prerequisites_of(std::string_view target) const;
  // What `make` makes; empty if there is no rule.
  [[nodiscard]] std::string default_goal() const;
  // The words of a text after expansion; a word that cannot be known is missing.
  [[nodiscard]] std::vector<std::string> words(std::string_view text) const;
};

[[nodiscard]] Makefile parse_makefile(std::string_view text);

}  // namespace poltergeist::cli
