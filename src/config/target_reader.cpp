// SPDX-License-Identifier: MIT
#include "config/target_reader.h"

#include <algorithm>

#include "base/text.h"
#include "config/auto_run_reader.h"
#include "config/exit_codes.h"
#include "config/fields.h"
#include "config/glob_syntax.h"
#include "config/keys.h"

namespace poltergeist::config {

namespace {

void check_channels(const JsonArray& channels, Reading& reading) {
  for (const auto& channel : channels) {
    const auto& name = text_of(channel);
    if (is_safe_name(name, Blank::Forbidden)) continue;
    reading.problem(channel.place,
                    "{} cannot be the name of a log channel: letters, digits, '.', '_' and '-', at "
                    "most {}",
                    in_quotes(name), kLongestName);
  }
}

std::optional<TargetType> type_of(const Json& json) {
  const auto* object = json.as<JsonObject>();
  const auto* member = object == nullptr ? nullptr : member_of(*object, "type");
  const auto* name = member == nullptr ? nullptr : member->value.as<std::string>();
  return name == nullptr ? std::nullopt : value_in(kTargetTypes, *name);
}

CommandKind read_command_kind(const Fields& fields) {
  CommandKind kind;
  fields.read("buildCommand", kind.build_command);
  fields.read("bundleId", kind.bundle_id);
  fields.read("platform", kind.platform);
  fields.read("autoRelaunch", kind.auto_relaunch);
  fields.read("launchCommand", kind.launch_command);
  fields.read("imageName", kind.image_name);
  fields.read("dockerfile", kind.dockerfile);
  fields.read("context", kind.context);
  fields.read("tags", kind.tags);
  fields.read_choice("libraryType", kLibraryTypes, kind.library_type);
  return kind;
}

TestKind read_test_kind(const Fields& fields) {
  TestKind kind;
  fields.read("testCommand", kind.test_command);
  fields.read("coverageFile", kind.coverage_file);
  return kind;
}

NpmKind read_npm_kind(const Fields& fields) {
  NpmKind kind;
  fields.read("buildScript", kind.build_script);
  fields.read_choice("packageManager", kPackageManagers, kind.package_manager);
  fields.read("outputPaths", kind.output_paths);
  fields.read("installOnChange", kind.install_on_change);
  return kind;
}

CMakeKind read_cmake_kind(const Fields& fields) {
  CMakeKind kind;
  fields.read("targetName", kind.target_name);
  fields.read("generator", kind.generator);
  fields.read_choice("buildType", kCMakeBuildTypes, kind.build_type);
  fields.read("cmakeArgs", kind.cmake_args);
  fields.read("parallel", kind.parallel);
  fields.read_choice("libraryType", kLibraryTypes, kind.library_type);
  return kind;
}

TargetKind read_kind(TargetType type, const Fields& fields) {
  switch (type) {
    case TargetType::Test:
      return read_test_kind(fields);
    case TargetType::Npm:
      return read_npm_kind(fields);
    case TargetType::CMakeExecutable:
    case TargetType::CMakeLibrary:
    case TargetType::CMakeCustom:
      return read_cmake_kind(fields);
    case TargetType::Executable:
    case TargetType::AppBundle:
    case TargetType::Library:
    case TargetType::Framework:
    case TargetType::Docker:
    case TargetType::Custom:
      break;
  }
  return read_command_kind(fields);
}

Hook read_hook(const Section& section, const Json& json, std::vector<PlacedName>& tasks,
               Reading& reading) {
  const Fields fields(section, json, reading);
  Hook hook;
  fields.read("name", hook.name);
  fields.read("command", hook.command);
  fields.read("task", hook.task);
  if (!hook.task.empty()) tasks.push_back({hook.task, fields.place_of("task")});
  if (const auto* input = fields.object("input")) hook.input = compact_text(*input);
  fields.read("formatter", hook.formatter);
  fields.read("timeoutSeconds", hook.timeout);
  fields.read("env", hook.env);
  fields.read("cwd", hook.cwd);
  fields.read("maxLines", hook.max_lines);
  if (fields.has("runOn")) {
    hook.on_success = hook.on_failure = false;
    for (const auto& when : fields.choices("runOn")) {
      hook.on_success |= when != name_in(kHookTriggers, HookTrigger::Failure);
      hook.on_failure |= when != name_in(kHookTriggers, HookTrigger::Success);
    }
  }
  return hook;
}

std::vector<Hook> read_hooks(const Key& key, const Fields& fields, std::vector<PlacedName>& tasks,
                             Reading& reading) {
  std::vector<Hook> hooks;
  for (const auto& json : fields.list("postBuild")) {
    auto hook = read_hook(*key.section, json, tasks, reading);
    // Results are kept by name.
    if (!hook.name.empty() && std::ranges::find(hooks, hook.name, &Hook::name) != hooks.end()) {
      reading.problem(json.place, "this target has a hook {} already", in_quotes(hook.name));
    }
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

void check_output_path(const Target& target, const std::filesystem::path& root, Place place,
                       Reading& reading) {
  if (target.output_path.empty()) return;
  const auto output = (root / target.output_path).lexically_normal();
  const auto [in_root, in_output] =
      std::mismatch(root.begin(), root.end(), output.begin(), output.end());
  const bool holds_the_root =
      in_output == output.end() || (in_output->empty() && std::next(in_output) == output.end());
  if (!holds_the_root) return;
  reading.problem(place,
                  "\"outputPath\" must be one file or directory in the project, not the project "
                  "itself: it is not watched");
}

void check_delays(const Target& target, Place place, Reading& reading) {
  if (!target.settling_delay || !target.max_settling_delay) return;
  if (*target.max_settling_delay >= *target.settling_delay) return;
  reading.problem(place, "\"maxSettlingDelay\" must not be less than \"settlingDelay\" ({} ms)",
                  target.settling_delay->count());
}

std::vector<Place> places_of(const JsonArray& entries) {
  std::vector<Place> places;
  places.reserve(entries.size());
  for (const auto& entry : entries) places.push_back(entry.place);
  return places;
}

}  // namespace

void check_globs(std::string_view key, const JsonArray& patterns, Reading& reading) {
  for (const auto& entry : patterns) {
    const auto& pattern = text_of(entry);
    if (const auto problem = problem_with_pattern(pattern)) {
      reading.problem(entry.place, "{} in \"{}\" {}", in_quotes(pattern), key, *problem);
    } else if (const auto upstream = upstream_reading(pattern)) {
      reading.note(entry.place,
                   "{} in \"{}\" means that directory alone; what is below it, too, is {}",
                   in_quotes(pattern), key, in_quotes(*upstream));
    }
  }
}

ReadTarget read_target(const Json& json, const std::filesystem::path& root, Reading& reading) {
  const auto type = type_of(json);
  const Fields fields(target_section(), json, reading, type);
  ReadTarget read;
  Target& target = read.target;
  std::string name;
  fields.read("name", name);
  target.name = TargetId(std::move(name));
  target.place = fields.place_of("name");
  target.type = type.value_or(TargetType::Executable);
  target.kind = read_kind(target.type, fields);
  fields.read("enabled", target.enabled);
  fields.read("watchPaths", target.watch_paths);
  fields.read("outputPath", target.output_path);
  std::vector<std::string> depends_on;
  fields.read("dependsOn", depends_on);
  for (auto& dependency : depends_on) target.depends_on.emplace_back(std::move(dependency));
  fields.read("settlingDelay", target.settling_delay);
  fields.read("maxSettlingDelay", target.max_settling_delay);
  fields.read("env", target.env);
  fields.read("cwd", target.cwd);
  fields.read("timeoutSeconds", target.timeout);
  fields.read("gracePeriodSeconds", target.grace_period);
  fields.read("maxRetries", target.max_retries);
  fields.read("backoffMultiplier", target.backoff_multiplier);
  fields.read("icon", target.icon);
  fields.read("group", target.group);
  fields.read("logChannels", target.log_channels);
  target.exit_codes = read_exit_codes(target_section(), fields, reading);
  target.post_build = read_hooks(*target_section().find("postBuild"), fields, read.tasks, reading);
  if (const auto* auto_run = fields.object("autoRun")) {
    target.auto_run = read_auto_run(*target_section().find("autoRun")->section, *auto_run, reading);
  }
  read.depends_on = places_of(fields.list("dependsOn"));
  read.log_channels = places_of(fields.list("logChannels"));

  check_name("target", {target.name.value(), target.place}, reading);
  check_channels(fields.list("logChannels"), reading);
  check_globs("watchPaths", fields.list("watchPaths"), reading);
  check_output_path(target, root, fields.place_of("outputPath"), reading);
  check_startable(target, fields.place_of("autoRun"), reading);
  check_delays(target, fields.place_of("maxSettlingDelay"), reading);
  return read;
}

}  // namespace poltergeist::config
