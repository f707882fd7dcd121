// SPDX-License-Identifier: MIT
// The one table of everything that may stand in a configuration. The reader checks by it, the JSON
// Schema and docs/configuration.md are printed from it, and tests hold it against what the reader
// does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/project.h"

namespace poltergeist::config {

enum class ValueType {
  Text,          // a string without NUL
  Flag,          // true or false
  Count,         // a whole number
  Number,        // any number
  Milliseconds,  // a number; parts of the unit are rounded up
  Seconds,
  Choice,      // one of `choices`
  Choices,     // one of `choices`, or a list of them
  Signal,      // "SIGTERM", "TERM" or a number
  PortChoice,  // a port, "auto", or an object with "from" and "to"; text is substituted first
  OwnPort,     // true, or a port
  TextList,    // a list of strings
  CountList,   // a list of whole numbers, none twice
  TextMap,     // an object whose values are strings: environment variables
  Object,      // `section`
  ObjectList,  // a list of `section`
  FreeObject,  // an object whose members nobody here knows
  Anything
};

// A set of target types. Keys that are not a target's do not care.
class TypeSet {
 public:
  constexpr TypeSet() = default;
  template <typename... Types>
  constexpr explicit TypeSet(TargetType first, Types... more)
      : bits_((bit(first) | ... | bit(more))) {}

  [[nodiscard]] static constexpr TypeSet all() {
    TypeSet set;
    for (const auto& type : kTargetTypes) set.bits_ |= bit(type.value);
    return set;
  }
  [[nodiscard]] constexpr TypeSet without(TypeSet others) const {
    TypeSet set;
    set.bits_ = bits_ & ~others.bits_;
    return set;
  }
  [[nodiscard]] constexpr bool has(TargetType type) const { return (bits_ & bit(type)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  friend bool operator==(const TypeSet&, const TypeSet&) = default;

 private:
  static constexpr std::uint32_t bit(TargetType type) {
    return std::uint32_t{1} << static_cast<unsigned>(type);
  }
  std::uint32_t bits_ = 0;
};

struct Section;

struct Key {
  std::string_view name;
  ValueType type = ValueType::Text;
  std::string_view meaning;  // sentences for docs and editors; Markdown
  // What holds without the key, as JSON; empty: nothing, or `meaning` says it.
  std::string_view preset = {};
  double least = 0;
  double most = 1e9;
  std::span<const std::string_view> choices = {};
  const Section* section = nullptr;
  TypeSet types = TypeSet::all();  // the target types that know the key
  TypeSet required = {};           // and those that cannot do without it; all(): always
  // Accepted, but nothing comes of it here; all(): for no type, and outside targets.
  TypeSet without_effect = {};
  std::string_view old_name = {};
  bool not_empty = false;    // text, or an entry of a list, may not be ""; a CountList: no []
  bool substituted = false;  // ${VAR} and ${VAR:-default} are replaced in it
  bool seen_by_all = false;  // it becomes an argument: no secret may be substituted
  std::string_view only_with = {};  // which of the section's alternatives it belongs to; empty: all
};

struct Section {
  std::string_view title;    // where it stands: "targets[].autoRun"; the file itself is ""
  std::string_view meaning;  // Markdown
  std::span<const Key> keys;
  std::span<const std::string_view> one_of = {};  // alternatives: exactly one of these is there

  // The key of that name, or of that old name.
  [[nodiscard]] const Key* find(std::string_view name) const;
};

// The file as a whole; all others hang below it.
[[nodiscard]] const Section& project_section();
[[nodiscard]] const Section& target_section();

}  // namespace poltergeist::config
