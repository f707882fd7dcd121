// SPDX-License-Identifier: MIT
// What compilers, linkers, build tools, interpreters and test programs complain about, read from
// their output line by line. One scanner per build; it needs not be told which tools run.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/enum_names.h"

namespace poltergeist::build {

using poltergeist::Diagnostic;
using poltergeist::kSeverities;
using poltergeist::Severity;

inline constexpr std::size_t kMostDiagnostics = 50;

class DiagnosticScanner {
 public:
  DiagnosticScanner();
  DiagnosticScanner(DiagnosticScanner&&) noexcept;
  DiagnosticScanner& operator=(DiagnosticScanner&&) noexcept;
  ~DiagnosticScanner();

  // One line without its end; colours and other escape sequences do not matter.
  void feed(std::string_view line);
  // The output is over: what was waiting for a further line is complete.
  void finish();

  // Errors first, then warnings, then notes, each in the order they came and each once; at most
  // kMostDiagnostics. What only repeats that something failed ("make: *** Error 1") is left out
  // where the reason is known.
  [[nodiscard]] std::vector<Diagnostic> diagnostics() const;

 private:
  struct Parsers;
  std::unique_ptr<Parsers> parsers_;
};

// One line that tells a person what went wrong: the first error, else the last line that reads like
// one, else `how_it_ended` ("exited with code 2", "timed out after 30 s").
[[nodiscard]] std::string error_summary(const std::vector<Diagnostic>& diagnostics,
                                        const std::vector<std::string>& last_lines,
                                        std::string_view how_it_ended);

}  // namespace poltergeist::build
