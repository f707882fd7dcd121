// SPDX-License-Identifier: MIT
// Where a project's state lives, and what its files are called (docs/state-format.md). Every
// program of ours finds the same names from the same root; no file of ours has a name made
// elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace poltergeist::state {

// The state directory, created if it is not there: `given` (from POLTERGEIST_STATE_DIR, relative to
// the working directory, empty for none), which must be ours, closed to other writers and no
// symbolic link; else <temporary>/poltergeist if it is ours and private (0700) or can be made
// so; else <temporary>/poltergeist-<uid>. Errc::Denied with the reason if what is there is not
// ours, or anybody could replace it.
[[nodiscard]] Result<std::filesystem::path> state_dir(
    const std::filesystem::path& given, const std::filesystem::path& temporary = "/tmp");
// The same, `given` read from the environment.
[[nodiscard]] Result<std::filesystem::path> state_dir_from_environment();

// Whoever begins to write state there asks first; who only talks to a daemon need not.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& state_dir);

inline constexpr std::size_t kHashDigits = 8;
// H8 of a root: the first kHashDigits hex digits of the SHA-256 of its path, taken as it is.
[[nodiscard]] std::string path_hash(const std::filesystem::path& root);
// What may stand in a file name: every byte outside [A-Za-z0-9._-] becomes "-"; "channel" for "".
[[nodiscard]] std::string channel_part(std::string_view channel);
// The same for a target, but two different names never become one: a name of [A-Za-z0-9._-] of at
// most 100 bytes stands for itself, any other gets "~" and 8 digits of its SHA-256.
[[nodiscard]] std::string target_part(const TargetId& target);

// The names of all files of one project.
class ProjectPaths {
 public:
  // `root` must exist: the name is made of its real path, so that every way to it gives the same.
  // Errc::Invalid if the control socket would have a longer path than Linux allows.
  [[nodiscard]] static Result<ProjectPaths> create(const std::filesystem::path& state_dir,
                                                   const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& state_dir() const { return state_dir_; }
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  // The base name of the root, as it is.
  [[nodiscard]] std::string project_name() const;
  // "NAME-H8": NAME is the base name made safe, H8 the first 8 digits of the root's SHA-256.
  [[nodiscard]] const std::string& key() const { return key_; }

  [[nodiscard]] std::filesystem::path state_file(const TargetId& target) const;
  // Of the latest build; the one before is old_log_file() of it.
  [[nodiscard]] std::filesystem::path log_file(const TargetId& target) const;
  // Of a channel; "build" is log_file(target).
  [[nodiscard]] std::filesystem::path log_file(const TargetId& target,
                                               std::string_view channel) const;
  [[nodiscard]] std::filesystem::path daemon_json() const { return file("-daemon.json"); }
  [[nodiscard]] std::filesystem::path daemon_log() const { return file("-daemon.log"); }
  [[nodiscard]] std::filesystem::path socket() const { return file(".sock"); }
  [[nodiscard]] std::filesystem::path lock() const { return file(".lock"); }
  [[nodiscard]] std::filesystem::path paused() const { return file(".paused"); }
  // Of all projects: which ports are given away.
  [[nodiscard]] std::filesystem::path port_leases() const { return state_dir_ / "ports"; }
  // Of all projects: names under which programs are started, for as long as that takes.
  [[nodiscard]] std::filesystem::path launch_names() const { return state_dir_ / "launch"; }
  // The pause flag as the original Poltergeist spells it (6 digits).
  [[nodiscard]] std::filesystem::path upstream_paused() const;

 private:
  ProjectPaths(std::filesystem::path state_dir, std::filesystem::path root);
  [[nodiscard]] std::filesystem::path file(std::string_view rest) const;

  std::filesystem::path state_dir_;
  std::filesystem::path root_;
  std::string hash_;  // all 64 digits
  std::string key_;
};

// "<log>.1": where a log goes when a new one begins.
[[nodiscard]] std::filesystem::path old_log_file(const std::filesystem::path& log);

}  // namespace poltergeist::state
