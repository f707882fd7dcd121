// SPDX-License-Identifier: MIT
// A Watchman of a test's own: the real one, with its socket and its state in a directory of the
// test's. It can be killed and started again.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/program.h"
#include "support/temp_dir.h"

namespace poltergeist::test {

class Watchman {
 public:
  // Nothing if there is none on this machine, which is said loudly by whoever asks.
  [[nodiscard]] static bool is_installed() {
    return run({.argv = {"/bin/sh", "-c", "command -v watchman"}}).code == 0;
  }

  Watchman() { start(); }

  [[nodiscard]] std::filesystem::path socket() const { return directory_ / "sock"; }
  void start() {
    std::filesystem::remove(socket());
    program_ = std::make_unique<Program>(
        Call{.argv = {"watchman", "--foreground", "--sockname=" + socket().string(),
                      "--no-save-state", "--logfile=" + (directory_ / "log").string(),
                      "--pidfile=" + (directory_ / "pid").string()},
             .cwd = directory_.path(),
             .env = {{"HOME", directory_.path().string()}}});
    if (!await([this] { return std::filesystem::exists(socket()); })) {
      throw std::runtime_error("watchman: " + program_->output());
    }
  }
  void kill() { program_.reset(); }

 private:
  TempDir directory_;
  std::unique_ptr<Program> program_;
};

}  // namespace poltergeist::test
