// SPDX-License-Identifier: MIT
// The parameters and results of the socket's methods as values; docs/protocol.md says what each
// means. Decoding is strict about types and silent about unknown fields, so that a newer side can
// add some.
#pragma once

#include <array>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_rpc.h"
#include "base/enum_names.h"
#include "base/id.h"
#include "base/time.h"

namespace poltergeist::api {

// Methods by name, in one place.
namespace method {
inline constexpr std::string_view kSync = "sync";
inline constexpr std::string_view kStatus = "status";
inline constexpr std::string_view kBuild = "build";
inline constexpr std::string_view kWait = "wait";
inline constexpr std::string_view kPause = "pause";
inline constexpr std::string_view kResume = "resume";
inline constexpr std::string_view kStop = "stop";
inline constexpr std::string_view kWhy = "why";
inline constexpr std::string_view kDoctor = "doctor";
inline constexpr std::string_view kTiming = "timing";
inline constexpr std::string_view kEvents = "events";
inline constexpr std::string_view kExecSubmit = "exec.submit";
inline constexpr std::string_view kExecList = "exec.list";
inline constexpr std::string_view kExecShow = "exec.show";
inline constexpr std::string_view kExecWait = "exec.wait";
inline constexpr std::string_view kExecCancel = "exec.cancel";
inline constexpr std::string_view kRunnerStart = "runner.start";
inline constexpr std::string_view kRunnerStop = "runner.stop";
inline constexpr std::string_view kRunnerRestart = "runner.restart";
inline constexpr std::string_view kRunnerStatus = "runner.status";
// Notifications from the daemon.
inline constexpr std::string_view kHello = "hello";
inline constexpr std::string_view kEvent = "event";
inline constexpr std::string_view kOutput = "output";
inline constexpr std::string_view kProgress = "progress";
}  // namespace method

// The first message on every connection, from the daemon. It is the same in every version of the
// protocol, and so is `stop`: any version of ours can name and end any other.
struct Hello {
  ProtocolRange protocols = kProtocols;
  std::string version;
  std::string project;  // the root
  int pid = 0;
};

struct WatchInfo {
  std::string state;  // ok | rescanning | degraded | failed
  std::string reason;
  Clock clock = 0;
};

// `wait`: sync, then answer when the target is settled: fresh, or failed with nothing newer to
// build.
struct WaitParams {
  std::optional<std::string> target;  // absent: all enabled targets
  std::optional<Milliseconds> timeout;
  // Settled must be a build with a greater id than this: for those who wait for the next one.
  std::optional<BuildId> after;
  bool lease = false;     // no build of the target starts until the connection closes, 2 s at most
  bool follow = false;    // `progress` notifications while waiting
  bool no_build = false;  // answer at once with what is known after the sync
};

// `build`: sync, then build the target if it is not fresh, or in any case with force.
struct BuildParams {
  std::string target;
  bool force = false;
  bool follow = false;  // `output` notifications with the log's lines
};

enum class Answer {
  Fresh,    // built from the tree as it was at the call, and good
  Failed,   // the build of that tree failed
  Blocked,  // a dependency failed
  Stale,    // not fresh, and nobody will build it (paused, disabled, or asked not to wait)
  Unknown   // the watcher cannot know what changed
};
inline constexpr auto kAnswers = std::to_array<EnumName<Answer>>({
    {Answer::Fresh, "fresh"},
    {Answer::Failed, "failed"},
    {Answer::Blocked, "blocked"},
    {Answer::Stale, "stale"},
    {Answer::Unknown, "unknown"},
});

// The parts of a target's `autoRun` that say how its program is restarted, whoever runs it.
struct RestartSettings {
  int signal = SIGINT;  // by name on the wire
  Milliseconds delay{250};
  Milliseconds stop_timeout{5000};

  friend bool operator==(const RestartSettings&, const RestartSettings&) = default;
};

// What `wait` and `build` answer, per target.
struct TargetAnswer {
  std::string target;
  std::string type;
  Answer answer = Answer::Unknown;
  std::string reason;       // why it is not fresh, for people; empty when it is
  std::string output_path;  // absolute; empty if the target has none
  BuildId build;            // the last one that ended; 0: none
  Milliseconds duration{0};
  int attempts = 0;  // of a failure: how often it was tried; 0: not known
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string error_summary;
  Json diagnostics = Json::array();  // as in the state file
  std::vector<std::string> last_output;
  std::string log_file;
  std::string started_at;  // ISO 8601, of that build; empty: none
  std::string finished_at;
  std::optional<RestartSettings> restart;  // absent: the target has no `autoRun`
  // Of a failure: digests of the tool variables that its build had (process/tool_variables.h).
  std::map<std::string, std::string> environment;
};

struct WaitResult {
  std::vector<TargetAnswer> targets;
  WatchInfo watch;
};

// `progress`: what a waiting client shows meanwhile, at most 10 times a second.
struct ProgressNote {
  std::string target;
  std::string phase;  // waiting | queued | building
  Milliseconds elapsed{0};
  std::optional<Milliseconds> average;  // of successful builds
  std::optional<double> percent;
  std::string label;
  std::string command;
  std::vector<std::string> lines;  // the log's last ones
};

struct OutputNote {
  std::string target;
  BuildId build;
  std::string text;  // whole lines, with their newlines
};

// `events {scope?, follow}` answers with the current seq of each scope, then sends `event`
// notifications.
struct EventNote {
  std::string scope;
  std::uint64_t seq = 0;
  std::string type;
  Json data = Json::object();
  std::string created_at;
};

// A hint that the watcher got.
struct PastEvent {
  std::string time;  // ISO 8601
  std::string kind;
  std::string path;  // relative to the root, or absolute for what lies beside it

  friend bool operator==(const PastEvent&, const PastEvent&) = default;
};

// `doctor`: what only the daemon knows of itself, for `poltergeist doctor`.
struct DoctorResult {
  int pid = 0;
  std::string version;
  std::string start_time;  // ISO 8601
  std::string degraded;    // why state cannot be written; empty if it can
  std::string cgroup;      // below which units have theirs
  std::string no_cgroup;   // why they have none
  bool replaced = false;   // another file has taken the place of its program since it began
  std::map<std::string, std::string> environment;  // as in TargetAnswer, its own
  WatchInfo watch;
  std::string backend;
  std::string choice;  // why it is not the usual one
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t watches = 0;
  std::uint64_t polled = 0;
  std::uint64_t watches_needed = 0;
  std::uint64_t hints = 0;
  std::uint64_t overflows = 0;
  std::uint64_t rescans = 0;
  std::uint64_t rewritten = 0;
  std::uint64_t unheard = 0;
  std::vector<PastEvent> events;  // oldest first
};

[[nodiscard]] Json to_json(const Hello& value);
[[nodiscard]] Json to_json(const WatchInfo& value);
[[nodiscard]] Json to_json(const WaitParams& value);
[[nodiscard]] Json to_json(const BuildParams& value);
[[nodiscard]] Json to_json(const RestartSettings& value);
[[nodiscard]] Json to_json(const TargetAnswer& value);
[[nodiscard]] Json to_json(const WaitResult& value);
[[nodiscard]] Json to_json(const ProgressNote& value);
[[nodiscard]] Json to_json(const OutputNote& value);
[[nodiscard]] Json to_json(const EventNote& value);
[[nodiscard]] Json to_json(const PastEvent& value);
[[nodiscard]] Json to_json(const DoctorResult& value);

// Errc::Invalid with the field's name for a missing or mistyped field.
template <typename T>
[[nodiscard]] Result<T> from_json(const Json& json);
template <>
[[nodiscard]] Result<Hello> from_json(const Json& json);
template <>
[[nodiscard]] Result<WatchInfo> from_json(const Json& json);
template <>
[[nodiscard]] Result<WaitParams> from_json(const Json& json);
template <>
[[nodiscard]] Result<BuildParams> from_json(const Json& json);
template <>
[[nodiscard]] Result<RestartSettings> from_json(const Json& json);
template <>
[[nodiscard]] Result<TargetAnswer> from_json(const Json& json);
template <>
[[nodiscard]] Result<WaitResult> from_json(const Json& json);
template <>
[[nodiscard]] Result<ProgressNote> from_json(const Json& json);
template <>
[[nodiscard]] Result<OutputNote> from_json(const Json& json);
template <>
[[nodiscard]] Result<EventNote> from_json(const Json& json);
template <>
[[nodiscard]] Result<PastEvent> from_json(const Json& json);
template <>
[[nodiscard]] Result<DoctorResult> from_json(const Json& json);

}  // namespace poltergeist::api
