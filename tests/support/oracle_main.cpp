// SPDX-License-Identifier: MIT
// The build of the tests of convergence: writes down what a tree holds, and then, if a FIFO is
// there, waits until somebody lets it end.
//
//   oracle DIRECTORY STAMP BUILDS [GATE]
#include <fstream>

#include "support/oracle.h"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc < 4) return 2;
  const auto sum = poltergeist::test::oracle_of(argv[1]);
  std::ofstream(argv[3], std::ios::app) << sum << '\n';
  const auto draft = std::string(argv[2]) + ".new";
  std::ofstream(draft) << sum;
  fs::rename(draft, argv[2]);  // last: whoever sees it finds the other, too
  if (argc > 4 && fs::exists(argv[4])) std::ifstream(argv[4]).get();
  return 0;
}
