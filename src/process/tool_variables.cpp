// SPDX-License-Identifier: MIT
#include "process/tool_variables.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "process/environment.h"
#include "sys/digest.h"

namespace poltergeist::process {

namespace {

// What version managers, virtual environments, direnv and people set in one shell and not in
// another. Not MAKEFLAGS and the like, which a tool sets for its own children.
constexpr auto kNames = std::to_array<std::string_view>({
    "AR",
    "BUNDLE_PATH",
    "CARGO_HOME",
    "CARGO_TARGET_DIR",
    "CC",
    "CFLAGS",
    "CMAKE_GENERATOR",
    "CMAKE_PREFIX_PATH",
    "CONDA_PREFIX",
    "CPATH",
    "CPPFLAGS",
    "CPLUS_INCLUDE_PATH",
    "CXX",
    "CXXFLAGS",
    "C_INCLUDE_PATH",
    "DOCKER_HOST",
    "GEM_HOME",
    "GOFLAGS",
    "GOPATH",
    "GOROOT",
    "GRADLE_USER_HOME",
    "IN_NIX_SHELL",
    "JAVA_HOME",
    "LANG",
    "LC_ALL",
    "LDFLAGS",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "NODE_ENV",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NVM_BIN",
    "PATH",
    "PKG_CONFIG_PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SDKROOT",
    "SSH_AUTH_SOCK",
    "VIRTUAL_ENV",
});

// 32 bits: two values of one variable that somebody has at a time are told apart.
constexpr std::size_t kDigits = 8;
constexpr std::size_t kMostNamed = 4;

}  // namespace

ToolVariables tool_variables(const std::vector<std::string>& environment) {
  ToolVariables variables;
  for (const auto name : kNames) {
    const auto value = environment_value(environment, name);
    if (!value.empty()) variables.emplace(name, sha256(value).substr(0, kDigits));
  }
  return variables;
}

std::vector<std::string> differing(const ToolVariables& one, const ToolVariables& other) {
  std::vector<std::string> names;
  for (const auto name : kNames) {
    const std::string key(name);
    const auto in_one = one.find(key);
    const auto in_other = other.find(key);
    const bool both = in_one != one.end() && in_other != other.end();
    const bool none = in_one == one.end() && in_other == other.end();
    if (!none && (!both || in_one->second != in_other->second)) names.push_back(key);
  }
  return names;
}

std::vector<std::string> differing_from_own(const ToolVariables& daemons) {
  if (daemons.empty()) return {};
  return differing(tool_variables(own_environment()), daemons);
}

std::string difference_text(std::vector<std::string> names) {
  if (names.empty()) return {};
  if (names.size() > kMostNamed) {
    const auto more = names.size() - kMostNamed;
    names.resize(kMostNamed);
    names.push_back(fmt::format("{} more", more));
  }
  return fmt::format(
      "the daemon has other values of {} than this shell, and builds with its own; `poltergeist "
      "restart` gives it these",
      joined(names, ", "));
}

}  // namespace poltergeist::process
