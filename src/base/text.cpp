// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace poltergeist {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The length of an escape sequence that starts with ESC (ECMA-48): CSI, the string sequences
// (OSC, DCS, APC, PM, SOS) up to BEL or ST, or any number of intermediate bytes and a last one. An
// unfinished one reaches to the end; an ESC before anything else is alone.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  const char kind = text[1];
  if (kind == '[') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] >= '@' && text[i] <= '~') return i + 1;
      if (text[i] < ' ' || text[i] > '?') return i;  // broken off: what follows is text again
    }
    return text.size();
  }
  if (std::string_view("]P_^X").find(kind) != std::string_view::npos) {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1;
      if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
      if (text[i] == '\n') return i;  // a string sequence never spans lines here
    }
    return text.size();
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] < ' ' || text[i] > '~') return i;
    if (text[i] >= '0') return i + 1;
  }
  return text.size();
}

bool is_colour(std::string_view escape) {
  return escape.size() >= 3 && escape[1] == '[' && escape.back() == 'm' &&
         escape.substr(2, escape.size() - 3).find_first_not_of("0123456789;:") ==
             std::string_view::npos;
}

// "\x1b[m", "\x1b[0m". (A 0 behind something else may be the colour's own: "\x1b[38;5;0m".)
bool ends_colours(std::string_view colour) {
  return colour.substr(2, colour.size() - 3).find_first_not_of("0;") == std::string_view::npos;
}

// In front of the line's end, because a background would colour the next line too.
void end_colours(std::string& text) {
  text.insert(text.ends_with('\n') ? text.size() - 1 : text.size(), "\x1b[0m");
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (lowered(a[i - 1]) == lowered(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

std::vector<std::string> suggestions_for(std::string_view word,
                                         const std::vector<std::string>& candidates) {
  const std::size_t most = std::min<std::size_t>(3, (word.size() + 2) / 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance <= most) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  names.reserve(near.size());
  for (auto& [distance, name] : near) names.push_back(std::move(name));
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = suggestions_for(word, candidates);
  return near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near.front());
}

std::string normalised_name(std::string_view name) {
  std::string normal;
  for (const char c : trimmed(name)) {
    const bool gap = c == ' ' || c == '\t' || c == '_' || c == '.' || c == '-';
    if (!gap) {
      normal += lowered(c);
    } else if (normal.empty() || normal.back() != '-') {
      normal += '-';
    }
  }
  return normal;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    text += length == 0 ? kReplacement : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1:
      return (byte(0) < 0x20 && byte(0) != '\t' && byte(0) != '\n') || byte(0) == 0x7F;
    case 2:
      return byte(0) == 0xC2 && byte(1) < 0xA0;
    case 3:
      return byte(0) == 0xE2 && ((byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) ||
                                 (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9));
    default:
      return false;
  }
}

std::string for_terminal(std::string_view bytes, Colours colours) {
  bool coloured = false;
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    if (bytes[0] == '\x1b') {
      const auto length = escape_length(bytes);
      const auto escape = bytes.substr(0, length);
      if (colours == Colours::Keep && is_colour(escape)) {
        text += escape;
        coloured = !ends_colours(escape);
      }
      bytes.remove_prefix(length);
      continue;
    }
    const std::size_t length = utf8_length(bytes);
    const auto sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      text += kReplacement;
    } else if (!is_control(sequence)) {
      text += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  if (coloured) end_colours(text);
  return text;
}

std::string without_escapes(std::string_view bytes) {
  std::string text;
  for (auto escape = bytes.find('\x1b'); escape != std::string_view::npos;
       escape = bytes.find('\x1b')) {
    text += bytes.substr(0, escape);
    bytes.remove_prefix(escape);
    bytes.remove_prefix(escape_length(bytes));
  }
  return text += bytes;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), lowered);
  return lower;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += between;
    text += parts[i];
  }
  return text;
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace poltergeist
