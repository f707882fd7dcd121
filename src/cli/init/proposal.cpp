// SPDX-License-Identifier: MIT
#include "cli/init/proposal.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace poltergeist::cli {

namespace {

using Json = nlohmann::ordered_json;
using config::ProjectType;

// The kinds of project that the configuration has a word for; all others are "mixed".
constexpr auto kTypes = std::to_array<EnumName<ProjectType>>({
    {ProjectType::CMake, "CMake"},
    {ProjectType::Rust, "Cargo"},
    {ProjectType::Node, "Node"},
    {ProjectType::Python, "Python"},
    {ProjectType::Swift, "Swift"},
});

ProjectType type_of(const std::vector<Finding>& findings) {
  const Finding* only = nullptr;
  for (const auto& finding : findings) {
    if (!finding.says_language) continue;
    if (only != nullptr) return ProjectType::Mixed;
    only = &finding;
  }
  if (only == nullptr) return ProjectType::Mixed;
  return value_in(kTypes, only->kind).value_or(ProjectType::Mixed);
}

// Manifests may hold any bytes; a configuration is UTF-8 without NUL.
std::string writable(std::string text) {
  std::erase(text, '\0');
  return to_utf8(text);
}

void put(Json& object, const char* key, const std::string& text) {
  if (auto written = writable(text); !written.empty()) object[key] = std::move(written);
}

void put(Json& object, const char* key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  for (const auto& text : texts) object[key].push_back(writable(text));
}

Json to_json(const ProposedAutoRun& auto_run) {
  Json object;
  object["enabled"] = true;
  put(object, "command", auto_run.command);
  put(object, "args", auto_run.args);
  put(object, "restartSignal", auto_run.restart_signal);
  put(object, "postRun", auto_run.post_run);
  put(object, "cleanup", auto_run.cleanup);
  return object;
}

Json to_json(const ProposedTarget& target) {
  Json object;
  put(object, "name", target.name);
  object["type"] = name_in(config::kTargetTypes, target.type);
  if (!target.enabled) object["enabled"] = false;
  put(object, "targetName", target.target_name);
  put(object, "generator", target.generator);
  if (target.build_type)
    object["buildType"] = name_in(config::kCMakeBuildTypes, *target.build_type);
  if (target.library_type)
    object["libraryType"] = name_in(config::kLibraryTypes, *target.library_type);
  put(object, "buildScript", target.build_script);
  if (target.package_manager) {
    object["packageManager"] = name_in(config::kPackageManagers, *target.package_manager);
  }
  put(object, "buildCommand", target.build_command);
  put(object, "testCommand", target.test_command);
  put(object, "cwd", target.cwd);
  put(object, "outputPath", target.output_path);
  put(object, "outputPaths", target.output_paths);
  put(object, "dependsOn", target.depends_on);
  object["watchPaths"] = Json::array();
  put(object, "watchPaths", target.watch_paths);
  if (target.auto_run) object["autoRun"] = to_json(*target.auto_run);
  return object;
}

bool is_one_at_a_time(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.one_at_a_time && finding.targets.size() > 1;
  });
}

std::string text_of(const Proposal& proposal) {
  Json object;
  object["version"] = "1.0";
  object["projectType"] = name_in(config::kProjectTypes, proposal.type);
  if (is_one_at_a_time(proposal.findings)) object["buildScheduling"]["parallelization"] = 1;
  object["targets"] = Json::array();
  for (const auto& target : proposal.targets()) object["targets"].push_back(to_json(target));
  return object.dump(2) + "\n";
}

// Names that differ only in case, blanks or dots are one name to the command line, so they are
// compared in that form.
void give_names(std::vector<Finding>& findings) {
  std::set<std::string> taken = {"daemon"};  // would collide with the daemon's own files
  const auto take = [&](const std::string& name) {
    return taken.insert(normalised_name(name)).second;
  };
  for (auto& finding : findings) {
    std::map<std::string, std::string> renamed;
    for (auto& target : finding.targets) {
      const auto wanted = target_name_for(target.name);
      auto name = wanted;
      if (!take(name)) {
        name = wanted + "-" + lower_case(finding.kind);
        for (int n = 2; !take(name); ++n) {
          name = wanted + "-" + lower_case(finding.kind) + "-" + std::to_string(n);
        }
      }
      renamed.emplace(target.name, name);
      target.name = name;
    }
    for (auto& target : finding.targets) {
      for (auto& dependency : target.depends_on) {
        const auto found = renamed.find(dependency);
        if (found != renamed.end()) dependency = found->second;
      }
    }
  }
}

}  // namespace

std::vector<ProposedTarget> Proposal::targets() const {
  std::vector<ProposedTarget> all;
  for (const auto& finding : findings) {
    all.insert(all.end(), finding.targets.begin(), finding.targets.end());
  }
  return all;
}

std::vector<std::string> Proposal::notes() const {
  std::vector<std::string> all;
  for (const auto& finding : findings) {
    for (const auto& note : finding.notes) all.push_back(finding.kind + ": " + note);
  }
  return all;
}

std::string target_name_for(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string name;
  for (const char byte : text.substr(0, kLongest)) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' ||
                         byte == '-' || byte == '.';
    name += allowed ? byte : '-';
  }
  while (!name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) == 0) {
    name.erase(name.begin());
  }
  for (auto dots = name.find(".."); dots != std::string::npos; dots = name.find("..")) {
    name.erase(dots, 1);
  }
  return name.empty() ? "app" : name;
}

Proposal proposal_of(std::vector<Finding> findings) {
  give_names(findings);
  Proposal proposal;
  proposal.type = type_of(findings);
  proposal.findings = std::move(findings);
  proposal.text = text_of(proposal);
  return proposal;
}

}  // namespace poltergeist::cli
