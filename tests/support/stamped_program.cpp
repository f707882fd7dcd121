// SPDX-License-Identifier: MIT
#include "support/stamped_program.h"

#include <fstream>
#include <iterator>

namespace poltergeist::test {

std::string stamped_program(const std::string& version, const std::string& deed) {
  std::ifstream file(STAMPED_PROGRAM, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  text.append(kStampPadding, version.back());
  return text + "\nstamp " + version + " " + deed + " " + std::to_string(text.size()) + "\n";
}

}  // namespace poltergeist::test
