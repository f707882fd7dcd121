// SPDX-License-Identifier: MIT
// Catch's own main, in a pid namespace.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "support/own_processes.h"

int main(int count, char** words) {
  return poltergeist::test::in_own_processes([&] { return Catch::Session().run(count, words); });
}
