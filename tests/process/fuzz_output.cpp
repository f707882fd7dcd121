// SPDX-License-Identifier: MIT
// libFuzzer's entry, for clang:
//   CXX=clang++ cmake -B build/fuzz -G Ninja && cmake --build build/fuzz --target process_fuzz
//   build/fuzz/tests/process/process_fuzz tests/process/corpus
// What it finds belongs into tests/process/corpus, which the tests replay with every compiler.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "process/broken_promise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string output(bytes, bytes + size);
  const auto broken = poltergeist::test::broken_by_command_output(output);
  if (!broken.empty()) {
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
