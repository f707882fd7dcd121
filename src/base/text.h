// SPDX-License-Identifier: MIT
// Text for people and for machines: suggestions, names, bytes that may not be UTF-8, terminals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist {

// Levenshtein distance on lower-cased ASCII; the names in these comparisons are short.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// Candidates close enough to be what was meant, nearest first: a distance of at most a third of the
// length of `word`, rounded up, and never more than 3.
[[nodiscard]] std::vector<std::string> suggestions_for(std::string_view word,
                                                       const std::vector<std::string>& candidates);
// `; did you mean "x"?` for the nearest suggestion, or nothing at all.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& candidates);

// "My App", "my_app" and "my.app" are one name: lower case, runs of blanks, "_" and "." become "-".
[[nodiscard]] std::string normalised_name(std::string_view name);

// Valid UTF-8 with the same meaning where the input was valid; every invalid byte becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

// The length of the character at the beginning, in bytes; 0 if there is none, or none that is valid
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether a character (its bytes) is none to be shown: a control (C0 but tab and line feed, DEL,
// C1), or one that changes the order in which those around it are shown (U+202A–202E, U+2066–2069),
// so that a text reads as what it is not.
[[nodiscard]] bool is_control(std::string_view character);

// Text of somebody else's that may be shown on a terminal: controls and escape sequences are gone,
// tabs stay, the result is valid UTF-8. SGR colour sequences stay only when asked for; a colour
// that is on at the end is switched off there.
enum class Colours { Drop, Keep };
[[nodiscard]] std::string for_terminal(std::string_view bytes, Colours colours = Colours::Drop);

// One line without its escape sequences; all other bytes stay as they are.
[[nodiscard]] std::string without_escapes(std::string_view bytes);

// The lines of a text without their ends ("\n" or "\r\n"); no empty last line for a final newline.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view between);

// One word of /bin/sh that stands for exactly these bytes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

// A whole decimal number; nothing for an empty text, a sign, blanks, or more than 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace poltergeist
