// SPDX-License-Identifier: MIT
// The input of a task that reads it from a file: in the state directory, for nobody else to read,
// there for as long as this value lives.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "state/state_dir.h"

namespace poltergeist::state {

class InputFile {
 public:
  InputFile() = default;  // none
  // "NAME-H8-input-<pid>-<name>.json", of this process.
  [[nodiscard]] static Result<InputFile> create(const ProjectPaths& paths, std::string_view name,
                                                std::string_view text);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit InputFile(std::filesystem::path path) : path_(std::move(path)) {}
  void remove();

  std::filesystem::path path_;  // empty: none
};

// Removes what processes that are no more left of this project's; returns how many.
std::size_t sweep_input_files(const ProjectPaths& paths);

}  // namespace poltergeist::state
