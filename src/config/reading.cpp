// SPDX-License-Identifier: MIT
#include "config/reading.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace poltergeist::config {

namespace {

std::vector<Problem> in_order_of_the_file(std::vector<Problem> remarks) {
  std::ranges::stable_sort(remarks, [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return remarks;
}

}  // namespace

void Reading::problem(Problem problem) {
  if (!full()) problems_.push_back(std::move(problem));
}

std::vector<Problem> Reading::take_problems() {
  return in_order_of_the_file(std::exchange(problems_, {}));
}

std::vector<Problem> Reading::take_notes() {
  return in_order_of_the_file(std::exchange(notes_, {}));
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 64;
  // Cutting may split a character; for_terminal mends that.
  auto shown = for_terminal(text.substr(0, kMost));
  std::ranges::replace(shown, '\n', ' ');
  return fmt::format("\"{}{}\"", shown, text.size() > kMost ? "…" : "");
}

}  // namespace poltergeist::config
