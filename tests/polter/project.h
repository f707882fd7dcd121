// SPDX-License-Identifier: MIT
// A project with a target "app" whose program is the probe, a state directory of its own, and a
// daemon that says what the test wants. polter is the real program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "state/state_dir.h"
#include "support/fake_daemon.h"
#include "support/program.h"
#include "support/temp_dir.h"

namespace poltergeist::test {

inline const std::string kPolter = POLTERGEIST_BINARY_DIR "/bin/polter";
inline const std::string kProbe = POLTERGEIST_BINARY_DIR "/tests/polter/polter_probe";

class Project {
 public:
  Project() {
    std::filesystem::create_directories(dir_ / "state");
    std::filesystem::permissions(dir_ / "state", std::filesystem::perms::owner_all);
    dir_.write("p/poltergeist.config.json",
               R"({"version": "1.0", "projectType": "mixed", "targets": [
                    {"name": "app", "type": "executable", "enabled": true, "buildCommand": "true",
                     "outputPath": "bin/app", "watchPaths": ["src"]},
                    {"name": "checks", "type": "test", "testCommand": "true", "watchPaths": ["src"]}
                  ]})");
    std::filesystem::create_directories(root() / "sub");
  }

  [[nodiscard]] std::filesystem::path root() const { return dir_ / "p"; }
  [[nodiscard]] std::filesystem::path dir() const { return dir_.path(); }
  [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view text) const {
    return dir_.write(name, text);
  }
  [[nodiscard]] std::string read(std::string_view name) const { return dir_.read(name); }
  [[nodiscard]] std::filesystem::path socket() const {
    return state::ProjectPaths::create(dir_ / "state", root())->socket();
  }

  FakeDaemon& daemon() {
    if (!daemon_) daemon_.emplace(socket(), root());
    return *daemon_;
  }

  // "app" is the probe, as built by `build`.
  [[nodiscard]] static api::TargetAnswer fresh(std::uint64_t build = 1) {
    return {.target = "app",
            .type = "executable",
            .answer = api::Answer::Fresh,
            .output_path = kProbe,
            .build = BuildId(build),
            .duration = Milliseconds(1200)};
  }
  [[nodiscard]] static api::TargetAnswer failed(std::uint64_t build = 1) {
    auto answer = fresh(build);
    answer.answer = api::Answer::Failed;
    answer.exit_code = 2;
    answer.error_summary = "main.c:1:1: error: no";
    answer.last_output = {"first \x1b[31mline", "last line"};
    answer.log_file = "/s/app.log";
    return answer;
  }

  // How polter is called: in the directory `sub`, with as much of an environment as it needs.
  [[nodiscard]] Call plan(std::vector<std::string> args) const {
    args.insert(args.begin(), kPolter);
    return {.argv = std::move(args),
            .cwd = root() / "sub",
            .env = {{"PATH", path_},
                    {"POLTERGEIST_STATE_DIR", dir_ / "state"},
                    {"HOME", dir_.path()},
                    {"TERM", "xterm"},
                    {"LANG", "C"},
                    {"ASAN_OPTIONS", "detect_leaks=0"}},
            .environment = Call::Environment::Alone};
  }
  // A polter beside which a `poltergeist` of the test's stands: this shell script.
  [[nodiscard]] std::string polter_with_haunt(const std::string& script) const {
    const auto file = write("programs/poltergeist", "#!/bin/sh\n" + script);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    const auto polter = dir() / "programs/polter";
    std::filesystem::copy_file(kPolter, polter);
    return polter.string();
  }
  void set_path(std::string path) { path_ = std::move(path); }

 private:
  TempDir dir_;
  std::optional<FakeDaemon> daemon_;
  std::string path_ = "/usr/bin:/bin";
};

}  // namespace poltergeist::test
