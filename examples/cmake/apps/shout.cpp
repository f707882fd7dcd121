// SPDX-License-Identifier: MIT
// Says its arguments aloud.
#include <iostream>

#include "words.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) std::cout << shouted(argv[i]) << (i + 1 < argc ? " " : "");
  std::cout << "!\n";
}
