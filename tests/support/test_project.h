// SPDX-License-Identifier: MIT
// A project of a test's own: a root with a configuration, a state directory, a home, and the two
// programs to use on it. Its daemon is stopped and everything of it is gone when it goes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temp_dir.h"

namespace poltergeist::test {

class TestProject {
 public:
  TestProject();
  TestProject(const TestProject&) = delete;
  TestProject& operator=(const TestProject&) = delete;
  ~TestProject();

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] const std::filesystem::path& state_dir() const { return state_; }
  // Over the environment of everything that is run.
  std::map<std::string, std::string> env;

  std::filesystem::path write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  // Writes the configuration; "version" and "projectType" are added.
  void configure(nlohmann::json configuration) const;
  // One target that copies `source` to `output`, and counts its builds in "<name>.builds".
  [[nodiscard]] static nlohmann::json copying_target(const std::string& name,
                                                     const std::string& source,
                                                     const std::string& output);

  [[nodiscard]] Call poltergeist(std::vector<std::string> args) const;
  [[nodiscard]] Call polter(std::vector<std::string> args) const;
  Ran run_poltergeist(std::vector<std::string> args) const {
    return run(poltergeist(std::move(args)));
  }
  Ran run_polter(std::vector<std::string> args) const { return run(polter(std::move(args))); }

  // Starts the daemon in the background and waits until all targets are settled.
  void haunt() const;
  [[nodiscard]] nlohmann::json status() const;
  [[nodiscard]] nlohmann::json state_of(const std::string& target) const;
  [[nodiscard]] std::size_t builds_of(const std::string& target) const;
  [[nodiscard]] pid_t daemon_pid() const;
  // Where the daemon listens.
  [[nodiscard]] std::filesystem::path socket() const;

 private:
  [[nodiscard]] std::map<std::string, std::string> environment() const;

  TempDir dir_{memory_directory()};
  std::filesystem::path root_;
  std::filesystem::path state_;
};

}  // namespace poltergeist::test
