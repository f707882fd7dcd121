// SPDX-License-Identifier: MIT
// Messages of one line: compilers, linkers, go, make, ninja.
#include <utility>

#include <re2/re2.h>

#include "base/text.h"
#include "build/diagnostic_parsers.h"

namespace poltergeist::build {

namespace {

Severity severity_of(const std::string& word) {
  if (word == "warning") return Severity::Warning;
  if (word == "note" || word == "message" || word == "remark") return Severity::Note;
  return Severity::Error;
}

// Takes "[-Wunused-variable]" or "[bugprone-foo]" off the end of a message. A name without a dash
// is a code only where the tool (mypy) writes two blanks before it.
void split_code(Diagnostic& found) {
  static const RE2 kCode(
      R"(^(.*?)(?: \[(-[Wf][^\]\s]+|[a-z][\w.]*-[\w.,-]+)\]|  \[([a-z][\w-]*)\])$)");
  std::string message;
  std::string code;
  std::string bare;
  if (!RE2::FullMatch(found.message, kCode, &message, &code, &bare)) return;
  found.message = std::move(message);
  found.code = code.empty() ? std::move(bare) : std::move(code);
}

bool feed_located(std::string_view line, Findings& findings) {
  static const RE2 kLocated(
      R"((\S[^:]*):(\d+):(?:(\d+):)?\s+(fatal error|error|warning|note|remark): (.+))");
  Diagnostic found;
  std::string word;
  std::string column;
  if (!RE2::FullMatch(line, kLocated, &found.file, &found.line, &column, &word, &found.message)) {
    return false;
  }
  found.column = number_in(column);
  found.severity = severity_of(word);
  split_code(found);
  findings.add(std::move(found));
  return true;
}

bool feed_typescript(std::string_view line, Findings& findings) {
  static const RE2 kLocated(
      R"((\S.*?)(?:\((\d+),(\d+)\):|:(\d+):(\d+) -) (error|warning|message) (TS\d+): (.+))");
  static const RE2 kGlobal(R"((error|warning|message) (TS\d+): (.+))");
  Diagnostic found;
  std::string word;
  std::string places[4];
  if (RE2::FullMatch(line, kLocated, &found.file, &places[0], &places[1], &places[2], &places[3],
                     &word, &found.code, &found.message)) {
    const int first = places[0].empty() ? 2 : 0;
    found.line = number_in(places[first]);
    found.column = number_in(places[first + 1]);
  } else if (!RE2::FullMatch(line, kGlobal, &word, &found.code, &found.message)) {
    return false;
  }
  found.severity = severity_of(word);
  findings.add(std::move(found));
  return true;
}

bool feed_linker(std::string_view line, Findings& findings) {
  static const RE2 kUndefined(R"((?:\S*\bld(?:\.\w+)?: )?([^\s:][^:]*):(?:(\d+)|\([^)]*\)): )"
                              R"((undefined reference to .+|multiple definition of .+))");
  static const RE2 kMissing(R"(\S*\bld(?:\.\w+)?: (cannot find .+))");
  static const RE2 kReferenced(R"(>>> (?:referenced|defined) (?:by|at|in) ([^\s:]+)(?::(\d+))?.*)");
  Diagnostic found;
  std::string number;
  if (RE2::FullMatch(line, kUndefined, &found.file, &number, &found.message)) {
    found.line = number_in(number);
    findings.add(std::move(found));
    return true;
  }
  if (RE2::FullMatch(line, kMissing, &found.message)) {
    findings.add(std::move(found));
    return true;
  }
  if (RE2::FullMatch(line, kReferenced, &found.file, &number)) {
    findings.locate_last(found.file, number_in(number));
    return true;
  }
  return false;
}

// "gcc: error: x.c: No such file or directory", "ld.lld: error: undefined symbol: foo"
bool feed_driver(std::string_view line, Findings& findings) {
  static const RE2 kDriver(R"((?:\S*/)?([\w.+-]+): (fatal error|fatal|error|warning): (.+))");
  static const RE2 kEcho(R"(ld returned \d+ exit status|linker command failed.*)");
  Diagnostic found;
  std::string tool;
  std::string word;
  if (!RE2::FullMatch(line, kDriver, &tool, &word, &found.message)) return false;
  found.severity = severity_of(word);
  if (RE2::FullMatch(found.message, kEcho)) {
    findings.add_echo(std::move(found));
  } else {
    findings.add(std::move(found));
  }
  return true;
}

}  // namespace

bool CompilerLines::feed(std::string_view line, Findings& findings) {
  // All but one of them have a colon; most lines of most builds have none.
  if (line.find(':') == std::string_view::npos && !line.starts_with(">>> ")) return false;
  return feed_located(line, findings) || feed_typescript(line, findings) ||
         feed_linker(line, findings) || feed_driver(line, findings);
}

// Without -v a failed test's log follows its verdict, with -v it comes before.
bool GoLines::feed_test(std::string_view line, Findings& findings) {
  static const RE2 kLogged(R"(\s+([^\s:]+_test\.go):(\d+): (.+))");
  constexpr std::size_t kMostLogged = 20;
  if (Diagnostic found; RE2::FullMatch(line, kLogged, &found.file, &found.line, &found.message)) {
    if (in_failed_test_) {
      findings.add(std::move(found));
    } else if (logged_.size() < kMostLogged) {
      logged_.push_back(std::move(found));
    }
    return true;
  }
  const auto text = trimmed(line);
  if (!text.starts_with("--- ") && !text.starts_with("=== ")) return false;
  in_failed_test_ = text.starts_with("--- FAIL: ");
  if (in_failed_test_) {
    for (auto& found : logged_) findings.add(std::move(found));
    findings.add_echo({.message = std::string(text.substr(4))});
  }
  logged_.clear();
  return in_failed_test_;
}

bool GoLines::feed(std::string_view line, Findings& findings) {
  static const RE2 kLocated(R"((?:vet: )?([^\s:]+\.go):(\d+)(?::(\d+))?: (.+))");
  static const RE2 kFrame(R"(\t(/\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?)");
  if (line.starts_with("panic: ")) {
    panic_ = line.substr(7);
    return true;
  }
  Diagnostic found;
  if (!panic_.empty() && RE2::FullMatch(line, kFrame, &found.file, &found.line)) {
    // Frames of the runtime come first.
    if (found.file.find("/src/runtime/") != std::string::npos) return true;
    found.message = "panic: " + std::exchange(panic_, {});
    findings.add(std::move(found));
    return true;
  }
  if (feed_test(line, findings)) return true;
  if (line.find(".go:") == std::string_view::npos) return false;
  std::string column;
  if (!RE2::FullMatch(line, kLocated, &found.file, &found.line, &column, &found.message)) {
    return false;
  }
  found.column = number_in(column);
  findings.add(std::move(found));
  return true;
}

namespace {

bool feed_ctest(std::string_view line, Findings& findings) {
  static const RE2 kFailed(R"(\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\*\*\*(\w[\w ]*?)\s+[\d.]+ sec)");
  std::string name;
  std::string result;
  if (!RE2::FullMatch(line, kFailed, &name, &result)) return false;
  findings.add_echo({.message = "test " + name + ": " + lower_case(result)});
  return true;
}

}  // namespace

bool BuildToolLines::feed(std::string_view line, Findings& findings) {
  static const RE2 kRecipe(
      R"(\S*make(?:\[\d+\])?: \*\*\* \[(?:([^\]:]+):(\d+): )?([^\]]+)\] (.+))");
  static const RE2 kStop(R"(\S*make(?:\[\d+\])?: \*\*\* (.+))");
  static const RE2 kMakefile(R"(([^\s:]+):(\d+): \*\*\* (.+))");
  static const RE2 kNinja(R"(ninja: (?:error|fatal): (.+))");
  static const RE2 kFailed(R"(FAILED: (?:\[code=\d+\] )?(.+))");
  const bool has_stars = line.find("***") != std::string_view::npos;
  if (!has_stars && !line.starts_with("ninja: ") && !line.starts_with("FAILED: ")) return false;
  if (has_stars && feed_ctest(line, findings)) return true;
  Diagnostic found;
  std::string what;
  if (RE2::FullMatch(line, kFailed, &what)) {
    found.message = std::string(trimmed(what)) + " failed";
    findings.add_echo(std::move(found));
    return true;
  }
  std::string number;
  if (RE2::FullMatch(line, kRecipe, &found.file, &number, &what, &found.message)) {
    found.line = number_in(number);
    found.message = what + ": " + found.message;
    findings.add_echo(std::move(found));
    return true;
  }
  if (!RE2::FullMatch(line, kStop, &found.message) &&
      !RE2::FullMatch(line, kMakefile, &found.file, &found.line, &found.message) &&
      !RE2::FullMatch(line, kNinja, &found.message)) {
    return false;
  }
  findings.add(std::move(found));
  return true;
}

}  // namespace poltergeist::build
