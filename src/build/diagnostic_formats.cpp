// SPDX-License-Identifier: MIT
#include "build/diagnostic_formats.h"

#include <limits>
#include <map>

#include <nlohmann/json.hpp>

namespace poltergeist::build {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

std::string sarif_level(Severity severity) {
  return std::string(name_in(kSeverities, severity));  // SARIF has the same three words
}

// A path as the part of a URI reference.
std::string percent_encoded(const std::string& path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("/-._~").find(c) != std::string_view::npos;
    if (is_plain) {
      uri += c;
    } else {
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return uri;
}

Json sarif_artifact(const std::string& file, const fs::path& root) {
  const auto path = fs::path(file).lexically_normal();
  if (!path.is_absolute()) {
    return {{"uri", percent_encoded(path.string())}, {"uriBaseId", "ROOT"}};
  }
  const auto relative = path.lexically_relative(root);
  if (!relative.empty() && *relative.begin() != "..") {
    return {{"uri", percent_encoded(relative.string())}, {"uriBaseId", "ROOT"}};
  }
  return {{"uri", "file://" + percent_encoded(path.string())}};
}

Json sarif_result(const Diagnostic& diagnostic, const fs::path& root) {
  Json result;
  if (!diagnostic.code.empty()) result["ruleId"] = diagnostic.code;
  result["level"] = sarif_level(diagnostic.severity);
  result["message"] = {{"text", diagnostic.message}};
  if (diagnostic.file.empty()) return result;
  Json place = {{"artifactLocation", sarif_artifact(diagnostic.file, root)}};
  if (diagnostic.line > 0) {
    place["region"]["startLine"] = diagnostic.line;
    if (diagnostic.column > 0) place["region"]["startColumn"] = diagnostic.column;
  }
  result["locations"] = Json::array({{{"physicalLocation", std::move(place)}}});
  return result;
}

Json sarif_rules(const std::vector<Diagnostic>& diagnostics) {
  std::map<std::string, bool> codes;
  for (const auto& diagnostic : diagnostics) {
    if (!diagnostic.code.empty()) codes[diagnostic.code] = true;
  }
  auto rules = Json::array();
  for (const auto& [code, used] : codes) rules.push_back({{"id", code}});
  return rules;
}

int count_in(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return 0;
  const auto value = found->get<std::uint64_t>();
  return value <= std::uint64_t{std::numeric_limits<int>::max()} ? static_cast<int>(value) : 0;
}

}  // namespace

std::string to_quickfix(const Diagnostic& diagnostic) {
  std::string text;
  if (!diagnostic.file.empty()) {
    text = diagnostic.file + ":";
    if (diagnostic.line > 0) text += std::to_string(diagnostic.line) + ":";
    if (diagnostic.line > 0 && diagnostic.column > 0) {
      text += std::to_string(diagnostic.column) + ":";
    }
    text += ' ';
  }
  text += name_in(kSeverities, diagnostic.severity);
  text += ": " + diagnostic.message;
  if (!diagnostic.code.empty()) text += " [" + diagnostic.code + "]";
  return text;
}

Json to_json(const Diagnostic& diagnostic) {
  Json json;
  if (!diagnostic.file.empty()) json["file"] = diagnostic.file;
  if (diagnostic.line > 0) json["line"] = diagnostic.line;
  if (diagnostic.column > 0) json["column"] = diagnostic.column;
  json["severity"] = name_in(kSeverities, diagnostic.severity);
  if (!diagnostic.code.empty()) json["code"] = diagnostic.code;
  json["message"] = diagnostic.message;
  return json;
}

Result<Diagnostic> diagnostic_from_json(const nlohmann::json& json) {
  if (!json.is_object()) return fail(Errc::Invalid, "a diagnostic is not an object");
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto severity = value_in(kSeverities, text("severity"));
  if (!severity) return fail(Errc::Invalid, "a diagnostic has no known severity");
  return Diagnostic{.file = text("file"),
                    .line = count_in(json, "line"),
                    .column = count_in(json, "column"),
                    .severity = *severity,
                    .code = text("code"),
                    .message = text("message")};
}

Json to_sarif(const std::vector<Diagnostic>& diagnostics, const fs::path& root,
              std::string_view tool_version) {
  auto results = Json::array();
  for (const auto& diagnostic : diagnostics) results.push_back(sarif_result(diagnostic, root));
  const Json driver = {
      {"name", "poltergeist"}, {"version", tool_version}, {"rules", sarif_rules(diagnostics)}};
  const Json bases = {{"ROOT", {{"uri", "file://" + percent_encoded(root.string()) + "/"}}}};
  Json run;
  run["tool"] = {{"driver", driver}};
  run["originalUriBaseIds"] = bases;
  run["results"] = std::move(results);
  Json log;
  log["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  log["version"] = "2.1.0";
  log["runs"] = Json::array({std::move(run)});
  return log;
}

}  // namespace poltergeist::build
