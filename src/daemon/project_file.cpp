// SPDX-License-Identifier: MIT
#include "daemon/project_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/trust.h"
#include "daemon/trusted_list.h"
#include "process/environment.h"
#include "sys/files.h"

namespace poltergeist::daemon {

namespace {

tl::unexpected<Refusal> refused(const Error& error) {
  return tl::unexpected<Refusal>(Refusal{error.message, {}});
}

config::Environment own_variables() {
  config::Environment variables;
  for (const auto& entry : process::own_environment()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

Result<config::Ownership> ownership_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("{}", path.string());
  return config::Ownership{status.st_uid, status.st_mode};
}

Result<void> check_trust(const std::filesystem::path& file) {
  const auto of_file = ownership_of(file);
  if (!of_file) return fail(of_file.error());
  const auto of_directory = ownership_of(file.parent_path());
  if (!of_directory) return fail(of_directory.error());
  const auto trusted = read_trusted_list();
  if (!trusted) return fail(trusted.error());
  return config::trust_of(file, *of_file, *of_directory, ::geteuid(), *trusted);
}

}  // namespace

tl::expected<config::Loaded, Refusal> understand_project_text(std::string_view text,
                                                              const std::filesystem::path& file) {
  auto loaded = config::load_project(text, file, own_variables());
  if (loaded) return std::move(*loaded);
  Refusal refusal;
  const auto count = loaded.error().size();
  refusal.summary = count == 1 ? std::string("the configuration has a problem")
                               : fmt::format("the configuration has {} problems", count);
  for (const auto& problem : loaded.error()) {
    refusal.problems.push_back(for_terminal(config::to_text(problem, file)));
  }
  return tl::unexpected<Refusal>(std::move(refusal));
}

tl::expected<config::Loaded, Refusal> read_project_file(const std::filesystem::path& file) {
  if (const auto trusted = check_trust(file); !trusted) return refused(trusted.error());
  const auto text = read_file(file);
  if (!text) return refused(text.error());
  return understand_project_text(*text, file);
}

std::filesystem::path daemon_log(const config::Project& project, const state::ProjectPaths& paths) {
  return project.logging.file.empty() ? paths.daemon_log() : project.log_file();
}

}  // namespace poltergeist::daemon
