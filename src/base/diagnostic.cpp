// SPDX-License-Identifier: MIT
#include "base/diagnostic.h"

#include <fmt/format.h>

namespace poltergeist {

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (!text.empty() && diagnostic.line > 0) text += fmt::format(":{}", diagnostic.line);
  if (!text.empty() && diagnostic.line > 0 && diagnostic.column > 0) {
    text += fmt::format(":{}", diagnostic.column);
  }
  if (!text.empty()) text += ": ";
  text += fmt::format("{}: {}", name_in(kSeverities, diagnostic.severity), diagnostic.message);
  if (!diagnostic.code.empty()) text += fmt::format(" [{}]", diagnostic.code);
  return text;
}

}  // namespace poltergeist
