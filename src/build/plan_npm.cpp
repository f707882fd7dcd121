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

bool must_install(const config::NpmKind& kind, const PlanContext& context) {
  if (!context.exists(context.cwd() / "node_modules")) return true;
  if (!kind.install_on_change) return false;
  const auto& facts = context.facts;
  return facts.total_changed > facts.changed.size() ||
         std::any_of(facts.changed.begin(), facts.changed.end(), says_what_to_install);
}

}  // namespace

WantedFacts npm_facts(const fs::path& cwd) {
  WantedFacts wanted{.existing = {cwd / "package.json", cwd / "node_modules"}};
  for (const auto& lock : kLockFiles) wanted.existing.push_back(cwd / lock.name);
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
  const std::string manager(name_in(config::kPackageManagers, manager_for(kind, context)));
  if (!context.facts.programs.contains(manager)) {
    return context.fail(fmt::format(
        "needs {0}, which is not in PATH; install it or set `packageManager`", manager));
  }
  Plan plan{.builder = manager};
  if (must_install(kind, context)) plan.steps.push_back(argv_step("install", {manager, "install"}));
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
