// SPDX-License-Identifier: MIT
// One object of the configuration, held against its section of the table: once made, everything
// that is wrong with its keys has been reported, and read() sees only what is right. A key that is
// absent or wrong leaves its variable as it was.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"
#include "config/located_json.h"
#include "config/reading.h"

namespace poltergeist::config {

class Fields {
 public:
  // `type` is the target's, for its own keys; without one every target type's keys are known.
  Fields(const Section& section, const Json& json, Reading& reading,
         std::optional<TargetType> type = {});

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  // Also with a value that was reported.
  [[nodiscard]] bool is_written(std::string_view name) const;
  // The value's; the object's if the key is absent.
  [[nodiscard]] Place place_of(std::string_view name) const;

  void read(std::string_view name, std::string& into) const;
  // Without substitution, whatever the table says.
  void read_as_written(std::string_view name, std::string& into) const;
  void read(std::string_view name, bool& into) const;
  void read(std::string_view name, std::optional<bool>& into) const;
  void read(std::string_view name, int& into) const;
  void read(std::string_view name, double& into) const;
  void read(std::string_view name, Milliseconds& into) const;
  void read(std::string_view name, std::optional<Milliseconds>& into) const;
  void read(std::string_view name, Seconds& into) const;
  void read(std::string_view name, std::vector<std::string>& into) const;
  void read(std::string_view name, std::vector<int>& into) const;
  void read(std::string_view name, Environment& into) const;
  void read_signal(std::string_view name, int& into) const;
  // "auto" is kAnyPort.
  void read_port(std::string_view name, std::optional<PortRange>& into) const;
  // True is 0.
  void read_own_port(std::string_view name, std::optional<int>& into) const;

  template <typename E, std::size_t N, typename Into>
  void read_choice(std::string_view name, const std::array<EnumName<E>, N>& table,
                   Into& into) const {
    std::string text;
    read(name, text);
    if (const auto value = value_in(table, text)) into = *value;
  }
  // A choice or a list of choices; nothing if the key is absent.
  [[nodiscard]] std::vector<std::string> choices(std::string_view name) const;

  // The object or list under a key, for Fields of their own.
  [[nodiscard]] const Json* object(std::string_view name) const;
  [[nodiscard]] const JsonArray& list(std::string_view name) const;

 private:
  struct Found {
    const Key* key = nullptr;
    const Json* value = nullptr;
  };

  [[nodiscard]] const Found* find(std::string_view name) const;
  // Of the type that check_value let pass; nothing if the key is absent.
  template <typename T>
  [[nodiscard]] const T* value_of(std::string_view name) const;
  void take(const Member& member);
  void report_unknown(const Member& member) const;
  void check_required() const;
  void check_alternatives(const JsonObject& object) const;
  [[nodiscard]] std::string_view alternative_to(std::string_view name) const;
  [[nodiscard]] bool known_here(const Key& key) const;
  [[nodiscard]] std::string text_in(const Key& key, const Json& json) const;
  // Reports it if so.
  [[nodiscard]] bool holds_secret(const Key& key, std::string_view text, Place place) const;

  const Section& section_;
  const Json& json_;
  Reading& reading_;
  std::optional<TargetType> type_;
  std::vector<Found> found_;
};

}  // namespace poltergeist::config
