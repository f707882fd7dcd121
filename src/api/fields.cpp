// SPDX-License-Identifier: MIT
#include "api/fields.h"

#include <limits>

namespace poltergeist::api {

Result<void> Fields::done() const {
  if (problem_.empty()) return {};
  return fail(Errc::Invalid, "{}", problem_);
}

const Json* Fields::find(const char* key, Need need) {
  if (!problem_.empty()) return nullptr;
  const auto found = json_.find(key);
  if (found != json_.end() && !found->is_null()) return &*found;
  if (need == Need::Required) problem_ = fmt::format("\"{}\" is missing", key);
  return nullptr;
}

void Fields::wrong(const char* key, const char* expected) {
  problem_ = fmt::format("\"{}\" must be {}", key, expected);
}

Fields& Fields::read(const char* key, std::string& to, Need need) {
  if (const Json* value = find(key, need)) {
    if (value->is_string()) {
      to = value->get<std::string>();
    } else {
      wrong(key, "a string");
    }
  }
  return *this;
}

Fields& Fields::read(const char* key, bool& to, Need need) {
  if (const Json* value = find(key, need)) {
    if (value->is_boolean()) {
      to = value->get<bool>();
    } else {
      wrong(key, "true or false");
    }
  }
  return *this;
}

Fields& Fields::read(const char* key, std::int64_t& to, Need need) {
  if (const Json* value = find(key, need)) {
    if (value->is_number_integer() &&
        !(value->is_number_unsigned() &&
          value->get<std::uint64_t>() >
              static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
      to = value->get<std::int64_t>();
    } else {
      wrong(key, "a whole number");
    }
  }
  return *this;
}

Fields& Fields::read(const char* key, std::uint64_t& to, Need need) {
  std::int64_t number = -1;
  if (find(key, need) == nullptr) return *this;
  read(key, number, need);
  if (!problem_.empty()) return *this;
  if (number < 0) {
    wrong(key, "a whole number, not negative");
  } else {
    to = static_cast<std::uint64_t>(number);
  }
  return *this;
}

Fields& Fields::read(const char* key, int& to, Need need) {
  std::int64_t number = 0;
  if (find(key, need) == nullptr) return *this;
  read(key, number, need);
  if (!problem_.empty()) return *this;
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
    wrong(key, "a smaller number");
  } else {
    to = static_cast<int>(number);
  }
  return *this;
}

Fields& Fields::read(const char* key, double& to, Need need) {
  if (const Json* value = find(key, need)) {
    if (value->is_number()) {
      to = value->get<double>();
    } else {
      wrong(key, "a number");
    }
  }
  return *this;
}

Fields& Fields::read(const char* key, Milliseconds& to, Need need) {
  // Bounded, so that adding it to a point in time cannot overflow.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  std::uint64_t number = 0;
  if (find(key, need) == nullptr) return *this;
  read(key, number, need);
  if (!problem_.empty()) return *this;
  if (number > kMost) {
    wrong(key, "a shorter time (in ms)");
  } else {
    to = Milliseconds(number);
  }
  return *this;
}

Fields& Fields::read(const char* key, BuildId& to, Need need) {
  std::uint64_t number = to.value();
  read(key, number, need);
  to = BuildId(number);
  return *this;
}

Fields& Fields::read(const char* key, Json& to, Need need) {
  if (const Json* value = find(key, need)) to = *value;
  return *this;
}

Fields& Fields::read(const char* key, std::vector<std::string>& to, Need need) {
  const Json* value = find(key, need);
  if (value == nullptr) return *this;
  if (!value->is_array()) {
    wrong(key, "a list of strings");
    return *this;
  }
  std::vector<std::string> strings;
  for (const auto& entry : *value) {
    if (!entry.is_string()) {
      wrong(key, "a list of strings");
      return *this;
    }
    strings.push_back(entry.get<std::string>());
  }
  to = std::move(strings);
  return *this;
}

Fields& Fields::read(const char* key, std::map<std::string, std::string>& to, Need need) {
  const Json* value = find(key, need);
  if (value == nullptr) return *this;
  std::map<std::string, std::string> strings;
  bool good = value->is_object();
  if (good) {
    for (const auto& [name, entry] : value->items()) {
      good = good && entry.is_string();
      if (good) strings.emplace(name, entry.get<std::string>());
    }
  }
  if (good) {
    to = std::move(strings);
  } else {
    wrong(key, "an object of strings");
  }
  return *this;
}

}  // namespace poltergeist::api
