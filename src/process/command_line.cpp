// SPDX-License-Identifier: MIT
#include "process/command_line.h"

#include <unistd.h>

#include "base/enum_names.h"
#include "base/text.h"

namespace poltergeist::process {

namespace {

// Extension (lower case) → interpreter.
constexpr auto kInterpreters = std::to_array<EnumName<std::string_view>>({
    {"node", ".js"},
    {"node", ".mjs"},
    {"node", ".cjs"},
    {"python3", ".py"},
    {"sh", ".sh"},
});

}  // namespace

std::vector<std::string> command_line(const std::filesystem::path& artifact, bool executable,
                                      const std::vector<std::string>& args) {
  std::vector<std::string> argv;
  argv.reserve(args.size() + 2);
  if (!executable) {
    const auto extension = lower_case(artifact.extension().string());
    if (const auto interpreter = value_in(kInterpreters, extension))
      argv.emplace_back(*interpreter);
  }
  argv.push_back(artifact.string());
  argv.insert(argv.end(), args.begin(), args.end());
  return argv;
}

std::vector<std::string> command_line(const std::filesystem::path& artifact,
                                      const std::vector<std::string>& args) {
  return command_line(artifact, ::access(artifact.c_str(), X_OK) == 0, args);
}

}  // namespace poltergeist::process
