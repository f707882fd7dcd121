// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace poltergeist::cli {

namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::string_view sgr_for(Paint paint) {
  switch (paint) {
    case Paint::Good:
      return "32";
    case Paint::Bad:
      return "31";
    case Paint::Busy:
      return "33";
    case Paint::Faint:
      return "2";
    case Paint::Strong:
      return "1";
  }
  return "0";
}

// Of a valid character of at most three bytes.
std::uint32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  std::uint32_t value = character.size() == 1 ? lead : lead & (0x7FU >> character.size());
  for (const char byte : character.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return value;
}

// The library writes C0 controls as escapes, and leaves the others to whatever terminal shows them.
std::string with_escapes(std::string_view dumped) {
  std::string text;
  text.reserve(dumped.size());
  while (!dumped.empty()) {
    const auto character = dumped.substr(0, std::max<std::size_t>(utf8_length(dumped), 1));
    if (!is_control(character)) {
      text += character;
    } else {
      fmt::format_to(std::back_inserter(text), "\\u{:04x}", code_point(character));
    }
    dumped.remove_prefix(character.size());
  }
  return text;
}

template <typename Json>
std::string json_text(const Json& value, int indent) {
  return with_escapes(value.dump(indent, ' ', false, Json::error_handler_t::replace)) + '\n';
}

}  // namespace

ExitCode exit_code_for(Errc code) {
  switch (code) {
    case Errc::Invalid:
    case Errc::Denied:
      return ExitCode::Usage;
    case Errc::Timeout:
      return ExitCode::Timeout;
    case Errc::NotFound:
    case Errc::Busy:
    case Errc::Protocol:
    case Errc::Unavailable:
    case Errc::Io:
      return ExitCode::CannotAnswer;
  }
  return ExitCode::CannotAnswer;
}

std::string Style::paint(Paint paint, std::string_view text) const {
  if (!colour) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", sgr_for(paint), text);
}

Style style_for(int fd) {
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  const bool terminal = ::isatty(fd) == 1 && !dumb;
  return {.colour = terminal && !is_set("NO_COLOR"), .terminal = terminal};
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_json(const nlohmann::json& value) {
  print(json_text(value, 2));
}
void print_json(const nlohmann::ordered_json& value) {
  print(json_text(value, 2));
}
void print_json_line(const nlohmann::ordered_json& value) {
  print(json_text(value, -1));
  std::fflush(stdout);
}

void say(std::string_view text) {
  std::fflush(stdout);  // what was printed before stands before it where both go to one place
  const std::string line = std::string(text) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int report(const Refusal& refusal) {
  if (!refusal.details.empty()) say(refusal.details);
  say("poltergeist: " + refusal.message);
  return to_int(refusal.code);
}

bool flush_output() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace poltergeist::cli
