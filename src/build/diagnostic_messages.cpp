// SPDX-License-Identifier: MIT
// Messages of several lines: cargo, CMake, Python, node.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include "base/text.h"
#include "build/diagnostic_parsers.h"

namespace poltergeist::build {

namespace {

Severity severity_of_level(std::string_view level) {
  if (level.starts_with("warning")) return Severity::Warning;
  if (level.starts_with("error")) return Severity::Error;
  return Severity::Note;
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return one_line(std::string_view(found->get_ref<const std::string&>()).substr(0, kLongestText));
}

int number_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? number_in(found->dump()) : 0;
}

// cargo and swift sum up at the end what they have said.
bool is_cargo_summary(const std::string& message) {
  static const RE2 kSummary(
      R"(could not compile .+|aborting due to .+|.+ generated \d+ warnings?.*|\d+ warnings? emitted|)"
      R"(build failed, waiting for other jobs to finish\.\.\.|test failed, to rerun pass .+|fatalError)");
  return RE2::FullMatch(message, kSummary);
}

bool is_primary(const nlohmann::json& span) {
  const auto found = span.is_object() ? span.find("is_primary") : span.end();
  return found != span.end() && found->is_boolean() && found->get<bool>();
}

void add_cargo_message(const nlohmann::json& message, Findings& findings) {
  Diagnostic found{.severity = severity_of_level(text_at(message, "level")),
                   .message = text_at(message, "message")};
  if (found.message.empty() || is_cargo_summary(found.message)) return;
  if (const auto code = message.find("code"); code != message.end() && code->is_object()) {
    found.code = text_at(*code, "code");
  }
  const auto spans = message.find("spans");
  if (spans != message.end() && spans->is_array()) {
    const auto primary = std::find_if(spans->begin(), spans->end(), is_primary);
    if (primary != spans->end()) {
      found.file = text_at(*primary, "file_name");
      found.line = number_at(*primary, "line_start");
      found.column = number_at(*primary, "column_start");
    }
  }
  // "For more information about this error, try …"
  if (found.severity == Severity::Note && found.file.empty()) return;
  findings.add(std::move(found));
}

bool feed_cargo_json(std::string_view line, Findings& findings) {
  if (!is_cargo_json(line)) return false;
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  if (const auto message = json.find("message"); message != json.end() && message->is_object()) {
    add_cargo_message(*message, findings);
  } else if (json.contains("spans")) {
    add_cargo_message(json, findings);
  }
  return true;
}

}  // namespace

bool is_cargo_json(std::string_view line) {
  return line.starts_with(R"({"reason":"compiler-message")") ||
         line.starts_with(R"({"$message_type":"diagnostic")");
}

// ---- rustc, cargo

bool RustMessages::feed(std::string_view line, Findings& findings) {
  static const RE2 kHeader(R"((error|warning)(?:\[([A-Z]\d+)\])?: (.+))");
  static const RE2 kArrow(R"(\s*--> (.+?):(\d+):(\d+))");
  static const RE2 kPanic(R"(thread '.*' (?:\(\d+\) )?panicked at (.+?):(\d+):(\d+):)");
  static const RE2 kOldPanic(R"(thread '.*' panicked at '(.*)', (.+?):(\d+):(\d+))");
  if (!pending_.message.empty()) {
    if (RE2::FullMatch(line, kArrow, &pending_.file, &pending_.line, &pending_.column)) {
      finish(findings);
      return true;
    }
    finish(findings);
  } else if (is_panic_) {
    is_panic_ = false;
    pending_.message = "panicked: " + std::string(line);
    finish(findings);
    return true;
  }
  if (feed_cargo_json(line, findings)) return true;
  if (line.starts_with("thread '")) {
    Diagnostic found;
    if (RE2::FullMatch(line, kPanic, &found.file, &found.line, &found.column)) {
      pending_ = std::move(found);
      is_panic_ = true;
      return true;
    }
    if (!RE2::FullMatch(line, kOldPanic, &found.message, &found.file, &found.line, &found.column)) {
      return false;
    }
    found.message = "panicked: " + found.message;
    findings.add(std::move(found));
    return true;
  }
  std::string level;
  std::string code;
  std::string message;
  if (!RE2::FullMatch(line, kHeader, &level, &code, &message)) return false;
  // "error TS18003: …" is not of this kind, and has no colon here.
  pending_ = {.severity = severity_of_level(level), .code = code, .message = message};
  return true;
}

void RustMessages::finish(Findings& findings) {
  if (!pending_.message.empty() && !is_cargo_summary(pending_.message)) {
    findings.add(std::move(pending_));
  }
  pending_ = {};
  is_panic_ = false;
}

// ---- CMake

bool CMakeMessages::feed(std::string_view line, Findings& findings) {
  static const RE2 kHeader(
      R"(CMake (Error|Warning|Deprecation Warning|Deprecation Error)(?: \(dev\))?)"
      R"((?: at (.+?):(\d+)(?: \(\w+\))?| in (.+?))?:\s*(.*))");
  if (is_open_) {
    const auto text = trimmed(line);
    const bool is_indented = line.starts_with("  ");
    if (is_indented || (text.empty() && pending_.message.empty())) {
      if (!text.empty() && !pending_.message.empty()) pending_.message += ' ';
      pending_.message += text;
      return true;
    }
    finish(findings);
    if (text.empty()) return true;
  }
  if (!line.starts_with("CMake ")) return false;
  Diagnostic found;
  std::string level;
  std::string number;
  std::string other;
  if (!RE2::FullMatch(line, kHeader, &level, &found.file, &number, &other, &found.message)) {
    return false;
  }
  found.line = number_in(number);
  if (found.file.empty()) found.file = other;
  found.severity = level.ends_with("Error") ? Severity::Error : Severity::Warning;
  pending_ = std::move(found);
  is_open_ = true;
  return true;
}

void CMakeMessages::finish(Findings& findings) {
  if (is_open_ && !pending_.message.empty()) findings.add(std::move(pending_));
  pending_ = {};
  is_open_ = false;
}

// ---- Python

bool PythonMessages::feed(std::string_view line, Findings& findings) {
  static const RE2 kFrame(R"re(\s+File "(.+)", line (\d+)(?:, in .+)?)re");
  static const RE2 kException(R"(([A-Za-z_][\w.]*)(?:: (.*))?)");
  if (line.starts_with("Traceback (most recent call last)")) {
    file_.clear();
    return true;
  }
  if (RE2::FullMatch(line, kFrame, &file_, &line_)) return true;
  if (file_.empty()) return feed_pytest(line, findings);
  if (line.empty() || line.front() == ' ' || line.front() == '\t') return true;  // source, carets
  Diagnostic found{.file = std::exchange(file_, {}), .line = line_};
  std::string type;
  std::string text;
  if (!RE2::FullMatch(line, kException, &type, &text)) return false;
  found.message = text.empty() ? type : type + ": " + text;
  findings.add(std::move(found));
  return true;
}

bool PythonMessages::feed_pytest(std::string_view line, Findings& findings) {
  static const RE2 kExplanation(R"(E   +(.+))");
  static const RE2 kPlace(R"(([^\s:]+\.py):(\d+): ([A-Z]\w*))");
  static const RE2 kModule(R"(([^\s:]+\.py):(\d+): in .+)");
  static const RE2 kResult(R"((?:FAILED|ERROR) ([^\s:]+\.py)(?:::\S+)?(?: - (.*))?)");
  Diagnostic found;
  if (std::string text; RE2::FullMatch(line, kExplanation, &text)) {
    if (explanation_.empty()) explanation_ = text;
    return true;
  }
  if (RE2::FullMatch(line, kPlace, &found.file, &found.line, &found.code)) {
    found.message = explanation_.empty() ? found.code : std::exchange(explanation_, {});
    findings.add(std::move(found));
    return true;
  }
  if (RE2::FullMatch(line, kModule, &module_, &line_)) return true;
  if (!line.starts_with("FAILED ") && !line.starts_with("ERROR ")) return false;
  if (!RE2::FullMatch(line, kResult, &found.file, &found.message)) return false;
  // The short summary repeats what the long one located.
  if (found.message.empty()) found.message = std::exchange(explanation_, {});
  if (found.message.empty()) found.message = "failed";
  if (found.file == module_) found.line = line_;
  if (!findings.has_error_in(found.file)) findings.add(std::move(found));
  return true;
}

// ---- node

bool NodeMessages::feed(std::string_view line, Findings& findings) {
  static const RE2 kExcerpt(R"((?:file://)?(/\S*\.[cm]?[jt]sx?):(\d+))");
  static const RE2 kError(R"((?:Uncaught )?([A-Z]\w*Error)(?: \[(\w+)\])?: (.+))");
  static const RE2 kFrame(
      R"(\s+(?:at .*?|❯ .*?)\(?(?:file://)?([^\s()]+\.[cm]?[jt]sx?):(\d+):(\d+)\)?)");
  static const RE2 kErrorOnly(R"((Error)(?: \[(\w+)\])?: (.+))");
  static const RE2 kTap(R"(\s*not ok \d+ (?:- )?(.+))");
  constexpr int kPatience = 12;
  Diagnostic found;
  if (RE2::FullMatch(line, kExcerpt, &file_, &line_)) return true;
  std::string type;
  if (RE2::FullMatch(line, kError, &type, &found.code, &found.message) ||
      RE2::FullMatch(line, kErrorOnly, &type, &found.code, &found.message)) {
    finish(findings);
    found.message = type + ": " + found.message;
    pending_ = std::move(found);
    patience_ = kPatience;
    pending_.file = std::exchange(file_, {});
    pending_.line = pending_.file.empty() ? 0 : line_;
    return true;
  }
  if (std::string what; RE2::FullMatch(line, kTap, &what)) {
    findings.add_echo({.message = "not ok: " + what});
    return true;
  }
  if (pending_.message.empty()) return false;
  if (RE2::FullMatch(line, kFrame, &found.file, &found.line, &found.column)) {
    const bool is_foreign =
        found.file.starts_with("node:") || found.file.find("/node_modules/") != std::string::npos;
    if (is_foreign) return true;
    if (pending_.file.empty()) {
      pending_.file = std::move(found.file);
      pending_.line = found.line;
      pending_.column = found.column;
    } else if (pending_.file == found.file && pending_.line == found.line) {
      pending_.column = found.column;
    }
    finish(findings);
    return true;
  }
  if (--patience_ == 0) finish(findings);
  return false;
}

void NodeMessages::finish(Findings& findings) {
  if (!pending_.file.empty()) {
    findings.add(std::move(pending_));
  } else if (!pending_.message.empty()) {
    findings.add_echo(std::move(pending_));  // without a place it may be anything that was printed
  }
  pending_ = {};
}

}  // namespace poltergeist::build
