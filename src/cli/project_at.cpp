// SPDX-License-Identifier: MIT
#include "cli/project_at.h"

#include <system_error>
#include <vector>

#include "base/text.h"
#include "config/discovery.h"
#include "daemon/project_file.h"

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

Attempt<fs::path> in_real_directory(const fs::path& candidate) {
  std::error_code error;
  const auto root = fs::canonical(candidate.parent_path(), error);
  if (error) {
    return refuse(ExitCode::Usage, "{}: {}", candidate.parent_path().string(), error.message());
  }
  return root / candidate.filename();
}

Refusal refusal_of(const daemon::Refusal& refused) {
  return {ExitCode::Usage, refused.summary, joined(refused.problems, "\n")};
}

}  // namespace

Attempt<ProjectAt> find_project(const std::string& named) {
  auto file = find_configuration(named);
  if (!file) return refuse(file.error());
  const auto directory = state::state_dir_from_environment();
  if (!directory) return refuse(ExitCode::Usage, "{}", directory.error().message);
  auto paths = state::ProjectPaths::create(*directory, file->parent_path());
  if (!paths) return refuse(ExitCode::Usage, "{}", paths.error().message);
  return ProjectAt{std::move(*file), std::move(*paths)};
}

Attempt<fs::path> find_configuration(const std::string& named) {
  std::error_code error;
  const auto cwd = fs::current_path(error);
  if (error) return refuse(ExitCode::Usage, "the working directory: {}", error.message());
  const auto candidates = config::candidates_for(cwd, named);
  for (const auto& candidate : candidates) {
    if (fs::exists(candidate, error)) return in_real_directory(candidate);
  }
  return refuse(nothing_found(named, cwd, candidates));
}

Attempt<config::Loaded> load_text(const std::string& text, const fs::path& file) {
  auto loaded = daemon::understand_project_text(text, file);
  if (!loaded) return refuse(refusal_of(loaded.error()));
  return std::move(*loaded);
}

Attempt<config::Loaded> load_configuration(const fs::path& file) {
  auto loaded = daemon::read_project_file(file);
  if (!loaded) return refuse(refusal_of(loaded.error()));
  return std::move(*loaded);
}

}  // namespace poltergeist::cli
