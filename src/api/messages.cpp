// SPDX-License-Identifier: MIT
#include "api/messages.h"

#include "api/fields.h"
#include "base/signal_names.h"

namespace poltergeist::api {

namespace {

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}
void put(Json& json, const char* key, const std::optional<Milliseconds>& value) {
  if (value) json[key] = value->count();
}
void put_flag(Json& json, const char* key, bool flag) {
  if (flag) json[key] = true;
}

}  // namespace

Json to_json(const Hello& value) {
  return {{"protocol", value.protocols.newest},
          {"oldestProtocol", value.protocols.oldest},
          {"version", value.version},
          {"project", value.project},
          {"pid", value.pid}};
}

Json to_json(const WatchInfo& value) {
  Json json = {{"state", value.state}, {"clock", value.clock}};
  put(json, "reason", value.reason);
  return json;
}

Json to_json(const WaitParams& value) {
  Json json = Json::object();
  put(json, "target", value.target);
  put(json, "timeoutMs", value.timeout);
  if (value.after) json["after"] = value.after->value();
  put_flag(json, "lease", value.lease);
  put_flag(json, "follow", value.follow);
  put_flag(json, "noBuild", value.no_build);
  return json;
}

Json to_json(const BuildParams& value) {
  Json json = {{"target", value.target}};
  put_flag(json, "force", value.force);
  put_flag(json, "follow", value.follow);
  return json;
}

Json to_json(const RestartSettings& value) {
  // A real-time signal has no name to be read back by.
  const auto name = signal_name(value.signal);
  return {{"signal", signal_number(name) ? name : std::to_string(value.signal)},
          {"delayMs", value.delay.count()},
          {"stopTimeoutMs", value.stop_timeout.count()}};
}

Json to_json(const TargetAnswer& value) {
  Json json = {{"target", value.target},
               {"type", value.type},
               {"answer", name_in(kAnswers, value.answer)},
               {"buildId", value.build.value()},
               {"durationMs", value.duration.count()}};
  put(json, "reason", value.reason);
  put(json, "outputPath", value.output_path);
  if (value.attempts > 0) json["attempts"] = value.attempts;
  put(json, "exitCode", value.exit_code);
  put(json, "signal", value.signal);
  put(json, "errorSummary", value.error_summary);
  if (!value.diagnostics.empty()) json["diagnostics"] = value.diagnostics;
  if (!value.last_output.empty()) json["lastOutput"] = value.last_output;
  put(json, "logFile", value.log_file);
  put(json, "startedAt", value.started_at);
  put(json, "finishedAt", value.finished_at);
  if (value.restart) json["restart"] = to_json(*value.restart);
  if (!value.environment.empty()) json["environment"] = value.environment;
  return json;
}

Json to_json(const WaitResult& value) {
  Json targets = Json::array();
  for (const auto& target : value.targets) targets.push_back(to_json(target));
  return {{"targets", std::move(targets)}, {"watch", to_json(value.watch)}};
}

Json to_json(const ProgressNote& value) {
  Json json = {
      {"target", value.target}, {"phase", value.phase}, {"elapsedMs", value.elapsed.count()}};
  put(json, "averageMs", value.average);
  put(json, "percent", value.percent);
  put(json, "label", value.label);
  put(json, "command", value.command);
  if (!value.lines.empty()) json["lines"] = value.lines;
  return json;
}

Json to_json(const OutputNote& value) {
  return {{"target", value.target}, {"buildId", value.build.value()}, {"text", value.text}};
}

Json to_json(const EventNote& value) {
  return {{"scope", value.scope},
          {"seq", value.seq},
          {"type", value.type},
          {"data", value.data},
          {"createdAt", value.created_at}};
}

Json to_json(const PastEvent& value) {
  return {{"time", value.time}, {"kind", value.kind}, {"path", value.path}};
}

Json to_json(const DoctorResult& value) {
  Json daemon = {{"pid", value.pid}, {"version", value.version}, {"startTime", value.start_time}};
  put(daemon, "degraded", value.degraded);
  put(daemon, "cgroup", value.cgroup);
  put(daemon, "noCgroup", value.no_cgroup);
  put_flag(daemon, "replaced", value.replaced);
  if (!value.environment.empty()) daemon["environment"] = value.environment;
  Json watch = to_json(value.watch);
  watch["backend"] = value.backend;
  put(watch, "choice", value.choice);
  watch["files"] = value.files;
  watch["directories"] = value.directories;
  watch["watches"] = value.watches;
  watch["polled"] = value.polled;
  watch["watchesNeeded"] = value.watches_needed;
  watch["hints"] = value.hints;
  watch["overflows"] = value.overflows;
  watch["rescans"] = value.rescans;
  watch["rewritten"] = value.rewritten;
  watch["unheard"] = value.unheard;
  Json events = Json::array();
  for (const auto& event : value.events) events.push_back(to_json(event));
  return {
      {"daemon", std::move(daemon)}, {"watch", std::move(watch)}, {"events", std::move(events)}};
}

template <>
Result<Hello> from_json(const Json& json) {
  Hello value;
  std::optional<int> oldest;
  const auto read = Fields(json)
                        .optional("protocol", value.protocols.newest)
                        .optional("oldestProtocol", oldest)
                        .required("version", value.version)
                        .required("project", value.project)
                        .optional("pid", value.pid)
                        .done();
  if (!read) return fail(read.error(), "hello");
  value.protocols.oldest = oldest.value_or(value.protocols.newest);
  return value;
}

template <>
Result<WatchInfo> from_json(const Json& json) {
  WatchInfo value;
  const auto read = Fields(json)
                        .required("state", value.state)
                        .optional("reason", value.reason)
                        .optional("clock", value.clock)
                        .done();
  if (!read) return fail(read.error(), "watch");
  return value;
}

template <>
Result<WaitParams> from_json(const Json& json) {
  WaitParams value;
  const auto read = Fields(json)
                        .optional("target", value.target)
                        .optional("timeoutMs", value.timeout)
                        .optional("after", value.after)
                        .optional("lease", value.lease)
                        .optional("follow", value.follow)
                        .optional("noBuild", value.no_build)
                        .done();
  if (!read) return fail(read.error());
  return value;
}

template <>
Result<BuildParams> from_json(const Json& json) {
  BuildParams value;
  const auto read = Fields(json)
                        .required("target", value.target)
                        .optional("force", value.force)
                        .optional("follow", value.follow)
                        .done();
  if (!read) return fail(read.error());
  return value;
}

template <>
Result<RestartSettings> from_json(const Json& json) {
  RestartSettings value;
  std::string signal = signal_name(value.signal);
  const auto read = Fields(json)
                        .optional("signal", signal)
                        .optional("delayMs", value.delay)
                        .optional("stopTimeoutMs", value.stop_timeout)
                        .done();
  if (!read) return fail(read.error(), "restart");
  const auto number = signal_number(signal);
  if (!number) return fail(Errc::Invalid, "restart: \"{}\" is no signal", signal);
  value.signal = *number;
  return value;
}

template <>
Result<TargetAnswer> from_json(const Json& json) {
  TargetAnswer value;
  std::string answer;
  Json restart;
  const auto read = Fields(json)
                        .required("target", value.target)
                        .optional("type", value.type)
                        .required("answer", answer)
                        .optional("reason", value.reason)
                        .optional("outputPath", value.output_path)
                        .optional("buildId", value.build)
                        .optional("durationMs", value.duration)
                        .optional("attempts", value.attempts)
                        .optional("exitCode", value.exit_code)
                        .optional("signal", value.signal)
                        .optional("errorSummary", value.error_summary)
                        .optional("diagnostics", value.diagnostics)
                        .optional("lastOutput", value.last_output)
                        .optional("logFile", value.log_file)
                        .optional("startedAt", value.started_at)
                        .optional("finishedAt", value.finished_at)
                        .optional("restart", restart)
                        .optional("environment", value.environment)
                        .done();
  if (!read) return fail(read.error(), "answer");
  if (!restart.is_null()) {
    const auto settings = from_json<RestartSettings>(restart);
    if (!settings) return fail(settings.error(), "answer");
    value.restart = *settings;
  }
  const auto known = value_in(kAnswers, answer);
  if (!known) return fail(Errc::Invalid, "\"answer\" must be {}", names_in(kAnswers));
  value.answer = *known;
  return value;
}

template <>
Result<WaitResult> from_json(const Json& json) {
  WaitResult value;
  Json targets = Json::array();
  Json watch = Json::object();
  const auto read = Fields(json).optional("targets", targets).optional("watch", watch).done();
  if (!read) return fail(read.error());
  if (!targets.is_array()) return fail(Errc::Invalid, "\"targets\" must be a list");
  for (const auto& entry : targets) {
    auto target = from_json<TargetAnswer>(entry);
    if (!target) return fail(target.error());
    value.targets.push_back(std::move(*target));
  }
  auto info = from_json<WatchInfo>(watch);
  if (!info) return fail(info.error());
  value.watch = std::move(*info);
  return value;
}

template <>
Result<ProgressNote> from_json(const Json& json) {
  ProgressNote value;
  const auto read = Fields(json)
                        .required("target", value.target)
                        .required("phase", value.phase)
                        .optional("elapsedMs", value.elapsed)
                        .optional("averageMs", value.average)
                        .optional("percent", value.percent)
                        .optional("label", value.label)
                        .optional("command", value.command)
                        .optional("lines", value.lines)
                        .done();
  if (!read) return fail(read.error(), "progress");
  return value;
}

template <>
Result<OutputNote> from_json(const Json& json) {
  OutputNote value;
  const auto read = Fields(json)
                        .required("target", value.target)
                        .optional("buildId", value.build)
                        .required("text", value.text)
                        .done();
  if (!read) return fail(read.error(), "output");
  return value;
}

template <>
Result<EventNote> from_json(const Json& json) {
  EventNote value;
  const auto read = Fields(json)
                        .required("scope", value.scope)
                        .optional("seq", value.seq)
                        .required("type", value.type)
                        .optional("data", value.data)
                        .optional("createdAt", value.created_at)
                        .done();
  if (!read) return fail(read.error(), "event");
  return value;
}

template <>
Result<PastEvent> from_json(const Json& json) {
  PastEvent value;
  const auto read = Fields(json)
                        .required("time", value.time)
                        .required("kind", value.kind)
                        .optional("path", value.path)
                        .done();
  if (!read) return fail(read.error(), "events");
  return value;
}

template <>
Result<DoctorResult> from_json(const Json& json) {
  DoctorResult value;
  Json daemon = Json::object();
  Json watch = Json::object();
  Json events = Json::array();
  auto read = Fields(json)
                  .optional("daemon", daemon)
                  .optional("watch", watch)
                  .optional("events", events)
                  .done();
  if (!read) return fail(read.error());
  read = Fields(daemon)
             .required("version", value.version)
             .optional("pid", value.pid)
             .optional("startTime", value.start_time)
             .optional("degraded", value.degraded)
             .optional("cgroup", value.cgroup)
             .optional("noCgroup", value.no_cgroup)
             .optional("replaced", value.replaced)
             .optional("environment", value.environment)
             .done();
  if (!read) return fail(read.error(), "daemon");
  auto info = from_json<WatchInfo>(watch);
  if (!info) return fail(info.error());
  value.watch = std::move(*info);
  read = Fields(watch)
             .optional("backend", value.backend)
             .optional("choice", value.choice)
             .optional("files", value.files)
             .optional("directories", value.directories)
             .optional("watches", value.watches)
             .optional("polled", value.polled)
             .optional("watchesNeeded", value.watches_needed)
             .optional("hints", value.hints)
             .optional("overflows", value.overflows)
             .optional("rescans", value.rescans)
             .optional("rewritten", value.rewritten)
             .optional("unheard", value.unheard)
             .done();
  if (!read) return fail(read.error(), "watch");
  if (!events.is_array()) return fail(Errc::Invalid, "\"events\" must be a list");
  for (const auto& entry : events) {
    auto event = from_json<PastEvent>(entry);
    if (!event) return fail(event.error());
    value.events.push_back(std::move(*event));
  }
  return value;
}

}  // namespace poltergeist::api
