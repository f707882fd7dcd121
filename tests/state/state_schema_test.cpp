// SPDX-License-Identifier: MIT
// docs/poltergeist-state.schema.json, held against what is written.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "full_state.h"
#include "state/target_state_json.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::state;
using nlohmann::json;

namespace {

json published_schema() {
  const auto text = read_file(std::filesystem::path(POLTERGEIST_SOURCE_DIR) /
                              "docs/poltergeist-state.schema.json");
  REQUIRE(text);
  return json::parse(*text);
}

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return type == "boolean" && value.is_boolean();
}

// What the schema has against a value, with the place; as much of draft 7 as it uses. What it does
// not know at all is a fault as well: what we write is to be published whole.
void find_faults(const json& schema, const json& value, const std::string& place,
                 std::vector<std::string>& faults) {
  const auto fault = [&](const std::string& what) { faults.push_back(place + ": " + what); };
  if (!schema.contains("description")) fault("not described");
  // Without a type it may be anything.
  if (!schema.contains("type")) return;
  if (!has_type(value, schema["type"])) return fault("no " + schema["type"].dump());
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
    fault("none of " + schema["enum"].dump());
  }
  if (schema.contains("minimum") && value < schema["minimum"]) fault("too small");
  if (schema.contains("maximum") && value > schema["maximum"]) fault("too large");
  for (const auto& key : schema.value("required", json::array())) {
    if (!value.contains(key)) fault(key.get<std::string>() + " is missing");
  }
  if (value.is_array()) {
    auto items = schema.at("items");
    items.emplace("description", "");
    for (const auto& item : value) find_faults(items, item, place + "[]", faults);
  }
  if (!value.is_object()) return;
  const auto known = schema.value("properties", json::object());
  for (const auto& [key, member] : value.items()) {
    if (known.contains(key)) {
      find_faults(known[key], member, place + "." + key, faults);
    } else if (schema.contains("additionalProperties")) {
      find_faults(schema["additionalProperties"], member, place + ".*", faults);
    } else {
      fault(key + " is not known");
    }
  }
}

std::vector<std::string> faults_of(const json& value) {
  std::vector<std::string> faults;
  auto schema = published_schema();
  find_faults(schema, value, "", faults);
  return faults;
}

// Every key of an object, at any depth.
void collect_keys(const json& value, std::set<std::string>& keys) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) keys.insert(key);
  }
  if (!value.is_structured()) return;
  for (const auto& member : value) collect_keys(member, keys);
}

void collect_properties(const json& schema, std::set<std::string>& names) {
  if (schema.contains("properties")) {
    for (const auto& [name, property] : schema["properties"].items()) {
      names.insert(name);
      collect_properties(property, names);
    }
  }
  for (const auto* below : {"items", "additionalProperties"}) {
    if (schema.contains(below)) collect_properties(schema[below], names);
  }
}

}  // namespace

TEST_CASE("the published schema names nothing that no state file ever has") {
  std::set<std::string> written;
  collect_keys(to_json(full_state()), written);
  std::set<std::string> published;
  collect_properties(published_schema(), published);
  for (const auto& name : published) {
    INFO(name);
    CHECK(written.contains(name));
  }
}

TEST_CASE("the published schema knows every key that a state file may have, and its type") {
  CHECK(faults_of(to_json(full_state())) == std::vector<std::string>());
  TargetState new_one;
  new_one.identity = full_state().identity;
  CHECK(faults_of(to_json(new_one)) == std::vector<std::string>());
}

TEST_CASE("the published schema refuses what no state file says") {
  const auto broken = [](const char* place, const json& value) {
    json state = to_json(full_state());
    state[json::json_pointer(place)] = value;
    return faults_of(state);
  };
  CHECK(
      broken("/watch/state", "fine") ==
      std::vector<std::string>{R"(.watch.state: none of ["ok","rescanning","degraded","failed"])"});
  CHECK(broken("/seq", -1) == std::vector<std::string>{".seq: too small"});
  CHECK(broken("/process/pid", "4711") ==
        std::vector<std::string>{R"(.process.pid: no "integer")"});
  CHECK(broken("/lastBuild/new", 1) == std::vector<std::string>{".lastBuild: new is not known"});
  json nothing = json::object();
  CHECK(faults_of(nothing).size() == published_schema().at("required").size());
}
