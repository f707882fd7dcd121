// SPDX-License-Identifier: MIT
#include "build/diagnostics.h"

#include <algorithm>
#include <optional>

#include <re2/re2.h>

#include "base/text.h"
#include "build/diagnostic_formats.h"
#include "build/diagnostic_parsers.h"

namespace poltergeist::build {

namespace {

constexpr std::size_t kLongestJson = 1 << 20;
constexpr std::size_t kLongestSummary = 240;

bool is_plain(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

// What a terminal would show of the line in the end, without colours.
std::string_view visible(std::string_view line, std::string& buffer) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (const auto start = line.rfind('\r'); start != std::string_view::npos) {
    line.remove_prefix(start + 1);
  }
  if (!is_cargo_json(line)) line = line.substr(0, kLongestText);
  if (is_plain(line)) return line;
  buffer = for_terminal(line);
  return buffer;
}

std::string shortened(std::string text) {
  if (text.size() <= kLongestSummary) return text;
  const auto blank = text.find_last_of(' ', kLongestSummary);
  return to_utf8(text.substr(0, std::min(blank, kLongestSummary))) + " …";
}

}  // namespace

int number_in(std::string_view digits) {
  constexpr std::uint64_t kMost = 100'000'000;
  const auto number = parse_number(digits).value_or(0);
  return number <= kMost ? static_cast<int>(number) : 0;
}

std::string one_line(std::string_view text) {
  auto line = for_terminal(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

// ---- Findings

std::vector<Diagnostic>& Findings::list_of(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return errors_;
    case Severity::Warning:
      return warnings_;
    case Severity::Note:
      break;
  }
  return notes_;
}

bool Findings::is_new(const Diagnostic& diagnostic) {
  return seen_
      .emplace(diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.severity,
               diagnostic.message)
      .second;
}

void Findings::add(Diagnostic diagnostic) {
  auto& list = list_of(diagnostic.severity);
  last_ = nullptr;
  if (list.size() == kMostDiagnostics || !is_new(diagnostic)) return;
  list.push_back(std::move(diagnostic));
  last_ = &list.back();
}

void Findings::add_echo(Diagnostic diagnostic) {
  if (echoes_.size() == kMostDiagnostics || !is_new(diagnostic)) return;
  echoes_.push_back(std::move(diagnostic));
}

void Findings::locate_last(std::string_view file, int line) {
  if (!last_ || !last_->file.empty()) return;
  last_->file = file;
  last_->line = line;
}

bool Findings::has_error_in(std::string_view file) const {
  return std::any_of(errors_.begin(), errors_.end(),
                     [&](const Diagnostic& error) { return error.file == file; });
}

std::vector<Diagnostic> Findings::in_order() const {
  std::vector<Diagnostic> all = errors_.empty() ? echoes_ : errors_;
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  all.insert(all.end(), notes_.begin(), notes_.end());
  if (all.size() > kMostDiagnostics) all.resize(kMostDiagnostics);
  return all;
}

// ---- The scanner

struct DiagnosticScanner::Parsers {
  Findings findings;
  RustMessages rust;
  CMakeMessages cmake;
  PythonMessages python;
  GoLines go;
  BuildToolLines build_tools;
  CompilerLines compilers;
  NodeMessages node;
};

DiagnosticScanner::DiagnosticScanner() : parsers_(std::make_unique<Parsers>()) {}
DiagnosticScanner::DiagnosticScanner(DiagnosticScanner&&) noexcept = default;
DiagnosticScanner& DiagnosticScanner::operator=(DiagnosticScanner&&) noexcept = default;
DiagnosticScanner::~DiagnosticScanner() = default;

void DiagnosticScanner::feed(std::string_view line) {
  if (line.size() > kLongestJson) return;
  std::string buffer;
  const auto text = visible(line, buffer);
  auto& all = *parsers_;
  // Those that wait for a further line of their message first.
  const bool is_taken = all.cmake.feed(text, all.findings) || all.rust.feed(text, all.findings) ||
                        all.python.feed(text, all.findings) || all.go.feed(text, all.findings) ||
                        all.build_tools.feed(text, all.findings) ||
                        all.compilers.feed(text, all.findings) || all.node.feed(text, all.findings);
  static_cast<void>(is_taken);
}

void DiagnosticScanner::finish() {
  parsers_->cmake.finish(parsers_->findings);
  parsers_->rust.finish(parsers_->findings);
  parsers_->node.finish(parsers_->findings);
}

std::vector<Diagnostic> DiagnosticScanner::diagnostics() const {
  return parsers_->findings.in_order();
}

// ---- Summary

std::string error_summary(const std::vector<Diagnostic>& diagnostics,
                          const std::vector<std::string>& last_lines,
                          std::string_view how_it_ended) {
  static const RE2 kReadsLikeOne(
      "(?i)\\b(error|fatal|failed|failure|cannot|could not|not found|denied|no such|abort)");
  for (const auto& diagnostic : diagnostics) {
    if (diagnostic.severity == Severity::Error) return shortened(to_quickfix(diagnostic));
  }
  for (auto line = last_lines.rbegin(); line != last_lines.rend(); ++line) {
    const auto text = one_line(*line);
    if (RE2::PartialMatch(text, kReadsLikeOne)) return shortened(std::string(trimmed(text)));
  }
  return std::string(how_it_ended);
}

}  // namespace poltergeist::build
