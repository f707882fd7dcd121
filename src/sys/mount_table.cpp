// SPDX-License-Identifier: MIT
#include "sys/mount_table.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace poltergeist {

namespace {

constexpr std::size_t kIdField = 0;
constexpr std::size_t kRootField = 3;
constexpr std::size_t kPlaceField = 4;
// Behind the optional fields, which this ends, comes the type of the file system.
constexpr std::string_view kEndOfOptions = " - ";

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Blanks, tabs, line ends and backslashes are written as \040 and the like.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::array<std::string_view, kPlaceField + 1> fields_of(std::string_view line) {
  std::array<std::string_view, kPlaceField + 1> fields;
  for (auto& field : fields) {
    const auto end = std::min(line.find(' '), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> mounts;
  for (const auto line : lines_of(text)) {
    const auto fields = fields_of(line);
    const auto id = parse_number(fields[kIdField]);
    const auto options_end = line.find(kEndOfOptions);
    if (!id || !fields[kPlaceField].starts_with('/') || options_end == std::string_view::npos) {
      continue;
    }
    const auto rest = line.substr(options_end + kEndOfOptions.size());
    mounts.push_back({*id, unescaped(fields[kRootField]), unescaped(fields[kPlaceField]),
                      std::string(rest.substr(0, rest.find(' ')))});
  }
  return mounts;
}

}  // namespace poltergeist
