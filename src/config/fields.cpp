// SPDX-License-Identifier: MIT
#include "config/fields.h"

#include <algorithm>
#include <cmath>

#include "base/secret_names.h"
#include "base/text.h"
#include "config/substitute.h"
#include "config/value_check.h"

namespace poltergeist::config {

namespace {

// Longer words are nobody's misspelling of a key.
constexpr std::size_t kLongestWord = 64;

std::string types_of(TypeSet types) {
  std::vector<std::string> names;
  for (const auto& [type, name] : kTargetTypes) {
    if (types.has(type)) names.emplace_back(name);
  }
  return joined(names, ", ");
}

// Sections that know a key of this name, for one that stands in the wrong place.
void add_sections_with(std::string_view name, const Section& section,
                       std::vector<std::string>& into) {
  for (const auto& key : section.keys) {
    if (key.name == name && key.without_effect.empty() && into.size() < 3) {
      into.push_back(section.title.empty() ? "the file itself"
                                           : "\"" + std::string(section.title) + "\"");
    }
    if (key.section != nullptr) add_sections_with(name, *key.section, into);
  }
}

// `"a" or "b"`
std::string any_of(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : " or ", name);
  return text;
}

int whole_number_in(const Member* member) {
  const auto* number = member == nullptr ? nullptr : member->value.as<double>();
  return number == nullptr ? 0 : static_cast<int>(*number);
}

template <typename Unit>
Unit rounded_up(double count) {
  return Unit(static_cast<typename Unit::rep>(std::ceil(count)));
}

}  // namespace

Fields::Fields(const Section& section, const Json& json, Reading& reading,
               std::optional<TargetType> type)
    : section_(section), json_(json), reading_(reading), type_(type) {
  const auto* object = json.as<JsonObject>();
  if (object == nullptr) {
    reading_.problem(json.place, "expected an object in {{ }}, not {}", kind_of(json));
    return;
  }
  for (const auto& member : *object) {
    if (reading_.full()) return;
    take(member);
  }
  check_required();
  check_alternatives(*object);
}

void Fields::take(const Member& member) {
  const Key* key = section_.find(member.key);
  if (key == nullptr || !known_here(*key)) return report_unknown(member);
  if (key->old_name == member.key) {
    if (member_of(*json_.as<JsonObject>(), key->name) != nullptr) {
      return reading_.problem(member.place,
                              "\"{}\" is the old spelling of \"{}\", which is here too: keep one",
                              key->old_name, key->name);
    }
    reading_.note(member.place, "\"{}\" is the old spelling of \"{}\"", key->old_name, key->name);
  }
  if (type_ ? key->without_effect.has(*type_) : key->without_effect == TypeSet::all()) {
    reading_.note(member.place, "\"{}\" has no effect{}", key->name,
                  key->without_effect == TypeSet::all()
                      ? std::string(" here")
                      : fmt::format(" on targets of type {}", name_in(kTargetTypes, *type_)));
  }
  if (const auto other = alternative_to(key->only_with); !other.empty()) {
    return reading_.problem(member.place, "\"{}\" goes with \"{}\", not with \"{}\": leave it out",
                            key->name, key->only_with, other);
  }
  if (check_value(*key, member.value, reading_)) found_.push_back({key, &member.value});
}

bool Fields::known_here(const Key& key) const {
  return !type_ || key.types.has(*type_);
}

void Fields::report_unknown(const Member& member) const {
  if (const Key* elsewhere = section_.find(member.key)) {
    return reading_.problem(member.place, "\"{}\" belongs to targets of type {}, not to {}",
                            member.key, types_of(elsewhere->types),
                            type_ ? name_in(kTargetTypes, *type_) : std::string_view("these"));
  }
  std::vector<std::string> candidates;
  for (const auto& key : section_.keys) {
    if (known_here(key)) candidates.emplace_back(key.name);
  }
  std::string hint;
  if (member.key.size() <= kLongestWord) {
    hint = did_you_mean(member.key, candidates);
    std::vector<std::string> sections;
    if (hint.empty()) add_sections_with(member.key, project_section(), sections);
    if (!sections.empty()) hint = "; it belongs in " + joined(sections, " or ");
  }
  reading_.problem(member.place, "unknown key {}{}", in_quotes(member.key), hint);
}

void Fields::check_required() const {
  const auto& object = *json_.as<JsonObject>();
  for (const auto& key : section_.keys) {
    const bool required = type_ ? key.required.has(*type_) : key.required == TypeSet::all();
    if (!required || member_of(object, key.name) != nullptr) continue;
    if (!key.old_name.empty() && member_of(object, key.old_name) != nullptr) continue;
    reading_.problem(json_.place, "\"{}\" is missing{}: it must be {}", key.name,
                     type_ && key.required != TypeSet::all()
                         ? fmt::format(" in this target of type {}", name_in(kTargetTypes, *type_))
                         : std::string(),
                     wanted_by(key));
  }
}

void Fields::check_alternatives(const JsonObject& object) const {
  const Member* first = nullptr;
  for (const auto& member : object) {
    if (std::ranges::find(section_.one_of, member.key) == section_.one_of.end()) continue;
    if (first != nullptr && first->key != member.key) {
      reading_.problem(member.place, "\"{}\" and \"{}\" exclude each other: keep one", first->key,
                       member.key);
    }
    if (first == nullptr) first = &member;
  }
  if (first != nullptr || section_.one_of.empty()) return;
  reading_.problem(json_.place, "{} is missing: give one of them", any_of(section_.one_of));
}

// The alternative that is here where this one of them is not; empty: all is well.
std::string_view Fields::alternative_to(std::string_view name) const {
  if (name.empty() || is_written(name)) return {};
  const auto other = std::ranges::find_if(
      section_.one_of, [&](std::string_view alternative) { return is_written(alternative); });
  return other == section_.one_of.end() ? std::string_view() : *other;
}

bool Fields::is_written(std::string_view name) const {
  const auto* object = json_.as<JsonObject>();
  return object != nullptr && member_of(*object, name) != nullptr;
}

const Fields::Found* Fields::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(found_, [&](const Found& entry) { return entry.key->name == name; });
  return found == found_.end() ? nullptr : &*found;
}

Place Fields::place_of(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? json_.place : found->value->place;
}

std::string Fields::text_in(const Key& key, const Json& json) const {
  const auto* text = json.as<std::string>();
  if (text == nullptr) return {};
  if (!key.substituted) return *text;
  if (key.seen_by_all && holds_secret(key, *text, json.place)) return {};
  auto substituted = substitute(*text, reading_.environment());
  if (!substituted) {
    reading_.problem(json.place, "\"{}\": {}", key.name, substituted.error().message);
    return {};
  }
  if (key.not_empty && substituted->empty()) {
    reading_.problem(json.place, "\"{}\": nothing is left of {} with these environment variables",
                     key.name, in_quotes(*text));
  }
  return *std::move(substituted);
}

bool Fields::holds_secret(const Key& key, std::string_view text, Place place) const {
  const auto names = variables_in(text);
  const auto secret = std::ranges::find_if(names, is_secret_name);
  if (secret == names.end()) return false;
  reading_.problem(
      place,
      "\"{}\": everybody could see the value of {} in the list of processes; give it to "
      "the command by \"env\"",
      key.name, *secret);
  return true;
}

template <typename T>
const T* Fields::value_of(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? nullptr : found->value->as<T>();
}

void Fields::read(std::string_view name, std::string& into) const {
  if (const auto* found = find(name)) into = text_in(*found->key, *found->value);
}

void Fields::read_as_written(std::string_view name, std::string& into) const {
  if (const auto* text = value_of<std::string>(name)) into = *text;
}

void Fields::read(std::string_view name, bool& into) const {
  if (const auto* flag = value_of<bool>(name)) into = *flag;
}

void Fields::read(std::string_view name, std::optional<bool>& into) const {
  if (const auto* flag = value_of<bool>(name)) into = *flag;
}

void Fields::read(std::string_view name, int& into) const {
  if (const auto* number = value_of<double>(name)) into = static_cast<int>(*number);
}

void Fields::read(std::string_view name, double& into) const {
  if (const auto* number = value_of<double>(name)) into = *number;
}

void Fields::read(std::string_view name, Milliseconds& into) const {
  if (const auto* number = value_of<double>(name)) into = rounded_up<Milliseconds>(*number);
}

void Fields::read(std::string_view name, std::optional<Milliseconds>& into) const {
  if (const auto* number = value_of<double>(name)) into = rounded_up<Milliseconds>(*number);
}

void Fields::read(std::string_view name, Seconds& into) const {
  if (const auto* number = value_of<double>(name)) into = rounded_up<Seconds>(*number);
}

void Fields::read(std::string_view name, std::vector<std::string>& into) const {
  const auto* found = find(name);
  if (found == nullptr) return;
  into.clear();
  for (const auto& entry : list(name)) into.push_back(text_in(*found->key, entry));
}

void Fields::read(std::string_view name, std::vector<int>& into) const {
  if (!has(name)) return;
  into.clear();
  for (const auto& entry : list(name)) {
    if (const auto* number = entry.as<double>()) into.push_back(static_cast<int>(*number));
  }
}

void Fields::read(std::string_view name, Environment& into) const {
  const auto* found = find(name);
  const auto* object = value_of<JsonObject>(name);
  if (found == nullptr || object == nullptr) return;
  into.clear();
  for (const auto& variable : *object) {
    into.insert_or_assign(variable.key, text_in(*found->key, variable.value));
  }
}

void Fields::read_signal(std::string_view name, int& into) const {
  if (const auto* found = find(name)) into = signal_of(*found->value).value_or(into);
}

void Fields::read_port(std::string_view name, std::optional<PortRange>& into) const {
  const auto* found = find(name);
  if (found == nullptr) return;
  if (const auto* object = found->value->as<JsonObject>()) {
    into = PortRange{whole_number_in(member_of(*object, "from")),
                     whole_number_in(member_of(*object, "to"))};
  } else if (const auto* number = found->value->as<double>()) {
    into = PortRange{static_cast<int>(*number), static_cast<int>(*number)};
  } else {
    const auto text = text_in(*found->key, *found->value);
    const auto port = parse_number(text);
    if (text == "auto") {
      into = kAnyPort;
    } else if (port && *port >= 1 && *port <= 65'535) {
      into = PortRange{static_cast<int>(*port), static_cast<int>(*port)};
    } else if (!text.empty()) {
      reading_.problem(found->value->place, "\"{}\" must be {}, not {}", name,
                       wanted_by(*found->key), in_quotes(text));
    }
  }
}

void Fields::read_own_port(std::string_view name, std::optional<int>& into) const {
  if (!has(name)) return;
  const auto* number = value_of<double>(name);
  into = number == nullptr ? 0 : static_cast<int>(*number);
}

std::vector<std::string> Fields::choices(std::string_view name) const {
  if (const auto* one = value_of<std::string>(name)) return {*one};
  std::vector<std::string> all;
  for (const auto& entry : list(name)) {
    if (const auto* text = entry.as<std::string>()) all.push_back(*text);
  }
  return all;
}

const Json* Fields::object(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? nullptr : found->value;
}

const JsonArray& Fields::list(std::string_view name) const {
  static const JsonArray kEmpty;
  const auto* list = value_of<JsonArray>(name);
  return list == nullptr ? kEmpty : *list;
}

}  // namespace poltergeist::config
