// SPDX-License-Identifier: MIT
#include "daemon/outputs.h"

#include <sys/stat.h>
#include <xxhash.h>

#include <fmt/ranges.h>

#include "watch/fingerprint.h"

namespace poltergeist::daemon {

namespace {

// Lists with their lengths, so that no two definitions give one text.
void add(std::string& text, const std::string& part) {
  text += fmt::format("{}:{},", part.size(), part);
}
void add(std::string& text, const std::vector<std::string>& parts) {
  text += fmt::format("[{}]", parts.size());
  for (const auto& part : parts) add(text, part);
}
void add(std::string& text, const config::Environment& environment) {
  text += fmt::format("[{}]", environment.size());
  for (const auto& [name, value] : environment) {
    add(text, name);
    add(text, value);
  }
}

struct AddKind {
  std::string& text;

  void operator()(const config::CommandKind& kind) const {
    add(text, kind.build_command);
    add(text, kind.image_name);
    add(text, kind.dockerfile);
    add(text, kind.context);
    add(text, kind.tags);
  }
  void operator()(const config::TestKind& kind) const { add(text, kind.test_command); }
  void operator()(const config::NpmKind& kind) const {
    add(text, kind.build_script);
    add(text, std::string(name_in(config::kPackageManagers, kind.package_manager)));
    add(text, kind.output_paths);
  }
  void operator()(const config::CMakeKind& kind) const {
    add(text, kind.target_name);
    add(text, kind.generator);
    add(text, kind.cmake_args);
    if (kind.build_type)
      add(text, std::string(name_in(config::kCMakeBuildTypes, *kind.build_type)));
  }
};

}  // namespace

std::string artifact_in(const build::Plan& plan) {
  for (const auto& candidate : plan.artifacts) {
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
      return candidate.string();
    }
  }
  return {};
}

std::string output_fingerprint(const build::Plan& plan) {
  auto outputs = plan.outputs;
  if (const auto artifact = artifact_in(plan); !artifact.empty()) outputs.emplace_back(artifact);
  if (outputs.empty()) return {};
  watch::Fingerprint sum;
  for (const auto& output : outputs) {
    struct stat status {};
    if (::stat(output.c_str(), &status) != 0) return {};
    sum += watch::Fingerprint::of(watch::Fingerprint::key_of(output.parent_path().native()),
                                  output.filename().native(), watch::Stamp::of(status));
  }
  return sum.to_hex();
}

std::string definition_digest(const config::Target& target) {
  std::string text(name_in(config::kTargetTypes, target.type));
  std::visit(AddKind{text}, target.kind);
  add(text, target.watch_paths);
  add(text, target.output_path);
  add(text, target.env);
  add(text, target.cwd);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace poltergeist::daemon
