// SPDX-License-Identifier: MIT
#include "words.h"

#include <iostream>

namespace {

int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::cerr << "failed: " << what << '\n';
}

}  // namespace

int main() {
  const auto counts = count_words("The cat, the hat");
  check(counts.size() == 3, "three words");
  check(counts.count("the") == 1 && counts.at("the") == 2, "words are counted in lower case");
  check(count_words("").empty(), "an empty text has no words");
  check(shouted("boo") == "BOO", "shouting is capitals");
  return failures == 0 ? 0 : 1;
}
