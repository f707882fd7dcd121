// SPDX-License-Identifier: MIT
// What `poltergeist doctor` has found out, before anybody judges it: plain values. gather.h fills
// them, findings.h judges them, and a test writes them down.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"
#include "base/time.h"
#include "cli/doctor/file_system.h"
#include "cli/doctor/inotify_use.h"
#include "cli/doctor/tool_versions.h"
#include "watch/inotify_source.h"

namespace poltergeist::cli::doctor {

struct ConfigurationFacts {
  std::filesystem::path file;
  std::string trouble;  // why it is refused; empty: it holds
  std::vector<std::string> problems;
  std::size_t targets = 0;
  std::vector<std::string> missing_programs;  // located, as `validate` says them
};

// From the daemon, or from a look at what a daemon would do.
struct WatchFacts {
  std::string state;  // as in the state file
  std::string reason;
  std::string backend;
  std::string choice;
  std::string shortfall;  // of a back end that was only tried; a daemon's is in its reason
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t watches_needed = 0;
  // Of a daemon.
  std::uint64_t watches = 0;
  std::uint64_t polled = 0;
  std::uint64_t hints = 0;
  std::uint64_t overflows = 0;
  std::uint64_t rescans = 0;
  std::uint64_t rewritten = 0;
  std::uint64_t unheard = 0;
};

// A file was written in the root.
struct ProbeFacts {
  bool heard = false;
  std::string not_tried;  // why; empty: it was
};

struct LimitFacts {
  watch::InotifyLimit watches;
  watch::InotifyLimit instances;
  InotifyUse use;      // of all processes of this user
  InotifyUse daemons;  // of them, the daemon's own
  std::optional<std::uint64_t> queued_events;
  // Of the daemon, or of this process where there is none.
  std::uint64_t open_files_soft = 0;
  std::uint64_t open_files_hard = 0;
  std::optional<std::uint64_t> open_files;
};

struct StateFacts {
  std::filesystem::path directory;
  std::string trouble;  // why it cannot be used; empty: it can
  bool is_there = false;
  uid_t owner = 0;
  mode_t mode = 0;
  FileSystem file_system;
  std::vector<std::filesystem::path> leftovers;  // temporary files of dead writers
};

struct DaemonFacts {
  enum class Life { Gone, Silent, Alive };
  Life life = Life::Gone;
  std::string trouble;  // why it did not answer, or not to this question
  pid_t pid = 0;        // as it says, else as the file says that it left
  std::string version;
  std::optional<Milliseconds> uptime;
  std::optional<std::uint64_t> memory;  // bytes that are resident
  std::string degraded;                 // why it cannot write state
  bool replaced = false;                // another file is where its program was
  std::string environment;              // how its environment differs from ours; empty: in nothing
  std::filesystem::path socket;
  bool left_socket = false;  // without a daemon
  bool left_file = false;
};

// The cgroup below which units have theirs, or why they have none.
struct CgroupFacts {
  std::filesystem::path cgroup;
  std::string trouble;
};

struct ShellFacts {
  std::filesystem::path path;
  std::filesystem::path real;  // empty: it is not there, or no program
};

struct Facts {
  std::filesystem::path root;
  std::string version;  // of this program
  bool wants_watchman = false;
  ConfigurationFacts configuration;
  FileSystem file_system;  // of the root
  ProbeFacts probe;
  std::optional<WatchFacts> watch;  // absent: not known without a daemon or a configuration
  LimitFacts limits;
  StateFacts state;
  std::optional<DaemonFacts> daemon;  // absent: there is no place where it could be asked
  std::optional<CgroupFacts> cgroup;  // the daemon's, or what one would have; absent: not known
  ShellFacts shell;
  std::vector<ToolFacts> tools;
  std::vector<api::PastEvent> events;
};

}  // namespace poltergeist::cli::doctor
