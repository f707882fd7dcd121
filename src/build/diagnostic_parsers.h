// SPDX-License-Identifier: MIT
// One parser per family of tools. Internal to DiagnosticScanner.
//
// Each is given every line, without colours, until one says that it has taken it. Those that read
// messages of several lines keep what they have so far and complete it with finish().
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "build/diagnostics.h"

namespace poltergeist::build {

// A line or column number; 0 where there is none, or an absurd one.
[[nodiscard]] int number_in(std::string_view digits);

// Nothing of a diagnostic is longer, whatever a tool wrote.
inline constexpr std::size_t kLongestText = 4096;

// Safe for a terminal, and without line ends.
[[nodiscard]] std::string one_line(std::string_view text);

// A line of cargo's or rustc's JSON: the one kind of line that is read whole.
[[nodiscard]] bool is_cargo_json(std::string_view line);

// What was found so far. Bounded: the first ones count.
class Findings {
 public:
  void add(Diagnostic diagnostic);
  // Says that something failed, and not why: kept only where nothing says more.
  void add_echo(Diagnostic diagnostic);
  // For tools that say where after they said what: of the last one added, unless it has a file.
  void locate_last(std::string_view file, int line);
  [[nodiscard]] std::vector<Diagnostic> in_order() const;
  [[nodiscard]] bool has_error_in(std::string_view file) const;

 private:
  using Key = std::tuple<std::string, int, int, Severity, std::string>;
  [[nodiscard]] bool is_new(const Diagnostic& diagnostic);
  [[nodiscard]] std::vector<Diagnostic>& list_of(Severity severity);

  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
  std::vector<Diagnostic> notes_;
  std::vector<Diagnostic> echoes_;
  std::set<Key> seen_;
  Diagnostic* last_ = nullptr;  // valid until the next add
};

// gcc, clang, swiftc, mypy and all who write like them; tsc; ld, lld, mold.
struct CompilerLines {
  bool feed(std::string_view line, Findings& findings);
};

// rustc and cargo, as text and as --message-format=json; panics.
class RustMessages {
 public:
  bool feed(std::string_view line, Findings& findings);
  void finish(Findings& findings);

 private:
  Diagnostic pending_;  // without a message: none
  bool is_panic_ = false;
};

// go build, go vet, go test; panics.
class GoLines {
 public:
  bool feed(std::string_view line, Findings& findings);

 private:
  bool feed_test(std::string_view line, Findings& findings);

  bool in_failed_test_ = false;
  std::vector<Diagnostic> logged_;  // by a test of which it is not known yet whether it failed
  std::string panic_;
};

// Tracebacks, syntax errors, unittest, pytest.
class PythonMessages {
 public:
  bool feed(std::string_view line, Findings& findings);

 private:
  bool feed_pytest(std::string_view line, Findings& findings);

  std::string file_;  // the innermost frame so far; empty: none
  int line_ = 0;
  std::string explanation_;  // pytest's first "E   …"
  std::string module_;       // and the file in which importing failed, at line_
};

// CMake's own messages, which go over several lines.
class CMakeMessages {
 public:
  bool feed(std::string_view line, Findings& findings);
  void finish(Findings& findings);

 private:
  Diagnostic pending_;
  bool is_open_ = false;
};

// make and ninja.
struct BuildToolLines {
  bool feed(std::string_view line, Findings& findings);
};

// node: uncaught errors and syntax errors; vitest; TAP.
class NodeMessages {
 public:
  bool feed(std::string_view line, Findings& findings);
  void finish(Findings& findings);

 private:
  std::string file_;  // of the excerpt that node prints above the error
  int line_ = 0;
  Diagnostic pending_;  // without a message: none
  int patience_ = 0;    // lines in which a location may still come
};

}  // namespace poltergeist::build
