// SPDX-License-Identifier: MIT
// libFuzzer's entry for `${VAR}`, as fuzz_load.cpp is for whole configurations; built and run alike
// (target substitute_fuzz, corpus tests/config/substitute_corpus).
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "config/substitute_promise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(bytes, bytes + size);
  const auto broken = poltergeist::test::broken_substitution(text);
  if (!broken.empty()) {
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
