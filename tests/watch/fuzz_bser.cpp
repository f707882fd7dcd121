// SPDX-License-Identifier: MIT
// libFuzzer's entry for messages of a Watchman; fuzz_patterns.cpp says how it is built. The target
// is watch_fuzz_bser; it needs no corpus to begin with.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "watch/bser_promise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(bytes, bytes + size);
  const auto broken = poltergeist::test::broken_bser_promise(text);
  if (!broken.empty()) {
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
