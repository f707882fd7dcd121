// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "build/plan_kinds.h"

namespace poltergeist::build {

namespace fs = std::filesystem;
using config::PackageManager;

namespace {

struct LockFile {
  std::string_view name;
  PackageManager manager;
};
// The order decides where a project has several.
constexpr auto kLockFiles = std::to_array<LockFile>({
    {"bun.lock", PackageManager::Bun},
    {"bun.lockb", PackageManager::Bun},
    {"pnpm-lock.yaml", PackageManager::Pnpm},
    {"yarn.lock", PackageManager::Yarn},
    {"package-lock.json", PackageManager::Npm},
    {"npm-shrinkwrap.json", PackageManager::Npm},
});

PackageManager manager_for(const config::NpmKind& kind, const PlanContext& context) {
  if (kind.package_manager != PackageManager::Auto) return kind.package_manager;
  for (const auto& lock : kLockFiles) {
    if (context.exists(context.cwd() / lock.name)) return lock.manager;
  }
  return PackageManager::Npm;
}

bool says_what_to_install(const RelPath& path) {
  const auto name = path.name();
  return name == "package.json" ||
         std::any_of(kLockFiles.begin(), kLockFiles.end(),
                     [&](const LockFile& lock) { return name == lock.name; });
}

// What npm writes at the end of every install that worked.
fs::path npm_marker(const fs::path& cwd) {
  return cwd / "node_modules" / ".package-lock.json";
}

// Whether what is to be installed is younger than the last install; nothing where that is not
// known. Better than the list of changes: an install that failed is made again, and one that
// rewrote the lock file does not ask for another.
std::optional<bool> is_outdated(const PlanContext& context) {
  const auto& times = context.facts.times;
  const auto marker = times.find(npm_marker(context.cwd()));
  if (marker == times.end()) return std::nullopt;
  return std::any_of(times.begin(), times.end(),
                     [&](const auto& entry) { return entry.second > marker->second; });
}

bool must_install(const config::NpmKind& kind, PackageManager manager, const PlanContext& context) {
  if (!context.exists(context.cwd() / "node_modules")) return true;
  if (!kind.install_on_change) return false;
  if (manager == PackageManager::Npm) {
    if (const auto outdated = is_outdated(context)) return *outdated;
  }
  const auto& facts = context.facts;
  return facts.total_changed > facts.changed.size() ||
         std::any_of(facts.changed.begin(), facts.changed.end(), says_what_to_install);
}

}  // namespace

WantedFacts npm_facts(const fs::path& cwd) {
  WantedFacts wanted{.existing = {cwd / "package.json", cwd / "node_modules"}};
  for (const auto& lock : kLockFiles) wanted.existing.push_back(cwd / lock.name);
  wanted.times = {npm_marker(cwd), cwd / "package.json", cwd / "package-lock.json"};
  for (const auto& manager : config::kPackageManagers) {
    if (manager.value != PackageManager::Auto) wanted.programs.emplace_back(manager.name);
  }
  return wanted;
}

Result<Plan> npm_plan(const config::NpmKind& kind, const PlanContext& context) {
  if (!context.exists(context.cwd() / "package.json")) {
    return context.fail(fmt::format("needs a package.json in {}; if it is elsewhere, set `cwd`",
                                    context.cwd().string()));
  }
  const auto which = manager_for(kind, context);
  const std::string manager(name_in(config::kPackageManagers, which));
  if (!context.facts.programs.contains(manager)) {
    return context.fail(
        fmt::format("needs {0}, which is not in PATH; install it or set `packageManager`", manager),
        Errc::NotFound);
  }
  Plan plan{.builder = manager};
  if (must_install(kind, which, context))
    plan.steps.push_back(argv_step("install", {manager, "install"}));
  plan.steps.push_back(argv_step("build", {manager, "run", kind.build_script}));
  for (const auto& output : kind.output_paths) plan.outputs.push_back(context.path(output));
  if (!context.target.output_path.empty()) {
    const auto output = context.path(context.target.output_path);
    if (std::find(plan.outputs.begin(), plan.outputs.end(), output) == plan.outputs.end()) {
      plan.outputs.insert(plan.outputs.begin(), output);
    }
  }
  plan.artifacts = plan.outputs;
  return plan;
}

}  // namespace poltergeist::build
