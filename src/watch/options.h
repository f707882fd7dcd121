// SPDX-License-Identifier: MIT
// What a Watcher is told: whose files there are, and what is left out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/time.h"

namespace poltergeist::watch {

struct TargetOptions {
  std::string name;
  std::vector<std::string> watch_paths;
  std::vector<std::string> outputs;  // never watched; relative to the root, or absolute

  friend bool operator==(const TargetOptions&, const TargetOptions&) = default;
};

// An entry of `watcher.rules`: an ignore file's line, braces allowed.
struct RuleOptions {
  std::string pattern;
  std::string reason;
  std::string place;  // "poltergeist.config.json:12:5", for why()

  friend bool operator==(const RuleOptions&, const RuleOptions&) = default;
};

struct Options {
  std::vector<TargetOptions> targets;
  std::vector<RuleOptions> rules;
  std::vector<std::string> exclude_dirs;
  std::vector<std::string> default_exclusions;  // default_exclusions_for(…); empty: none
  bool gitignore = true;                        // .gitignore, .ignore and the next
  std::filesystem::path global_excludes;        // find_global_excludes(); empty: none
  std::vector<std::filesystem::path> never;     // absolute: state directory, logs
  Milliseconds poll_interval{2000};             // for what cannot be watched
  Duration audit_interval{};                    // from one comparison of all to the next; 0: none
  bool touch_builds = false;  // a file that was written counts, whatever was written

  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace poltergeist::watch
