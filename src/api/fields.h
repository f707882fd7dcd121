// SPDX-License-Identifier: MIT
// Reads the fields of a JSON object into values: a wrong type is remembered with the field's name,
// a missing optional field leaves the default. The first problem wins; the reader is asked once at
// the end.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/json_rpc.h"
#include "base/id.h"
#include "base/time.h"

namespace poltergeist::api {

class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {
    if (!json.is_object()) problem_ = "must be an object";
  }

  Fields& required(const char* key, std::string& to) { return read(key, to, Need::Required); }
  Fields& required(const char* key, std::int64_t& to) { return read(key, to, Need::Required); }
  template <typename T>
  Fields& optional(const char* key, T& to) {
    return read(key, to, Need::Optional);
  }

  // The error, if any field was wrong or missing.
  [[nodiscard]] Result<void> done() const;

 private:
  enum class Need { Optional, Required };

  Fields& read(const char* key, std::string& to, Need need);
  Fields& read(const char* key, bool& to, Need need);
  Fields& read(const char* key, std::int64_t& to, Need need);
  Fields& read(const char* key, std::uint64_t& to, Need need);
  Fields& read(const char* key, int& to, Need need);
  Fields& read(const char* key, double& to, Need need);
  Fields& read(const char* key, Milliseconds& to, Need need);
  Fields& read(const char* key, BuildId& to, Need need);
  Fields& read(const char* key, Json& to, Need need);
  Fields& read(const char* key, std::vector<std::string>& to, Need need);
  Fields& read(const char* key, std::map<std::string, std::string>& to, Need need);
  template <typename T>
  Fields& read(const char* key, std::optional<T>& to, Need need) {
    if (find(key, Need::Optional) == nullptr) return *this;
    T value{};
    read(key, value, need);
    to = std::move(value);
    return *this;
  }

  // The field, or nullptr where it is absent, null, or an earlier field was wrong.
  const Json* find(const char* key, Need need);
  void wrong(const char* key, const char* expected);

  const Json& json_;
  std::string problem_;
};

}  // namespace poltergeist::api
