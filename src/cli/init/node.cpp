// SPDX-License-Identifier: MIT
#include <fnmatch.h>

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/init/kinds.h"
#include "cli/init/manifest.h"
#include "cli/init/watch_globs.h"

namespace poltergeist::cli {

namespace {

using config::PackageManager;
using config::TargetType;
using nlohmann::json;

struct LockFile {
  const char* file;
  PackageManager manager;
};
constexpr auto kLockFiles = std::to_array<LockFile>({
    {"bun.lock", PackageManager::Bun},
    {"bun.lockb", PackageManager::Bun},
    {"pnpm-lock.yaml", PackageManager::Pnpm},
    {"yarn.lock", PackageManager::Yarn},
    {"package-lock.json", PackageManager::Npm},
    {"npm-shrinkwrap.json", PackageManager::Npm},
});

const Extensions kSources = {"ts",  "tsx", "mts",    "cts", "js",   "jsx",  "mjs",
                             "cjs", "vue", "svelte", "css", "scss", "html", "json"};

json object_at(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_object() ? *found
                                                                           : json::object();
}

std::string without_dot_slash(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

// "packageManager": "pnpm@9.1.0" is the project's word; a lock file is the next best witness.
PackageManager manager_of(const json& package, const ProjectFiles& files) {
  const auto declared = string_at(package, "packageManager");
  const auto name = declared.substr(0, declared.find('@'));
  if (const auto known = value_in(config::kPackageManagers, name);
      known && *known != PackageManager::Auto) {
    return *known;
  }
  for (const auto& lock : kLockFiles) {
    if (files.has(lock.file)) return lock.manager;
  }
  return PackageManager::Npm;
}

// A package: the directory of a package.json, "" for the root.
struct NodePackage {
  std::string directory;
  json manifest;

  [[nodiscard]] std::string path(const std::string& file) const {
    return directory.empty() ? file : directory + "/" + file;
  }
  // "tool" of "@scope/tool"
  [[nodiscard]] std::string name(const std::string& otherwise) const {
    const auto full = string_at(manifest, "name");
    const auto name = full.substr(full.rfind('/') + 1);
    return name.empty() ? otherwise : name;
  }
};

// Files that the package offers to others, its commands first: where they are not sources, the
// build makes them.
struct Offered {
  std::string file;
  bool is_command = false;
};

std::vector<Offered> offered_files(const json& manifest) {
  std::vector<Offered> files;
  const auto add = [&](std::string file, bool is_command) {
    file = without_dot_slash(std::move(file));
    const bool known = std::any_of(files.begin(), files.end(),
                                   [&](const Offered& other) { return other.file == file; });
    if (!file.empty() && !known) files.push_back({file, is_command});
  };
  add(string_at(manifest, "bin"), true);
  const auto commands = object_at(manifest, "bin");
  for (const auto& [name, file] : commands.items()) {
    if (file.is_string()) add(file.get<std::string>(), true);
  }
  add(string_at(manifest, "main"), false);
  add(string_at(manifest, "module"), false);
  return files;
}

bool is_built(const std::string& file) {
  static constexpr auto kPlaces =
      std::to_array<std::string_view>({"dist/", "build/", "out/", "lib/"});
  return std::any_of(kPlaces.begin(), kPlaces.end(),
                     [&](std::string_view place) { return file.starts_with(place); });
}

std::vector<std::string> watched_sources_of(const NodePackage& package, const ProjectFiles& files) {
  // Manifests in the package's own directory are named below, one by one.
  auto sources = kSources;
  sources.erase("json");
  auto paths = without_tests(globs_for(files, sources, package.directory));
  // In the root, a directory at the top may hold other things than this package's sources.
  paths.erase(std::remove_if(paths.begin(), paths.end(),
                             [&](const std::string& path) {
                               const auto tops = {"docs/", "coverage/", "packages/", "apps/"};
                               return package.directory.empty() &&
                                      std::any_of(tops.begin(), tops.end(), [&](const char* top) {
                                        return path.starts_with(top);
                                      });
                             }),
              paths.end());
  paths.push_back(package.path("package.json"));
  if (files.has(package.path("tsconfig.json"))) paths.push_back(package.path("tsconfig.json"));
  for (const auto& lock : kLockFiles) {
    if (files.has(lock.file)) paths.emplace_back(lock.file);
  }
  return paths;
}

ProposedTarget build_of(const NodePackage& package, PackageManager manager,
                        const ProjectFiles& files) {
  ProposedTarget target;
  target.name = package.name(package.directory.empty() ? files.name() : package.directory);
  target.type = TargetType::Npm;
  target.build_script = "build";
  target.package_manager = manager;
  target.cwd = package.directory;
  for (const auto& [file, is_command] : offered_files(package.manifest)) {
    const auto path = package.path(file);
    if (!is_built(file) || files.all().contains(path)) continue;
    if (is_command && target.output_path.empty()) {
      target.output_path = path;  // what `polter` runs
    } else {
      target.output_paths.push_back(path);
    }
  }
  target.watch_paths = watched_sources_of(package, files);
  return target;
}

// A program that needs no build script: it is "built" by a syntax check, so that a broken save
// never replaces the one that runs.
std::optional<ProposedTarget> program_of(const NodePackage& package, const ProjectFiles& files) {
  for (const auto& [file, is_command] : offered_files(package.manifest)) {
    const auto extension = extension_of(file);
    if (extension != "js" && extension != "mjs" && extension != "cjs") continue;
    if (!files.has(package.path(file))) continue;
    ProposedTarget target;
    target.name = package.name(files.name());
    target.build_command = "node --check " + shell_quoted(package.path(file));
    target.output_path = package.path(file);
    target.watch_paths = watched_sources_of(package, files);
    return target;
  }
  return std::nullopt;
}

// `npm init` writes a test script that only says that there is none.
bool has_tests(const json& manifest) {
  const auto script = string_at(object_at(manifest, "scripts"), "test");
  return !script.empty() && script.find("no test specified") == std::string::npos;
}

std::vector<std::string> workspace_patterns(const json& manifest, const ProjectFiles& files) {
  std::vector<std::string> patterns;
  const auto declared = manifest.find("workspaces");
  const json* list = declared == manifest.end() ? nullptr : &*declared;
  if (list != nullptr && list->is_object() && list->contains("packages"))
    list = &(*list)["packages"];
  if (list != nullptr && list->is_array()) {
    for (const auto& pattern : *list) {
      if (pattern.is_string()) patterns.push_back(without_dot_slash(pattern.get<std::string>()));
    }
  }
  // pnpm-workspace.yaml is a list of quoted globs below "packages:".
  bool in_packages = false;
  const auto yaml = files.text("pnpm-workspace.yaml").value_or("");
  for (const auto line : lines_of(yaml)) {
    const auto text = trimmed(line);
    if (!line.starts_with(' ') && !text.starts_with('-'))
      in_packages = text.starts_with("packages:");
    if (!in_packages || !text.starts_with('-')) continue;
    auto pattern = std::string(trimmed(text.substr(1)));
    std::erase_if(pattern, [](char byte) { return byte == '"' || byte == '\''; });
    if (!pattern.starts_with('!')) patterns.push_back(without_dot_slash(pattern));
  }
  return patterns;
}

std::vector<NodePackage> members_of(const json& manifest, const ProjectFiles& files,
                                    Finding& finding) {
  std::vector<NodePackage> members;
  const auto patterns = workspace_patterns(manifest, files);
  for (const auto& file : files.all()) {
    if (!file.ends_with("/package.json")) continue;
    const auto directory = file.substr(0, file.rfind('/'));
    const bool is_member = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
      return ::fnmatch(pattern.c_str(), directory.c_str(), FNM_PATHNAME) == 0;
    });
    if (!is_member) continue;
    auto member = json::parse(files.text(file).value_or(""), nullptr, false);
    if (member.is_object()) {
      members.push_back({directory, std::move(member)});
    } else {
      finding.notes.push_back(file + " is not a JSON object");
    }
  }
  return members;
}

}  // namespace

std::optional<Finding> find_node(const ProjectFiles& files) {
  const auto text = files.text("package.json");
  if (!text) return std::nullopt;
  Finding finding{.kind = "Node", .source = "package.json"};
  const auto manifest = json::parse(*text, nullptr, false);
  if (!manifest.is_object()) {
    finding.notes.emplace_back("package.json is not a JSON object");
    return finding;
  }
  const auto manager = manager_of(manifest, files);
  const auto has_build = [](const json& package) {
    return !string_at(object_at(package, "scripts"), "build").empty();
  };
  const NodePackage root{"", manifest};
  const auto members = members_of(manifest, files, finding);
  for (const auto& member : members) {
    if (has_build(member.manifest)) finding.targets.push_back(build_of(member, manager, files));
  }
  // The root's build script of a workspace builds the members once more.
  if (has_build(manifest) && finding.targets.empty()) {
    finding.targets.push_back(build_of(root, manager, files));
  } else if (auto program = program_of(root, files); program && finding.targets.empty()) {
    finding.targets.push_back(std::move(*program));
  }
  if (has_tests(manifest)) {
    ProposedTarget test;
    test.name = "test";
    test.type = TargetType::Test;
    // Not "bun test", which is bun's own runner and not the script.
    test.test_command = std::string(name_in(config::kPackageManagers, manager)) + " run test";
    test.watch_paths = globs_for(files, kSources);
    finding.targets.push_back(std::move(test));
  }
  if (finding.targets.empty()) {
    finding.notes.emplace_back(
        "package.json has no script \"build\", no \"test\", and no program in \"bin\" or \"main\"");
  }
  return finding;
}

}  // namespace poltergeist::cli
