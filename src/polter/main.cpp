// SPDX-License-Identifier: MIT
#include "polter/polter.h"

int main(int argc, char** argv) {
  return poltergeist::polter::polter_main(argc, argv);
}
