// SPDX-License-Identifier: MIT
// What a verb says. The answer goes to stdout, everything else to stderr. Colour only where a
// person looks at it. Text that was made elsewhere (build output, names, paths) passes
// for_terminal() before it comes here.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/text.h"
#include "cli/refusal.h"

namespace poltergeist::cli {

enum class Paint { Good, Bad, Busy, Faint, Strong };

// How text for one stream is written.
struct Style {
  bool colour = false;
  bool terminal = false;  // a person looks at it: progress may be redrawn

  [[nodiscard]] std::string paint(Paint paint, std::string_view text) const;
  // SGR sequences of build output stay where colours are shown anyway.
  [[nodiscard]] Colours colours() const { return colour ? Colours::Keep : Colours::Drop; }
};

// Colour for a terminal that is not "dumb", unless NO_COLOR is set and not empty.
[[nodiscard]] Style style_for(int fd);

// The answer. `text` is written as it is.
void print(std::string_view text);
// A JSON value, two spaces of indent, and a newline; bytes that are not UTF-8 become U+FFFD.
void print_json(const nlohmann::json& value);
void print_json(const nlohmann::ordered_json& value);
// The same on one line, for streams of objects.
void print_json_line(const nlohmann::ordered_json& value);

// A remark for people, on stderr; a newline is added.
void say(std::string_view text);
// Says what a refusal says and returns its exit code.
[[nodiscard]] int report(const Refusal& refusal);

// Sees to it that everything printed has arrived: false if it has not (the disk is full, nobody
// reads).
[[nodiscard]] bool flush_output();

}  // namespace poltergeist::cli
