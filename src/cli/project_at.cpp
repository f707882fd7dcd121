// SPDX-License-Identifier: MIT
#include "cli/project_at.h"

#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <vector>

#include "base/text.h"
#include "cli/trusted_list.h"
#include "config/discovery.h"
#include "config/problem.h"
#include "config/trust.h"
#include "process/environment.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

Refusal nothing_found(const std::string& named, const fs::path& cwd,
                      const std::vector<fs::path>& candidates) {
  const auto at_a_file = candidates.size() == 1 && !named.empty();
  if (at_a_file) {
    return {
        ExitCode::Usage, fmt::format("{}: there is no such file", candidates.front().string()), {}};
  }
  const auto start = candidates.empty() ? cwd.string() : candidates.front().parent_path().string();
  return {ExitCode::Usage,
          fmt::format("no {} in {} or above; `poltergeist init` writes one", config::kConfigFile,
                      for_terminal(start)),
          {}};
}

Attempt<ProjectAt> project_of(const fs::path& candidate) {
  std::error_code error;
  const auto root = fs::canonical(candidate.parent_path(), error);
  if (error) {
    return refuse(ExitCode::Usage, "{}: {}", candidate.parent_path().string(), error.message());
  }
  const auto directory = state::state_dir_from_environment();
  if (!directory) return refuse(ExitCode::Usage, "{}", directory.error().message);
  auto paths = state::ProjectPaths::create(*directory, root);
  if (!paths) return refuse(ExitCode::Usage, "{}", paths.error().message);
  return ProjectAt{root / candidate.filename(), std::move(*paths)};
}

config::Environment own_variables() {
  config::Environment variables;
  for (const auto& entry : process::own_environment()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

Result<config::Ownership> ownership_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("{}", path.string());
  return config::Ownership{status.st_uid, status.st_mode};
}

Result<void> check_trust(const fs::path& file) {
  const auto of_file = ownership_of(file);
  if (!of_file) return fail(of_file.error());
  const auto of_directory = ownership_of(file.parent_path());
  if (!of_directory) return fail(of_directory.error());
  const auto trusted = read_trusted_list();
  if (!trusted) return fail(trusted.error());
  return config::trust_of(file, *of_file, *of_directory, ::geteuid(), *trusted);
}

}  // namespace

Attempt<ProjectAt> find_project(const std::string& named) {
  std::error_code error;
  const auto cwd = fs::current_path(error);
  if (error) return refuse(ExitCode::Usage, "the working directory: {}", error.message());
  const auto candidates = config::candidates_for(cwd, named);
  for (const auto& candidate : candidates) {
    if (fs::exists(candidate, error)) return project_of(candidate);
  }
  return refuse(nothing_found(named, cwd, candidates));
}

Attempt<config::Loaded> load_text(const std::string& text, const fs::path& file) {
  auto loaded = config::load_project(text, file, own_variables());
  if (loaded) return std::move(*loaded);
  const auto count = loaded.error().size();
  return refuse(Refusal{ExitCode::Usage,
                        count == 1 ? std::string("the configuration has a problem")
                                   : fmt::format("the configuration has {} problems", count),
                        for_terminal(config::to_text(loaded.error(), file))});
}

Attempt<config::Loaded> load_configuration(const fs::path& file) {
  if (const auto trusted = check_trust(file); !trusted) {
    return refuse(ExitCode::Usage, "{}", trusted.error().message);
  }
  const auto text = read_file(file);
  if (!text) return refuse(ExitCode::Usage, "{}", text.error().message);
  return load_text(*text, file);
}

}  // namespace poltergeist::cli
