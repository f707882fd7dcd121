// SPDX-License-Identifier: MIT
// A name under which an open file is executed: a symbolic link to the descriptor, in a directory of
// ours, that is called as the program shall be called. For the kernel takes a process's name (`ps`,
// `pgrep`) from the last part of the path that is executed. It is there for as long as an exec
// takes; what a killed owner left is removed by whoever makes the next one.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace poltergeist::process {

class ExecName {
 public:
  // `directory` is made (0700) below one that exists. `fd` stays open for as long as this lives;
  // it has to be one of this process. One at a time per process.
  [[nodiscard]] static Result<ExecName> create(const std::filesystem::path& directory,
                                               const std::string& name, int fd);
  ExecName(ExecName&& other) noexcept;
  ExecName& operator=(ExecName&&) = delete;
  ExecName(const ExecName&) = delete;
  ExecName& operator=(const ExecName&) = delete;
  ~ExecName();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ExecName(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty: somebody else has it
};

}  // namespace poltergeist::process
