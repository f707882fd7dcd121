// SPDX-License-Identifier: MIT
#include "config/schema.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "config/keys.h"

using namespace poltergeist::config;
namespace fs = std::filesystem;

namespace {

// The committed file, after UPDATE=1 has written it anew.
std::string committed(const char* name, const std::string& now) {
  const auto file = fs::path(POLTERGEIST_SOURCE_DIR) / name;
  if (std::getenv("UPDATE") != nullptr) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << now;
  }
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// Compared as a whole, shown as a sentence: the texts are long.
bool is_up_to_date(const char* name, const std::string& now) {
  return committed(name, now) == now;
}

}  // namespace

TEST_CASE("docs/configuration.md is what the table says; UPDATE=1 writes it") {
  CHECK(is_up_to_date("docs/configuration.md", configuration_markdown()));
}

TEST_CASE("the published JSON Schema is what the table says; UPDATE=1 writes it") {
  CHECK(is_up_to_date("docs/poltergeist.schema.json", json_schema()));
}

TEST_CASE("every reference in the schema leads somewhere") {
  const auto schema = nlohmann::json::parse(json_schema());
  CHECK(schema["$schema"] == "http://json-schema.org/draft-07/schema#");
  std::vector<std::string> dangling;
  const auto flat = schema.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    if (!pointer.ends_with("/$ref")) continue;
    const auto target = value.get<std::string>().substr(1);
    if (!schema.contains(nlohmann::json::json_pointer(target))) dangling.push_back(target);
  }
  CHECK(dangling == std::vector<std::string>{});
}

TEST_CASE("the schema and the reference know every key of every section") {
  const auto schema = json_schema();
  const auto reference = configuration_markdown();
  const std::function<void(const Section&)> check = [&](const Section& section) {
    for (const auto& key : section.keys) {
      INFO(section.title << "." << key.name);
      CHECK(schema.find("\"" + std::string(key.name) + "\"") != std::string::npos);
      const bool described = key.without_effect != TypeSet::all();
      if (described) CHECK(reference.find("`" + std::string(key.name) + "`") != std::string::npos);
      if (key.section != nullptr && described) check(*key.section);
    }
  };
  check(project_section());
}

TEST_CASE("a target's schema knows the keys of its type and no others") {
  const auto definitions = nlohmann::json::parse(json_schema())["definitions"];
  const auto npm = definitions["targets=npm"];
  CHECK(npm["properties"].contains("buildScript"));
  CHECK_FALSE(npm["properties"].contains("imageName"));
  CHECK(npm["additionalProperties"] == false);
  CHECK(npm["required"] == nlohmann::json{"name", "type", "watchPaths"});
}
