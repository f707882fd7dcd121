// SPDX-License-Identifier: MIT
// What a configuration means, as values: every default filled in, every duration a duration, every
// signal checked, every `${VAR}` substituted, nothing left to parse. Made by load_project() only,
// so whoever holds a Project holds a valid one. Values compare, so that a reload can tell what
// changed.
#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/listen_address.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/port_range.h"
#include "base/time.h"

namespace poltergeist::config {

enum class ProjectType { Swift, Node, Rust, Python, CMake, Mixed };
inline constexpr auto kProjectTypes = std::to_array<EnumName<ProjectType>>({
    {ProjectType::Swift, "swift"},
    {ProjectType::Node, "node"},
    {ProjectType::Rust, "rust"},
    {ProjectType::Python, "python"},
    {ProjectType::CMake, "cmake"},
    {ProjectType::Mixed, "mixed"},
});

enum class TargetType {
  Executable,
  AppBundle,
  Library,
  Framework,
  Test,
  Docker,
  Custom,
  Npm,
  CMakeExecutable,
  CMakeLibrary,
  CMakeCustom
};
inline constexpr auto kTargetTypes = std::to_array<EnumName<TargetType>>({
    {TargetType::Executable, "executable"},
    {TargetType::AppBundle, "app-bundle"},
    {TargetType::Library, "library"},
    {TargetType::Framework, "framework"},
    {TargetType::Test, "test"},
    {TargetType::Docker, "docker"},
    {TargetType::Custom, "custom"},
    {TargetType::Npm, "npm"},
    {TargetType::CMakeExecutable, "cmake-executable"},
    {TargetType::CMakeLibrary, "cmake-library"},
    {TargetType::CMakeCustom, "cmake-custom"},
});

enum class PackageManager { Auto, Npm, Yarn, Pnpm, Bun };
inline constexpr auto kPackageManagers = std::to_array<EnumName<PackageManager>>({
    {PackageManager::Auto, "auto"},
    {PackageManager::Npm, "npm"},
    {PackageManager::Yarn, "yarn"},
    {PackageManager::Pnpm, "pnpm"},
    {PackageManager::Bun, "bun"},
});

enum class CMakeBuildType { Debug, Release, RelWithDebInfo, MinSizeRel };
inline constexpr auto kCMakeBuildTypes = std::to_array<EnumName<CMakeBuildType>>({
    {CMakeBuildType::Debug, "Debug"},
    {CMakeBuildType::Release, "Release"},
    {CMakeBuildType::RelWithDebInfo, "RelWithDebInfo"},
    {CMakeBuildType::MinSizeRel, "MinSizeRel"},
});

enum class LibraryType { Static, Shared, Dynamic };
inline constexpr auto kLibraryTypes = std::to_array<EnumName<LibraryType>>({
    {LibraryType::Static, "static"},
    {LibraryType::Shared, "shared"},
    {LibraryType::Dynamic, "dynamic"},
});

using Environment = std::map<std::string, std::string>;

// Where in the configuration file something stands, for messages. Moving a target about in the file
// does not change it: all places are equal.
struct Place {
  int line = 0;  // from 1; 0: not from a file
  int column = 0;

  friend bool operator==(const Place&, const Place&) { return true; }
};

// What an exit code says: one that is in neither list is a failure. Each list without duplicates,
// no code in both, `success` never empty.
struct ExitCodes {
  std::vector<int> success{0};
  std::vector<int> retry;  // a failure that may be over soon

  friend bool operator==(const ExitCodes&, const ExitCodes&) = default;
};

// ---- What a target is, beside what all targets have
// -----------------------------------------------

// executable, app-bundle, library, framework, docker, custom: a command and what it leaves behind.
struct CommandKind {
  std::string build_command;
  // app-bundle, framework: what the bundle is called and where it runs; shown, not acted on.
  std::string bundle_id;
  std::string platform;
  bool auto_relaunch = false;
  std::string launch_command;
  // docker
  std::string image_name;
  std::string dockerfile;
  std::string context;
  std::vector<std::string> tags;
  std::optional<LibraryType> library_type;

  friend bool operator==(const CommandKind&, const CommandKind&) = default;
};

struct TestKind {
  std::string test_command;
  std::string coverage_file;

  friend bool operator==(const TestKind&, const TestKind&) = default;
};

struct NpmKind {
  std::string build_script = "build";
  PackageManager package_manager = PackageManager::Auto;
  std::vector<std::string> output_paths;  // all must exist after a build
  bool install_on_change = true;          // install when package.json or a lock file changed

  friend bool operator==(const NpmKind&, const NpmKind&) = default;
};

struct CMakeKind {
  std::string target_name;
  std::string
      generator;  // empty: an existing cache's, else Ninja if there is one, else Unix Makefiles
  std::optional<CMakeBuildType> build_type;
  std::vector<std::string> cmake_args;
  bool parallel = true;
  std::optional<LibraryType> library_type;  // cmake-library

  friend bool operator==(const CMakeKind&, const CMakeKind&) = default;
};

using TargetKind = std::variant<CommandKind, TestKind, NpmKind, CMakeKind>;

// ---- What all targets have
// ---------------------------------------------------------------------------

enum class HookTrigger { Success, Failure };
inline constexpr auto kHookTriggers = std::to_array<EnumName<HookTrigger>>({
    {HookTrigger::Success, "success"},
    {HookTrigger::Failure, "failure"},
});

// A `postBuild` entry: either a `command` or a `task`, which brings its own env, cwd and timeout.
struct Hook {
  std::string name;
  std::string command;       // a line for /bin/sh -c
  std::string task;          // the name of a task of the project
  std::string input = "{}";  // what the task is given: a JSON object in one line
  bool on_success = true;
  bool on_failure = false;
  std::string
      formatter;  // a line for /bin/sh -c that reads the output and prints a result; may be empty
  Seconds timeout{0};  // 0: none
  Environment env;
  std::string cwd;  // relative to the root; empty: the root
  int max_lines = 5;

  friend bool operator==(const Hook&, const Hook&) = default;
};

// `autoRun`: the daemon keeps the built program running; `polter --watch` uses the same settings.
// What becomes of a program that exits by itself.
enum class OnExit { Wait, Restart };
inline constexpr auto kOnExit = std::to_array<EnumName<OnExit>>({
    {OnExit::Wait, "wait"},
    {OnExit::Restart, "restart"},
});

// What becomes of the sidecar when its program is restarted.
enum class OnRestart { Restart, Keep };
inline constexpr auto kOnRestart = std::to_array<EnumName<OnRestart>>({
    {OnRestart::Restart, "restart"},
    {OnRestart::Keep, "keep"},
});

// Where a port is looked for that nobody chose.
inline constexpr PortRange kAnyPort{3000, 9999};

// When a program is ready; exactly one of these is set.
struct ReadyWhen {
  std::optional<int> port;  // accepts connections; 0: the runner's own
  std::string http;         // a path on the runner's port, of which GET gives 2xx or 3xx
  std::string log_line;     // an RE2 pattern that a line of its output matches
  std::string exec;         // a shell line that exits by 0
  Seconds timeout{30};      // 0: it may take as long as it takes

  friend bool operator==(const ReadyWhen&, const ReadyWhen&) = default;
};

// {port} may stand in command, args, env, post_run, cleanup and ready_when.exec, and in `listen`
// for a port.
struct AutoRun {
  bool enabled = false;
  std::string command;  // instead of the built artifact; run without a shell
  std::vector<std::string> args;
  int restart_signal = SIGINT;
  Milliseconds restart_delay{250};
  Milliseconds stop_timeout{5000};  // from the signal to SIGKILL
  OnExit on_exit = OnExit::Wait;
  bool rollback = false;     // a new program that fails soon gives way to the last good one
  bool launch_image = true;  // start a copy that nobody can overwrite, not the artifact itself
  Environment env;
  std::optional<PortRange> port;      // absent: kAnyPort, if somebody needs one
  std::string port_file;              // the program writes its port there; relative to the root
  std::vector<ListenAddress> listen;  // held open for it; paths relative to the root
  std::optional<ReadyWhen> ready_when;
  std::string post_run;  // the sidecar: a line for bash
  OnRestart post_run_on_restart = OnRestart::Restart;
  std::string cleanup;  // a shell line, before the program is stopped for good
  Seconds cleanup_timeout{5};

  friend bool operator==(const AutoRun&, const AutoRun&) = default;
};

struct Target {
  TargetId name;
  Place place;
  TargetType type = TargetType::Executable;
  bool enabled = true;
  TargetKind kind;
  // Globs relative to the root, in the order written, "!" first for an exclusion (design:
  // watching).
  std::vector<std::string> watch_paths;
  std::string output_path;  // relative to the root or absolute; empty: not known
  std::vector<TargetId> depends_on;
  std::optional<Milliseconds> settling_delay;  // absent: the project's
  std::optional<Milliseconds> max_settling_delay;
  Environment env;
  std::string cwd;           // relative to the root; empty: the root
  Seconds timeout{0};        // 0: none
  Seconds grace_period{10};  // from SIGTERM to SIGKILL
  int max_retries = 0;
  double backoff_multiplier = 2.0;
  ExitCodes exit_codes;
  std::vector<Hook> post_build;
  std::optional<AutoRun> auto_run;
  std::string icon;
  std::string group;
  std::vector<std::string> log_channels;

  friend bool operator==(const Target&, const Target&) = default;
};

// ---- Tasks
// ---------------------------------------------------------------------------------------------

// How a task is told its input, a JSON object.
enum class InputFormat { Env, JsonStdin, JsonFile, Args };
inline constexpr auto kInputFormats = std::to_array<EnumName<InputFormat>>({
    {InputFormat::Env, "env"},
    {InputFormat::JsonStdin, "json_stdin"},
    {InputFormat::JsonFile, "json_file"},
    {InputFormat::Args, "args"},
});

// What of a task is its output.
enum class OutputFormat { Stdout, JsonStdout, File, ExitCodeOnly };
inline constexpr auto kOutputFormats = std::to_array<EnumName<OutputFormat>>({
    {OutputFormat::Stdout, "stdout"},
    {OutputFormat::JsonStdout, "json_stdout"},
    {OutputFormat::File, "file"},
    {OutputFormat::ExitCodeOnly, "exit_code_only"},
});

struct Task {
  TaskId name;
  Place place;
  std::string command;  // a program; with `shell` a line for /bin/sh -c
  std::vector<std::string> args;
  bool shell = false;
  std::string cwd;  // relative to the root; empty: the root
  InputFormat input_format = InputFormat::Env;
  OutputFormat output_format = OutputFormat::Stdout;
  std::string output_file;  // relative to the root or absolute; with OutputFormat::File, never else
  ExitCodes exit_codes;
  Seconds timeout{3600};  // 0: none
  Seconds grace_period{10};
  int max_retries = 0;
  double backoff_multiplier = 2.0;
  Environment env;
  std::string queue;  // never empty: the worker's, where the task names none

  friend bool operator==(const Task&, const Task&) = default;
};

// Who performs detached executions.
struct Worker {
  std::string name = "poltergeist";
  std::string queue = "default";
  int concurrency = 1;             // 1–256 executions at once
  Seconds heartbeat_interval{30};  // 0: none

  friend bool operator==(const Worker&, const Worker&) = default;
};

// ---- The project
// ---------------------------------------------------------------------------------------

enum class OnChange { Queue, Cancel };
inline constexpr auto kOnChange = std::to_array<EnumName<OnChange>>({
    {OnChange::Queue, "queue"},
    {OnChange::Cancel, "cancel"},
});

struct Prioritization {
  bool enabled = true;
  Milliseconds focus_detection_window{300'000};
  Milliseconds priority_decay_time{1'800'000};

  friend bool operator==(const Prioritization&, const Prioritization&) = default;
};

struct BuildScheduling {
  int parallelization = 2;  // 1–10 builds at once
  OnChange on_change = OnChange::Queue;
  Prioritization prioritization;

  friend bool operator==(const BuildScheduling&, const BuildScheduling&) = default;
};

enum class WatchBackend { Auto, Inotify, Fanotify, Watchman, Poll };
inline constexpr auto kWatchBackends = std::to_array<EnumName<WatchBackend>>({
    {WatchBackend::Auto, "auto"},
    {WatchBackend::Inotify, "inotify"},
    {WatchBackend::Fanotify, "fanotify"},
    {WatchBackend::Watchman, "watchman"},
    {WatchBackend::Poll, "poll"},
});

// An entry of `watcher.rules`: a glob that is ignored, and the reason that `why` gives for it.
struct IgnoreRule {
  std::string pattern;
  std::string reason;
  bool enabled = true;
  Place place;

  friend bool operator==(const IgnoreRule&, const IgnoreRule&) = default;
};

struct Watcher {
  WatchBackend backend = WatchBackend::Auto;
  bool use_default_exclusions = true;
  bool gitignore = true;
  bool touch_builds = false;
  Seconds audit_interval{600};
  std::vector<std::string> exclude_dirs;
  std::vector<IgnoreRule> rules;
  Milliseconds settling_delay{20};
  Milliseconds max_settling_delay{2000};

  friend bool operator==(const Watcher&, const Watcher&) = default;
};

struct Notifications {
  bool enabled = true;
  bool build_start = false;
  // Absent: only when it changes (a success after a failure, a failure after a success).
  std::optional<bool> build_success;
  std::optional<bool> build_failed;
  std::string success_sound;
  std::string failure_sound;

  friend bool operator==(const Notifications&, const Notifications&) = default;
};

struct Logging {
  std::string file;  // empty: NAME-H8-daemon.log in the state directory
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  std::size_t max_output = 1024 * std::size_t{1024};  // bytes kept of what an execution prints

  friend bool operator==(const Logging&, const Logging&) = default;
};

struct Project {
  std::filesystem::path root;  // real path of the directory that holds the configuration
  std::filesystem::path file;  // the configuration, absolute
  ProjectType type = ProjectType::Mixed;
  std::vector<Target> targets;  // in the order written
  std::vector<Task> tasks;      // in the order written
  Worker worker;
  Watcher watcher;
  BuildScheduling scheduling;
  Notifications notifications;
  Logging logging;
  Seconds heartbeat{0};  // state.heartbeatSeconds; 0: none

  [[nodiscard]] const Target* find(const TargetId& name) const;
  // Exactly this name, else the only one that is the same after normalised_name().
  [[nodiscard]] const Target* find_like(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> target_names() const;
  [[nodiscard]] const Task* find_task(const TaskId& name) const;
  [[nodiscard]] const Task* find_task_like(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> task_names() const;
  // logging.file, absolute; empty if there is none.
  [[nodiscard]] std::filesystem::path log_file() const;

  friend bool operator==(const Project&, const Project&) = default;
};

}  // namespace poltergeist::config
