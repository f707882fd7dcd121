// SPDX-License-Identifier: MIT
#include "config/schema.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "config/keys.h"

namespace poltergeist::config {

namespace {

using nlohmann::ordered_json;

// "targets.autoRun" for "targets[].autoRun": brackets do not belong in a reference.
std::string definition_of(const Section& section) {
  std::string name(section.title);
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  return name;
}

ordered_json reference_to(const std::string& definition) {
  return {{"$ref", "#/definitions/" + definition}};
}

ordered_json text_schema(const Key& key) {
  ordered_json schema = {{"type", "string"}};
  if (key.not_empty) schema["minLength"] = 1;
  return schema;
}

ordered_json choice_schema(const Key& key) {
  auto choices = ordered_json::array();
  for (const auto choice : key.choices) choices.push_back(choice);
  return {{"enum", std::move(choices)}};
}

ordered_json list_schema(ordered_json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

// A bound that is a whole number, as all of them are, shall not be printed as "10.0".
ordered_json number_schema(const Key& key) {
  return {{"type", key.type == ValueType::Count ? "integer" : "number"},
          {"minimum", static_cast<std::int64_t>(key.least)},
          {"maximum", static_cast<std::int64_t>(key.most)}};
}

ordered_json port_schema() {
  return {{"type", "integer"}, {"minimum", 1}, {"maximum", 65'535}};
}

// Text is "auto" or, for what knows no variables, any: what it comes to is not known here.
ordered_json port_choice_schema() {
  auto either = ordered_json::array();
  either.push_back(port_schema());
  either.push_back({{"type", "string"}, {"minLength", 1}});
  either.push_back({{"type", "object"},
                    {"properties", {{"from", port_schema()}, {"to", port_schema()}}},
                    {"required", ordered_json::array({"from", "to"})},
                    {"additionalProperties", false}});
  return {{"anyOf", std::move(either)}};
}

ordered_json value_schema(const Key& key) {
  switch (key.type) {
    case ValueType::Text:
      return text_schema(key);
    case ValueType::Flag:
      return {{"type", "boolean"}};
    case ValueType::Count:
    case ValueType::Number:
    case ValueType::Milliseconds:
    case ValueType::Seconds:
      return number_schema(key);
    case ValueType::Choice:
      return choice_schema(key);
    case ValueType::Choices: {
      auto either = ordered_json::array();
      either.push_back(choice_schema(key));
      either.push_back(list_schema(choice_schema(key)));
      return {{"anyOf", std::move(either)}};
    }
    case ValueType::Signal: {
      auto types = ordered_json::array({"string", "integer"});
      return {{"type", std::move(types)}};
    }
    case ValueType::PortChoice:
      return port_choice_schema();
    case ValueType::OwnPort:
      return {{"anyOf", ordered_json::array({{{"const", true}}, port_schema()})}};
    case ValueType::TextList:
      return list_schema(text_schema(key));
    case ValueType::CountList: {
      auto schema = list_schema({{"type", "integer"},
                                 {"minimum", static_cast<std::int64_t>(key.least)},
                                 {"maximum", static_cast<std::int64_t>(key.most)}});
      if (key.not_empty) schema["minItems"] = 1;
      schema["uniqueItems"] = true;
      return schema;
    }
    case ValueType::TextMap:
      return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    case ValueType::Object:
      // What stands beside a $ref does not count in draft-07.
      return {{"allOf", ordered_json::array({reference_to(definition_of(*key.section))})}};
    case ValueType::ObjectList:
      return list_schema(reference_to(definition_of(*key.section)));
    case ValueType::FreeObject:
      return {{"type", "object"}};
    case ValueType::Anything:
      break;
  }
  return ordered_json::object();
}

ordered_json key_schema(const Key& key) {
  auto schema = value_schema(key);
  schema["description"] = key.without_effect == TypeSet::all()
                              ? std::string(key.meaning) + " Accepted, without effect."
                              : std::string(key.meaning);
  if (!key.preset.empty()) schema["default"] = ordered_json::parse(key.preset);
  return schema;
}

ordered_json alternatives_of(const Section& section) {
  ordered_json alternatives = ordered_json::array();
  for (const auto name : section.one_of) {
    alternatives.push_back({{"required", ordered_json::array({name})}});
  }
  return alternatives;
}

// An object with exactly these keys; the schema of each comes from `schema_for`.
template <typename Wanted, typename Required, typename SchemaFor>
ordered_json object_schema(const Section& section, Wanted wanted, Required required,
                           SchemaFor schema_for) {
  ordered_json properties = ordered_json::object();
  ordered_json needed = ordered_json::array();
  ordered_json never = ordered_json::array();
  ordered_json companions = ordered_json::object();
  for (const auto& key : section.keys) {
    if (!wanted(key)) continue;
    properties[std::string(key.name)] = schema_for(key);
    if (required(key)) needed.push_back(key.name);
    if (!key.only_with.empty()) companions[std::string(key.name)] = {key.only_with};
    if (key.old_name.empty()) continue;
    properties[std::string(key.old_name)] = schema_for(key);
    never.push_back({{"required", {key.name, key.old_name}}});
  }
  ordered_json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!needed.empty()) schema["required"] = std::move(needed);
  if (!never.empty()) schema["not"] = {{"anyOf", std::move(never)}};
  if (!section.one_of.empty()) schema["oneOf"] = alternatives_of(section);
  if (!companions.empty()) schema["dependencies"] = std::move(companions);
  schema["additionalProperties"] = false;
  return schema;
}

ordered_json section_schema(const Section& section) {
  auto schema = object_schema(
      section, [](const Key&) { return true; },
      [](const Key& key) { return key.required == TypeSet::all(); }, key_schema);
  schema["description"] = section.meaning;
  return schema;
}

// Its keys once, and per type an object that refers to them.
void add_target_schemas(ordered_json& definitions) {
  const Section& section = target_section();
  const auto prefix = definition_of(section) + ":";  // a dot begins the name of a section
  for (const auto& key : section.keys) {
    definitions[prefix + std::string(key.name)] = key_schema(key);
  }
  auto by_type = ordered_json::array();
  for (const auto& [type, name] : kTargetTypes) {
    const auto definition = definition_of(section) + "=" + std::string(name);
    definitions[definition] = object_schema(
        section, [&, t = type](const Key& key) { return key.types.has(t); },
        [&, t = type](const Key& key) { return key.required.has(t); },
        [&](const Key& key) { return reference_to(prefix + std::string(key.name)); });
    by_type.push_back(
        {{"if", {{"properties", {{"type", {{"const", name}}}}}, {"required", {"type"}}}},
         {"then", reference_to(definition)}});
  }
  auto required = ordered_json::array();
  for (const auto& key : section.keys) {
    if (key.required == TypeSet::all()) required.push_back(key.name);
  }
  definitions[definition_of(section)] = {{"type", "object"},
                                         {"description", section.meaning},
                                         {"properties", {{"type", reference_to(prefix + "type")}}},
                                         {"required", std::move(required)},
                                         {"allOf", std::move(by_type)}};
}

void add_definitions(const Section& section, ordered_json& definitions) {
  for (const auto& key : section.keys) {
    if (key.section == nullptr) continue;
    if (key.section == &target_section()) {
      add_target_schemas(definitions);
    } else {
      definitions[definition_of(*key.section)] = section_schema(*key.section);
    }
    add_definitions(*key.section, definitions);
  }
}

}  // namespace

std::string json_schema() {
  ordered_json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                         {"title", "poltergeist.config.json"}};
  schema.update(section_schema(project_section()));
  auto definitions = ordered_json::object();
  add_definitions(project_section(), definitions);
  schema["definitions"] = std::move(definitions);
  return schema.dump(2) + "\n";
}

}  // namespace poltergeist::config
