// SPDX-License-Identifier: MIT
// The project that a command is about: where its configuration is, which files of the state
// directory are its own, and, for those who need it, what the configuration says.
#pragma once

#include <filesystem>
#include <string>

#include "cli/refusal.h"
#include "config/load.h"
#include "state/state_dir.h"

namespace poltergeist::cli {

struct ProjectAt {
  std::filesystem::path file;  // the configuration; its directory is a real path: the root
  state::ProjectPaths paths;

  [[nodiscard]] std::filesystem::path root() const { return file.parent_path(); }
};

// Its configuration alone, for a verb that has something to say without a state directory.
[[nodiscard]] Attempt<std::filesystem::path> find_configuration(const std::string& named);
// The configuration named with `-c` or $POLTERGEIST_CONFIG, else the nearest upwards from the
// working directory. Nothing is read: a verb that only asks the daemon works while the
// configuration is being edited.
[[nodiscard]] Attempt<ProjectAt> find_project(const std::string& named);

// Whether the file may be trusted (config/trust.h), then what it says. All problems at once.
[[nodiscard]] Attempt<config::Loaded> load_configuration(const std::filesystem::path& file);
// The same for a text that needs no trust: nothing of it is executed.
[[nodiscard]] Attempt<config::Loaded> load_text(const std::string& text,
                                                const std::filesystem::path& file);

}  // namespace poltergeist::cli
