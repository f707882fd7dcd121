// SPDX-License-Identifier: MIT
// libFuzzer's entry, for clang:
//   cmake -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++
//         -DCMAKE_CXX_FLAGS=-fsanitize=fuzzer-no-link,address,undefined
//   cmake --build build/fuzz --target watch_fuzz
//   build/fuzz/tests/watch/watch_fuzz tests/watch/corpus
// What it finds belongs into tests/watch/corpus, which the tests replay with every compiler.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "watch/pattern_promise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(bytes, bytes + size);
  const auto broken = poltergeist::test::broken_pattern_promise(text);
  if (!broken.empty()) {
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
