// SPDX-License-Identifier: MIT
// The reading half of target_state_json.h.
#include <nlohmann/json.hpp>

#include "base/signal_names.h"
#include "base/text.h"
#include "state/json_reading.h"
#include "state/target_state_json.h"
#include "state/timing_json.h"
#include "sys/files.h"

namespace poltergeist::state {

namespace {

using nlohmann::json;

constexpr std::size_t kLargestState = 4 << 20;
constexpr std::uint64_t kMajor = 1;
constexpr std::size_t kMostHookLines = 1000;
constexpr std::size_t kMostArtifacts = 100;
constexpr std::size_t kMostListen = 100;

std::string text_or_empty(const json& object, const char* key) {
  return text_in(object, key).value_or("");
}

std::optional<int> signal_in(const json& object) {
  const auto text = text_in(object, "signal");
  if (!text) return std::nullopt;
  // One without a name is written "signal 40".
  const std::string_view word = *text;
  return signal_number(word.starts_with("signal ") ? word.substr(7) : word);
}

std::optional<BuildStatus> status_in(const json& object) {
  // The original has two spellings of failure.
  if (text_in(object, "status") == "failed") return BuildStatus::Failure;
  return name_value_in(object, "status", kBuildStatuses);
}

Process read_process(const json& object) {
  return {
      .pid = int_in(object, "pid").value_or(0),
      .hostname = text_or_empty(object, "hostname"),
      .is_active = flag_in(object, "isActive").value_or(false),
      .start_time = time_in(object, "startTime").value_or(WallTime{}),
      .last_heartbeat = time_in(object, "lastHeartbeat").value_or(WallTime{}),
  };
}

Diagnostic read_diagnostic(const json& object) {
  return {
      .file = text_or_empty(object, "file"),
      .line = int_in(object, "line").value_or(0),
      .column = int_in(object, "column").value_or(0),
      .severity = name_value_in(object, "severity", kSeverities).value_or(Severity::Error),
      .code = text_or_empty(object, "code"),
      .message = text_or_empty(object, "message"),
  };
}

std::vector<Diagnostic> read_diagnostics(const json& build) {
  std::vector<Diagnostic> diagnostics;
  const auto* array = member(build, "diagnostics");
  if (array == nullptr || !array->is_array()) return diagnostics;
  for (const auto& element : *array) {
    if (diagnostics.size() == kMostDiagnostics) break;
    if (element.is_object()) diagnostics.push_back(read_diagnostic(element));
  }
  return diagnostics;
}

std::optional<Progress> read_progress(const json& object) {
  const auto current = whole_in(object, "current");
  const auto total = whole_in(object, "total");
  if (!current || !total) return std::nullopt;
  return Progress{
      .current = *current,
      .total = *total,
      .percent = int_in(object, "percent").value_or(0),
      .label = text_or_empty(object, "label"),
      .updated_at = time_in(object, "updatedAt").value_or(WallTime{}),
  };
}

// The texts of an object; what is no text is left out.
std::map<std::string, std::string> read_outputs(const json& object) {
  std::map<std::string, std::string> outputs;
  const auto* found = member(object, "outputs");
  if (found == nullptr || !found->is_object()) return outputs;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) outputs[key] = value.get<std::string>();
  }
  return outputs;
}

// Null for what is no object.
json object_in(const json& object, const char* key) {
  const auto* found = member(object, key);
  return found != nullptr && found->is_object() ? *found : json();
}

std::optional<LastBuild> read_build(const json& object) {
  const auto status = status_in(object);
  const auto timestamp = time_in(object, "timestamp");
  if (!status || !timestamp) return std::nullopt;
  LastBuild build{
      .id = BuildId(count_in(object, "id")),
      .status = *status,
      .timestamp = *timestamp,
      .duration = ms_in(object, "duration"),
      .git_hash = text_or_empty(object, "gitHash"),
      .builder = text_or_empty(object, "builder"),
      .trigger = texts_in(object, "trigger", kMostTrigger),
      .exit_code = int_in(object, "exitCode"),
      .signal = signal_in(object),
      .error = text_or_empty(object, "error"),
      .error_summary = text_or_empty(object, "errorSummary"),
      .diagnostics = read_diagnostics(object),
      .stalled_since = time_in(object, "stalledSince"),
      .artifacts = texts_in(object, "artifacts", kMostArtifacts),
      .outputs = read_outputs(object),
  };
  if (const auto* progress = member(object, "progress")) build.progress = read_progress(*progress);
  if (const auto* timing = member(object, "timing")) build.timing = timing_from(*timing);
  return build;
}

std::optional<LastBuildError> read_build_error(const json& object) {
  const auto timestamp = time_in(object, "timestamp");
  if (!timestamp) return std::nullopt;
  return LastBuildError{
      .exit_code = int_in(object, "exitCode").value_or(-1),
      .error_output = texts_in(object, "errorOutput", kMostErrorLines),
      .last_output = texts_in(object, "lastOutput", kMostErrorLines),
      .command = text_or_empty(object, "command"),
      .timestamp = *timestamp,
  };
}

BuildStats read_stats(const json& object) {
  BuildStats stats;
  const auto* array = member(object, "successfulBuilds");
  if (array != nullptr && array->is_array()) {
    for (const auto& element : *array) {
      const auto duration = ms_in(element, "duration");
      const auto timestamp = time_in(element, "timestamp");
      if (duration && timestamp) stats.recent.push_back({*duration, *timestamp});
    }
  }
  if (stats.recent.size() > kMostSuccessfulBuilds) {
    stats.recent.erase(stats.recent.begin(), stats.recent.end() - kMostSuccessfulBuilds);
  }
  // The original counts nothing but the builds it lists.
  stats.successes = std::max<std::uint64_t>(count_in(object, "successes"), stats.recent.size());
  stats.count = std::max(count_in(object, "count"), stats.successes);
  return stats;
}

std::optional<WatchState> read_watch(const json& object) {
  const auto state = name_value_in(object, "state", kWatchStatuses);
  if (!state) return std::nullopt;
  return WatchState{*state, text_or_empty(object, "reason"), count_in(object, "clock")};
}

std::optional<Freshness> read_freshness(const json& object) {
  const auto fresh = flag_in(object, "fresh");
  if (!fresh) return std::nullopt;
  return Freshness{*fresh, count_in(object, "dirtyClock"), count_in(object, "builtClock")};
}

std::optional<HookResult> read_hook(const json& object) {
  const auto status = name_value_in(object, "status", kHookStatuses);
  if (!status) return std::nullopt;
  return HookResult{
      .name = text_or_empty(object, "name"),
      .status = *status,
      .summary = text_or_empty(object, "summary"),
      .lines = texts_in(object, "lines", kMostHookLines),
      .started_at = time_in(object, "startedAt"),
      .completed_at = time_in(object, "completedAt"),
      .duration = ms_in(object, "durationMs"),
      .exit_code = int_in(object, "exitCode"),
      .outputs = object_in(object, "outputs"),
      .trigger = name_value_in(object, "trigger", kBuildVerdicts).value_or(BuildVerdict::Success),
  };
}

std::map<std::string, HookResult> read_hooks(const json& object) {
  std::map<std::string, HookResult> hooks;
  if (!object.is_object()) return hooks;
  for (const auto& [name, value] : object.items()) {
    if (auto hook = read_hook(value)) hooks.emplace(name, std::move(*hook));
  }
  return hooks;
}

std::optional<RunnerState> read_runner(const json& object) {
  const auto status = name_value_in(object, "status", kRunnerStatuses);
  if (!status) return std::nullopt;
  return RunnerState{
      .kind = text_or_empty(object, "kind"),
      .status = *status,
      .pid = int_in(object, "pid"),
      .restarts = int_in(object, "restarts").value_or(0),
      .crashes = int_in(object, "crashes").value_or(0),
      .generation = BuildId(count_in(object, "generation")),
      .rolled_back_from = BuildId(count_in(object, "rolledBackFrom")),
      .rolled_back_because = text_or_empty(object, "rolledBackBecause"),
      .started_at = time_in(object, "startedAt"),
      .exit_code = int_in(object, "exitCode"),
      .signal = signal_in(object),
      .port = int_in(object, "port"),
      .listen = texts_in(object, "listen", kMostListen),
      .command = text_or_empty(object, "command"),
      .post_run = text_or_empty(object, "postRun"),
  };
}

Result<void> check_version(const json& document) {
  const auto version = text_in(document, "version");
  if (!version) return fail(Errc::Invalid, "no state file: it has no version");
  const auto major = parse_number(std::string_view(*version).substr(0, version->find('.')));
  if (!major) return fail(Errc::Invalid, "no state file: version \"{}\"", for_terminal(*version));
  if (*major > kMajor) {
    return fail(Errc::Unavailable,
                "written by a newer Poltergeist (version {}, this one reads {}); update this one",
                *major, kStateVersion);
  }
  return {};
}

void read_parts(const json& document, TargetState& state) {
  const auto read = [&](const char* key, auto&& part) {
    if (const auto* value = member(document, key)) part(*value);
  };
  read("process", [&](const json& v) { state.process = read_process(v); });
  read("watch", [&](const json& v) { state.watch = read_watch(v); });
  read("lastBuild", [&](const json& v) { state.last_build = read_build(v); });
  read("lastBuildError", [&](const json& v) { state.last_build_error = read_build_error(v); });
  read("buildStats", [&](const json& v) { state.stats = read_stats(v); });
  read("freshness", [&](const json& v) { state.freshness = read_freshness(v); });
  read("appInfo", [&](const json& v) { state.output_path = text_or_empty(v, "outputPath"); });
  read("postBuildResults", [&](const json& v) { state.hooks = read_hooks(v); });
  read("runner", [&](const json& v) { state.runner = read_runner(v); });
}

}  // namespace

Result<TargetState> parse_state(std::string_view text) {
  const auto document = parse_json(text);
  if (!document) return fail(Errc::Invalid, "torn or no JSON");
  if (auto version = check_version(*document); !version) return fail(version.error());
  TargetState state;
  auto& identity = state.identity;
  identity.project_root = text_or_empty(*document, "projectPath");
  identity.project_name = text_or_empty(*document, "projectName");
  identity.target = TargetId(text_or_empty(*document, "target"));
  identity.type = text_or_empty(*document, "targetType");
  identity.config_path = text_or_empty(*document, "configPath");
  if (identity.project_root.empty() || identity.target.value().empty()) {
    return fail(Errc::Invalid, "no state file: it names no project or no target");
  }
  state.seq = count_in(*document, "seq");
  read_parts(*document, state);
  return state;
}

Result<TargetState> load_state(const std::filesystem::path& file) {
  const auto text = read_file(file, kLargestState);
  if (!text) return fail(text.error());
  auto state = parse_state(*text);
  if (!state) return fail(state.error(), "{}", file.string());
  return state;
}

}  // namespace poltergeist::state
