// SPDX-License-Identifier: MIT
// The table held against what the reader makes of a configuration.
#include "config/keys.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/loading.h"

using namespace poltergeist;
using namespace poltergeist::config;
using nlohmann::json;

namespace {

// A value that is allowed and is not the default.
json other_value(const Key& key) {
  const auto preset = key.preset.empty() ? json() : json::parse(key.preset);
  switch (key.type) {
    case ValueType::Text:
      return key.name == "http" ? "/other" : "other";
    case ValueType::PortChoice:
    case ValueType::OwnPort:
      return 7;
    case ValueType::Flag:
      return preset.is_boolean() ? !preset.get<bool>() : false;
    case ValueType::Count:
    case ValueType::Number:
    case ValueType::Milliseconds:
    case ValueType::Seconds:
      // Small enough for a settling delay to stay below its limit, and unlike any default.
      return preset == 2000 ? 3000 : std::max(7.0, key.least);
    case ValueType::Choice:
      return key.choices.back() == preset ? key.choices.front() : key.choices.back();
    case ValueType::Choices:
      return "always";
    case ValueType::Signal:
      return "SIGHUP";
    case ValueType::TextList:
      if (key.name == "listen") return {"7"};
      return {"lib"};  // a good pattern, argument and, in these files, dependency
    case ValueType::CountList:
      return {7};
    case ValueType::TextMap:
      return {{"OTHER", "x"}};
    case ValueType::ObjectList:
      return json::array();
    case ValueType::FreeObject:
      return {{"other", 1}};
    case ValueType::Object:
    case ValueType::Anything:
      break;
  }
  return json::object();
}

// For a key that has the first one already.
json second_other_value(const Key& key) {
  if (key.type == ValueType::OwnPort) return 8;
  if (!key.choices.empty()) return key.choices.front();
  return key.name == "http" ? "/different" : "different";
}

const json kLibrary = {
    {"name", "lib"}, {"type", "test"}, {"testCommand", "x"}, {"watchPaths", json::array()}};

// The least object that its section accepts; for targets that of a type.
json least_object(const Section& section, std::optional<TargetType> type) {
  json object = json::object();
  for (const auto& key : section.keys) {
    const bool required = type ? key.required.has(*type) : key.required == TypeSet::all();
    if (required) object[std::string(key.name)] = other_value(key);
  }
  if (!section.one_of.empty()) {
    const auto first = section.one_of.front();
    object[std::string(first)] = other_value(*section.find(first));
  }
  if (type && &section == &target_section()) {
    object["type"] = name_in(kTargetTypes, *type);
    object["watchPaths"] = json::array();
  }
  return object;
}

// The same with what the key needs beside it, and without what it cannot stand beside.
json least_object_for(const Key& key, const Section& section, std::optional<TargetType> type) {
  auto object = least_object(section, type);
  const bool is_alternative = std::ranges::count(section.one_of, key.name) > 0;
  const auto alternative = is_alternative ? key.name : key.only_with;
  for (const auto name : section.one_of) {
    if (!alternative.empty()) object.erase(std::string(name));
  }
  if (!alternative.empty()) {
    object[std::string(alternative)] = other_value(*section.find(alternative));
  }
  if (key.name == "outputFile") object.update({{"outputFormat", "file"}, {"outputFile", "out"}});
  return object;
}

// How a section, seen from the file, is filled with an object.
using Place = std::function<json(const json&)>;

json file_with(const json& targets, const json& more = json::object()) {
  // Tasks for hooks, by the names that other_value() and the tests give.
  const json tasks = {{{"name", "other"}, {"command", "x"}},
                      {{"name", "different"}, {"command", "x"}}};
  json file = {{"version", "1.0"}, {"targets", targets}, {"tasks", tasks}};
  file.update(more);
  return file;
}

struct Spot {
  const Section* section = nullptr;
  std::optional<TargetType> type;
  Place file_with_object;
};

// Every section with a way to put an object of it into a file that is otherwise good.
std::vector<Spot> spots() {
  std::vector<Spot> all;
  all.push_back({&project_section(), {}, [](const json& object) {
                   auto file = file_with(json::array(), object);
                   if (!object.contains("tasks")) file.erase("tasks");
                   return file;
                 }});
  for (const auto& named_type : kTargetTypes) {
    all.push_back({&target_section(), named_type.value, [](const json& object) {
                     return file_with({object, kLibrary});
                   }});
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto parent = all[i];
    if (parent.type && parent.type != TargetType::Executable) continue;
    for (const auto& key : parent.section->keys) {
      if (key.section == nullptr || key.section == &target_section()) continue;
      all.push_back({key.section, {}, [parent, key](const json& object) {
                       auto outer = least_object(*parent.section, parent.type);
                       outer.erase("targets");
                       outer.erase("version");
                       outer[std::string(key.name)] =
                           key.type == ValueType::Object ? object : json::array({object});
                       return parent.file_with_object(outer);
                     }});
    }
  }
  return all;
}

Project project_of(const json& file) {
  return test::load(file.dump()).project;
}

bool is_plain(const Key& key) {
  return key.section == nullptr && key.type != ValueType::Anything;
}

}  // namespace

TEST_CASE("every key of the table is read: another value makes another project") {
  std::set<std::string> ignored;
  for (const auto& spot : spots()) {
    for (const auto& key : spot.section->keys) {
      const std::string name(key.name);
      if (!is_plain(key) || (spot.type && !key.types.has(*spot.type))) continue;
      if (name == "version" || name == "type") continue;  // one value; another kind of target
      const auto least = least_object_for(key, *spot.section, spot.type);
      const auto before = project_of(spot.file_with_object(least));
      auto changed = least;
      changed[name] = other_value(key);
      if (changed == least) changed[name] = second_other_value(key);
      INFO(spot.section->title << "." << name << " in " << changed.dump());
      const bool has_effect =
          spot.type ? !key.without_effect.has(*spot.type) : key.without_effect != TypeSet::all();
      const bool differs = !(project_of(spot.file_with_object(changed)) == before);
      if (has_effect && !differs) ignored.insert(std::string(spot.section->title) + "." + name);
    }
  }
  // For editors and for the panel; `action` has one value.
  CHECK(ignored == std::set<std::string>{".$schema",
                                         "performance.autoOptimize",
                                         "performance.metrics.enabled",
                                         "performance.metrics.reportInterval",
                                         "performance.profile",
                                         "statusScripts[].command",
                                         "statusScripts[].cooldownSeconds",
                                         "statusScripts[].formatter",
                                         "statusScripts[].label",
                                         "statusScripts[].maxLines",
                                         "statusScripts[].targets",
                                         "statusScripts[].timeoutSeconds",
                                         "summaryScripts[].command",
                                         "summaryScripts[].formatter",
                                         "summaryScripts[].label",
                                         "summaryScripts[].maxLines",
                                         "summaryScripts[].placement",
                                         "summaryScripts[].refreshSeconds",
                                         "summaryScripts[].timeoutSeconds",
                                         "watcher.rules[].action"});
}

TEST_CASE("every documented default is what holds without the key") {
  for (const auto& spot : spots()) {
    for (const auto& key : spot.section->keys) {
      if (key.preset.empty() || (spot.type && !key.types.has(*spot.type))) continue;
      const auto least = least_object_for(key, *spot.section, spot.type);
      const auto before = project_of(spot.file_with_object(least));
      auto explicit_default = least;
      explicit_default[std::string(key.name)] = json::parse(key.preset);
      INFO(spot.section->title << "." << key.name);
      CHECK(project_of(spot.file_with_object(explicit_default)) == before);
    }
  }
}

TEST_CASE("an old spelling means what the new one means") {
  for (const auto& spot : spots()) {
    for (const auto& key : spot.section->keys) {
      if (key.old_name.empty()) continue;
      auto with_new = least_object(*spot.section, spot.type);
      auto with_old = with_new;
      with_new[std::string(key.name)] = other_value(key);
      with_old[std::string(key.old_name)] = other_value(key);
      INFO(spot.section->title << "." << key.old_name);
      CHECK(project_of(spot.file_with_object(with_old)) ==
            project_of(spot.file_with_object(with_new)));
    }
  }
}

TEST_CASE("every key refuses a value of another type") {
  for (const auto& spot : spots()) {
    for (const auto& key : spot.section->keys) {
      if (key.type == ValueType::Anything || (spot.type && !key.types.has(*spot.type))) continue;
      auto wrong = least_object_for(key, *spot.section, spot.type);
      const bool may_be_true = key.type == ValueType::Flag || key.type == ValueType::OwnPort;
      wrong[std::string(key.name)] = may_be_true ? json(0) : json(true);
      INFO(spot.section->title << "." << key.name);
      CHECK_FALSE(test::problems_in(spot.file_with_object(wrong).dump()).empty());
    }
  }
}

TEST_CASE("every row of the table is complete") {
  for (const auto& spot : spots()) {
    std::set<std::string_view> names;
    CHECK_FALSE(spot.section->meaning.empty());
    for (const auto& key : spot.section->keys) {
      INFO(spot.section->title << "." << key.name);
      CHECK(names.insert(key.name).second);
      if (!key.old_name.empty()) CHECK(names.insert(key.old_name).second);
      CHECK(key.meaning.ends_with('.'));
      CHECK(key.least <= key.most);
      const bool chooses = key.type == ValueType::Choice || key.type == ValueType::Choices;
      CHECK(chooses == !key.choices.empty());
      const bool nests = key.type == ValueType::Object || key.type == ValueType::ObjectList;
      CHECK(nests == (key.section != nullptr));
    }
  }
}
