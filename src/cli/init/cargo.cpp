// SPDX-License-Identifier: MIT
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/init/kinds.h"
#include "cli/init/manifest.h"
#include "cli/init/toml.h"
#include "cli/init/watch_globs.h"

namespace poltergeist::cli {

namespace {

using config::TargetType;
using nlohmann::json;

const json& child(const json& object, const char* key) {
  static const json none;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : none;
}

std::vector<std::string> strings_in(const json& array) {
  std::vector<std::string> strings;
  if (array.is_string()) strings.push_back(array.get<std::string>());
  if (!array.is_array()) return strings;
  for (const auto& item : array) {
    if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

// A crate: the directory of a Cargo.toml, "" for the root.
struct Crate {
  std::string directory;
  json manifest;

  [[nodiscard]] std::string name() const { return string_at(child(manifest, "package"), "name"); }
  [[nodiscard]] std::string path(std::string_view file) const {
    return directory.empty() ? std::string(file) : directory + "/" + std::string(file);
  }
};

// The names of the binaries that cargo would build, declared or found (Cargo book: "Cargo
// targets").
std::vector<std::string> binaries_of(const Crate& crate, const ProjectFiles& files) {
  std::vector<std::string> names;
  std::set<std::string> declared_paths;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (const auto& declared = child(crate.manifest, "bin"); declared.is_array()) {
    for (const auto& bin : declared) {
      if (const auto name = string_at(bin, "name"); !name.empty()) add(name);
      declared_paths.insert(string_at(bin, "path"));
    }
  }
  const auto& automatic = child(child(crate.manifest, "package"), "autobins");
  if (automatic.is_boolean() && !automatic.get<bool>()) return names;

  const auto is_new = [&](const std::string& path) { return !declared_paths.contains(path); };
  if (files.has(crate.path("src/main.rs")) && is_new("src/main.rs")) add(crate.name());
  const auto bin = crate.path("src/bin");
  for (const auto& file : files.files_in(bin)) {
    if (extension_of(file) == "rs" && is_new("src/bin/" + file))
      add(file.substr(0, file.size() - 3));
  }
  for (const auto& directory : files.directories_in(bin)) {
    const auto main = "src/bin/" + directory + "/main.rs";
    if (files.has(crate.path(main)) && is_new(main)) add(directory);
  }
  return names;
}

bool has_library(const Crate& crate, const ProjectFiles& files) {
  return child(crate.manifest, "lib").is_object() || files.has(crate.path("src/lib.rs"));
}

// What changes the build of this crate: its files, its manifest, and those of the workspace.
std::vector<std::string> watch_paths_of(const Crate& crate, const ProjectFiles& files) {
  std::vector<std::string> paths;
  if (files.has_directory(crate.path("src"))) paths.push_back(crate.path("src") + "/**/*.rs");
  if (files.has(crate.path("build.rs"))) paths.push_back(crate.path("build.rs"));
  paths.push_back(crate.path("Cargo.toml"));
  if (!crate.directory.empty()) paths.emplace_back("Cargo.toml");
  if (files.has("Cargo.lock")) paths.emplace_back("Cargo.lock");
  return paths;
}

// Members of the workspace that a crate depends on by path are built with it, so they are
// watched.
void add_path_dependencies(const Crate& crate, const std::vector<Crate>& all,
                           std::set<std::string>& directories) {
  for (const auto* section : {"dependencies", "build-dependencies"}) {
    const auto& dependencies = child(crate.manifest, section);
    if (!dependencies.is_object()) continue;
    for (const auto& [key, value] : dependencies.items()) {
      const auto renamed = string_at(value, "package");
      const auto& wanted = renamed.empty() ? key : renamed;
      const bool local =
          value.is_object() && (value.contains("path") || value.contains("workspace"));
      if (!local) continue;
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const Crate& other) { return other.name() == wanted; });
      if (found != all.end() && directories.insert(found->directory).second) {
        add_path_dependencies(*found, all, directories);
      }
    }
  }
}

std::vector<std::string> watch_paths_with_dependencies(const Crate& crate,
                                                       const std::vector<Crate>& all,
                                                       const ProjectFiles& files) {
  auto paths = watch_paths_of(crate, files);
  std::set<std::string> directories = {crate.directory};
  add_path_dependencies(crate, all, directories);
  for (const auto& other : all) {
    if (other.directory == crate.directory || !directories.contains(other.directory)) continue;
    for (auto& path : watch_paths_of(other, files)) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
  }
  return paths;
}

ProposedTarget library_of(const Crate& crate, bool in_workspace) {
  const auto& lib = child(crate.manifest, "lib");
  auto name = string_at(lib, "name");
  if (name.empty()) name = crate.name();
  std::replace(name.begin(), name.end(), '-', '_');
  const auto types = strings_in(child(lib, "crate-type"));
  const auto has = [&](const char* type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  const bool shared = has("cdylib") || has("dylib");
  const char* extension = shared ? ".so" : has("staticlib") ? ".a" : ".rlib";
  ProposedTarget target;
  target.name = crate.name();
  target.type = TargetType::Library;
  target.library_type = shared ? config::LibraryType::Dynamic : config::LibraryType::Static;
  target.build_command = in_workspace ? "cargo build -p " + shell_quoted(crate.name()) + " --lib"
                                      : "cargo build --lib";
  target.output_path = "target/debug/lib" + name + extension;
  return target;
}

// The crates of a workspace: the root's own, if it is one, and the members.
std::vector<Crate> crates_of(const json& root, const ProjectFiles& files, Finding& finding) {
  std::vector<Crate> crates;
  if (root.contains("package")) crates.push_back({"", root});
  const auto& workspace = child(root, "workspace");
  const auto excluded = strings_in(child(workspace, "exclude"));
  for (const auto& pattern : strings_in(child(workspace, "members"))) {
    for (const auto& file : files.all()) {
      if (!file.ends_with("/Cargo.toml")) continue;
      const auto directory = file.substr(0, file.rfind('/'));
      if (::fnmatch(pattern.c_str(), directory.c_str(), FNM_PATHNAME) != 0) continue;
      if (std::find(excluded.begin(), excluded.end(), directory) != excluded.end()) continue;
      const auto manifest = parse_toml(files.text(file).value_or(""));
      if (!manifest) {
        finding.notes.push_back(file + ": " + manifest.error().message);
      } else if (!string_at(child(*manifest, "package"), "name").empty()) {
        crates.push_back({directory, *manifest});
      }
    }
  }
  return crates;
}

bool has_tests(const ProjectFiles& files, const std::string& directory) {
  return files.any([&](std::string_view file) {
    if (extension_of(file) != "rs" || !file.starts_with(directory)) return false;
    return files.text(file).value_or("").find("#[test]") != std::string::npos;
  });
}

}  // namespace

std::optional<Finding> find_cargo(const ProjectFiles& files) {
  const auto text = files.text("Cargo.toml");
  if (!text) return std::nullopt;
  Finding finding{.kind = "Cargo", .source = "Cargo.toml"};
  const auto root = parse_toml(*text);
  if (!root) {
    finding.notes.push_back("Cargo.toml: " + root.error().message);
    return finding;
  }
  const auto crates = crates_of(*root, files, finding);
  const bool in_workspace = root->contains("workspace");
  for (const auto& crate : crates) {
    const auto watched = watch_paths_with_dependencies(crate, crates, files);
    const auto binaries = binaries_of(crate, files);
    for (const auto& binary : binaries) {
      ProposedTarget target;
      target.name = binary;
      target.build_command =
          (in_workspace ? "cargo build -p " + shell_quoted(crate.name()) : "cargo build") +
          " --bin " + shell_quoted(binary);
      target.output_path = "target/debug/" + binary;
      target.watch_paths = watched;
      finding.targets.push_back(std::move(target));
    }
    if (binaries.empty() && has_library(crate, files)) {
      auto target = library_of(crate, in_workspace);
      target.watch_paths = watched;
      finding.targets.push_back(std::move(target));
    }
  }
  if (has_tests(files, "")) {
    ProposedTarget test;
    test.name = "test";
    test.type = TargetType::Test;
    test.test_command = in_workspace ? "cargo test --workspace" : "cargo test";
    test.watch_paths = globs_for(files, {"rs"});
    test.watch_paths.emplace_back(in_workspace ? "**/Cargo.toml" : "Cargo.toml");
    finding.targets.push_back(std::move(test));
  }
  if (finding.targets.empty())
    finding.notes.emplace_back("Cargo.toml names no package with sources");
  return finding;
}

}  // namespace poltergeist::cli
