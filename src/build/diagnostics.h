// SPDX-License-Identifier: MIT
// What compilers, linkers, build tools, interpreters and test programs complain about, read from
// their output line by line. One scanner per build; it needs not be told which tools run.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"

namespace poltergeist::build {

enum class Severity { Error, Warning, Note };
inline constexpr auto kSeverities = std::to_array<EnumName<Severity>>({
    {Severity::Error, "error"},
    {Severity::Warning, "warning"},
    {Severity::Note, "note"},
});

struct Diagnostic {
  std::string file;  // as the tool wrote it; empty: not about a file
  int line = 0;      // from 1; 0: not said
  int column = 0;
  Severity severity = Severity::Error;
  std::string code;     // "E0308", "TS2322", "-Wunused-variable"; may be empty
  std::string message;  // one line of valid UTF-8 without control bytes

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

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
