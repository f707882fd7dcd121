// SPDX-License-Identifier: MIT
// Counts the words of its standard input.
#include <iostream>
#include <iterator>

#include "words.h"

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  for (const auto& [word, count] : count_words(text)) std::cout << count << '\t' << word << '\n';
}
