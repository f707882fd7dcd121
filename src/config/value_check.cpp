// SPDX-License-Identifier: MIT
#include "config/value_check.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/signal_names.h"
#include "base/text.h"

namespace poltergeist::config {

namespace {

// What a misspelt value may have been meant for. There is nothing to mean where there is one name,
// and nobody misspells a page.
std::string hint(const Json& json, const std::vector<std::string>& names) {
  const auto& text = text_of(json);
  return names.size() > 1 && text.size() <= 64 ? did_you_mean(text, names) : std::string();
}

std::string listed(std::span<const std::string_view> choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += fmt::format("\"{}\"", choices[i]);
  }
  return text;
}

// A value as a message quotes it.
std::string shown(const Json& json) {
  if (const auto* text = json.as<std::string>()) return in_quotes(*text);
  if (const auto* number = json.as<double>()) return fmt::format("{}", *number);
  return std::string(kind_of(json));
}

constexpr int kMostPort = 65'535;

class Check {
 public:
  Check(const Key& key, Reading& reading) : key_(key), reading_(reading) {}

  bool value(const Json& json) {
    switch (key_.type) {
      case ValueType::Text:
        return text(json);
      case ValueType::Flag:
        return json.as<bool>() != nullptr || wrong(json);
      case ValueType::Count:
      case ValueType::Number:
      case ValueType::Milliseconds:
      case ValueType::Seconds:
        return number(json);
      case ValueType::Choice:
        return choice(json);
      case ValueType::Choices:
        return json.as<JsonArray>() != nullptr
                   ? entries(json, [this](const Json& entry) { return choice(entry); })
                   : choice(json);
      case ValueType::Signal:
        return signal(json);
      case ValueType::PortChoice:
        return port_choice(json);
      case ValueType::OwnPort:
        return port_in(json) || is_true(json) || wrong(json);
      case ValueType::TextList:
        return entries(json, [this](const Json& entry) { return text(entry); });
      case ValueType::CountList:
        return counts(json);
      case ValueType::TextMap:
        return variables(json);
      case ValueType::Object:
        return json.as<JsonObject>() != nullptr || wrong(json);
      case ValueType::ObjectList:
        return json.as<JsonArray>() != nullptr || wrong(json);
      case ValueType::FreeObject:
        return json.as<JsonObject>() != nullptr ? any(json) : wrong(json);
      case ValueType::Anything:
        return true;
    }
    return false;
  }

 private:
  bool wrong(const Json& json) {
    reading_.problem(json.place, "\"{}\" must be {}, not {}", key_.name, wanted_by(key_),
                     shown(json));
    return false;
  }

  bool text(const Json& json) {
    const auto* string = json.as<std::string>();
    if (string == nullptr) return wrong(json);
    if (key_.not_empty && string->empty()) {
      reading_.problem(json.place, "\"{}\" may not be empty{}", key_.name,
                       key_.type == ValueType::TextList ? " in any entry" : "");
      return false;
    }
    return without_nul(*string, json.place);
  }

  bool without_nul(std::string_view string, Place place) {
    if (string.find('\0') == std::string_view::npos) return true;
    reading_.problem(place, "\"{}\" may not hold the character \\u0000", key_.name);
    return false;
  }

  bool number(const Json& json) {
    const auto* number = json.as<double>();
    if (number == nullptr || *number < key_.least || *number > key_.most) return wrong(json);
    const bool whole = key_.type == ValueType::Count || key_.type == ValueType::CountList;
    return !whole || *number == std::floor(*number) || wrong(json);
  }

  bool counts(const Json& json) {
    const auto* list = json.as<JsonArray>();
    if (list != nullptr && list->empty() && key_.not_empty) {
      reading_.problem(json.place, "\"{}\" may not be empty", key_.name);
      return false;
    }
    return entries(json, [this](const Json& entry) { return number(entry); });
  }

  // Of a free object, all the way down: what others could not be told as it was written.
  bool any(const Json& json) {
    if (const auto* text = json.as<std::string>()) return without_nul(*text, json.place);
    if (const auto* number = json.as<double>()) return exact(*number, json.place);
    bool good = true;
    if (const auto* list = json.as<JsonArray>()) {
      for (const auto& entry : *list) good = any(entry) && good;
    }
    if (const auto* object = json.as<JsonObject>()) {
      for (const auto& [name, place, value] : *object) {
        good = without_nul(name, place) && good;
        good = any(value) && good;
      }
    }
    return good;
  }

  bool exact(double number, Place place) {
    // 2^53: from here on a double skips whole numbers.
    if (std::abs(number) < 9'007'199'254'740'992.0) return true;
    reading_.problem(place, "\"{}\": a number this large would lose digits: write it as text",
                     key_.name);
    return false;
  }

  bool choice(const Json& json) {
    const auto* string = json.as<std::string>();
    if (string != nullptr && std::ranges::find(key_.choices, *string) != key_.choices.end()) {
      return true;
    }
    reading_.problem(json.place, "\"{}\" must be {}, not {}{}", key_.name, listed(key_.choices),
                     shown(json), hint(json, {key_.choices.begin(), key_.choices.end()}));
    return false;
  }

  bool signal(const Json& json) {
    if (signal_of(json)) return true;
    if (json.as<std::string>() == nullptr && json.as<double>() == nullptr) return wrong(json);
    reading_.problem(json.place, "\"{}\" must be a signal, not {}{}; there are {}", key_.name,
                     shown(json), hint(json, signal_names()), joined(signal_names(), ", "));
    return false;
  }

  static bool is_true(const Json& json) {
    const auto* flag = json.as<bool>();
    return flag != nullptr && *flag;
  }

  // Nothing: it is none.
  static std::optional<int> port_in(const Json& json) {
    const auto* number = json.as<double>();
    const bool is_port =
        number != nullptr && *number >= 1 && *number <= kMostPort && *number == std::floor(*number);
    return is_port ? std::optional(static_cast<int>(*number)) : std::nullopt;
  }
  static std::optional<int> port_in(const JsonObject& object, std::string_view key) {
    const auto* member = member_of(object, key);
    return member == nullptr ? std::nullopt : port_in(member->value);
  }

  // What text comes to is known when its variables are substituted.
  bool port_choice(const Json& json) {
    if (json.as<std::string>() != nullptr) return text(json);
    const auto* object = json.as<JsonObject>();
    if (object == nullptr) return port_in(json) || wrong(json);
    const auto from = port_in(*object, "from");
    const auto to = port_in(*object, "to");
    if (object->size() != 2 || !from || !to) return wrong(json);
    if (*from <= *to) return true;
    reading_.problem(json.place, "\"{}\": \"to\" must not be less than \"from\"", key_.name);
    return false;
  }

  template <typename CheckEntry>
  bool entries(const Json& json, CheckEntry check) {
    const auto* list = json.as<JsonArray>();
    if (list == nullptr) return wrong(json);
    bool good = true;
    for (const auto& entry : *list) good = check(entry) && good;
    return good;
  }

  bool variables(const Json& json) {
    const auto* object = json.as<JsonObject>();
    if (object == nullptr) return wrong(json);
    bool good = true;
    for (const auto& [name, place, value] : *object) good = variable(name, place, value) && good;
    return good;
  }

  bool variable(const std::string& name, Place place, const Json& value) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      reading_.problem(place, "{} cannot be the name of an environment variable", in_quotes(name));
      return false;
    }
    if (const auto* string = value.as<std::string>()) return without_nul(*string, value.place);
    const auto* number = value.as<double>();
    reading_.problem(value.place, "{} in \"{}\" must be text, not {}{}", in_quotes(name), key_.name,
                     shown(value),
                     number != nullptr ? fmt::format(": write \"{}\"", *number) : std::string());
    return false;
  }

  const Key& key_;
  Reading& reading_;
};

}  // namespace

bool check_value(const Key& key, const Json& json, Reading& reading) {
  return Check(key, reading).value(json);
}

std::string wanted_by(const Key& key) {
  switch (key.type) {
    case ValueType::Text:
      return "text";
    case ValueType::Flag:
      return "true or false";
    case ValueType::Count:
      return fmt::format("a whole number from {:.0f} to {:.0f}", key.least, key.most);
    case ValueType::Number:
      return fmt::format("a number from {:.0f} to {:.0f}", key.least, key.most);
    case ValueType::Milliseconds:
      return fmt::format("a number of milliseconds from {:.0f} to {:.0f}", key.least, key.most);
    case ValueType::Seconds:
      return fmt::format("a number of seconds from {:.0f} to {:.0f}", key.least, key.most);
    case ValueType::Choice:
      return listed(key.choices);
    case ValueType::Choices:
      return listed(key.choices) + ", or a list of these";
    case ValueType::Signal:
      return "a signal: its name or its number";
    case ValueType::PortChoice:
      return fmt::format("a port from 1 to {}, \"auto\", or an object {{\"from\": …, \"to\": …}}",
                         kMostPort);
    case ValueType::OwnPort:
      return fmt::format("true, or a port from 1 to {}", kMostPort);
    case ValueType::TextList:
      return "a list of texts";
    case ValueType::CountList:
      return fmt::format("a list of whole numbers from {:.0f} to {:.0f}", key.least, key.most);
    case ValueType::TextMap:
      return "an object whose values are texts";
    case ValueType::Object:
      return "an object";
    case ValueType::ObjectList:
      return "a list of objects";
    case ValueType::FreeObject:
      return "an object";
    case ValueType::Anything:
      return "anything";
  }
  return {};
}

std::optional<int> signal_of(const Json& json) {
  if (const auto* text = json.as<std::string>()) return signal_number(*text);
  const auto* number = json.as<double>();
  if (number == nullptr || *number != std::floor(*number)) return std::nullopt;
  return signal_number(fmt::format("{:.0f}", *number));
}

}  // namespace poltergeist::config
