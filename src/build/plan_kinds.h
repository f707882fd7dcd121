// SPDX-License-Identifier: MIT
// The plans of the kinds that need more than a line of shell. Internal to plan.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "build/plan.h"

namespace poltergeist::build {

struct PlanContext {
  const config::Target& target;
  const Facts& facts;

  // Absolute, of what the configuration gives relative to the root (or absolute already).
  [[nodiscard]] std::filesystem::path path(const std::filesystem::path& relative) const;
  [[nodiscard]] std::filesystem::path cwd() const;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const;
  // `file:line:column: target "name" <what>`
  [[nodiscard]] Failure fail(std::string_view what, Errc code = Errc::Invalid) const;
};

[[nodiscard]] Step shell_step(std::string label, const std::string& line);
[[nodiscard]] Step argv_step(std::string label, std::vector<std::string> argv);

[[nodiscard]] WantedFacts npm_facts(const std::filesystem::path& cwd);
[[nodiscard]] Result<Plan> npm_plan(const config::NpmKind& kind, const PlanContext& context);

[[nodiscard]] WantedFacts cmake_facts(const config::CMakeKind& kind,
                                      const std::filesystem::path& cwd);
[[nodiscard]] Result<Plan> cmake_plan(const config::CMakeKind& kind, const PlanContext& context);
// The build directory that `cmakeArgs` name by -B; empty: one is chosen.
[[nodiscard]] std::string given_build_dir(const config::CMakeKind& kind);

}  // namespace poltergeist::build
