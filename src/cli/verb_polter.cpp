// SPDX-License-Identifier: MIT
#include "cli/verb_functions.h"
#include "polter/polter.h"

namespace poltergeist::cli {

int verb_polter(int argc, char** argv) {
  return polter::polter_main(argc, argv);
}

}  // namespace poltergeist::cli
