// SPDX-License-Identifier: MIT
// What a tool complained about, and where: made by the build room's scanners, kept in state files,
// sent over the socket, printed by `errors`.
#pragma once

#include <array>
#include <string>

#include "base/enum_names.h"

namespace poltergeist {

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

// "src/a.c:3:5: error: expected ';' [C2143]", as compilers write it; what is not known is left out.
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);

}  // namespace poltergeist
