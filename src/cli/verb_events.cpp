// SPDX-License-Identifier: MIT
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "cli/connection.h"
#include "cli/events_view.h"
#include "cli/output.h"
#include "cli/verb_functions.h"
#include "state/journal.h"
#include "sys/file_lock.h"

namespace poltergeist::cli {

namespace {

constexpr std::uint64_t kSinceNotGiven = std::numeric_limits<std::uint64_t>::max();

struct EventsCall {
  std::string scope;  // empty: all
  std::string config;
  std::uint64_t since = kSinceNotGiven;
  bool follow = false;
  bool json = false;
};

class Shown {
 public:
  explicit Shown(const EventsCall& call) : json_(call.json) {
    if (!call.scope.empty() && call.since != kSinceNotGiven && call.since > 0) {
      gaps_.begin(call.scope, call.since);
    }
  }
  void show(const nlohmann::json& event) {
    if (const auto missing = gaps_.before(event); !missing.empty()) say("poltergeist: " + missing);
    if (json_) return print_json_line(event_json(event));
    print(event_text(event) + '\n');
  }
  void show(const api::Notification& note) {
    if (note.method == api::method::kEvent) show(note.params);
  }

 private:
  bool json_;
  EventGaps gaps_;
};

// `app` is short for `target:app`.
std::string full_scope(const std::string& scope) {
  if (scope.empty() || scope == state::kDaemonScope || scope.find(':') != std::string::npos) {
    return scope;
  }
  return state::scope_for(TargetId(scope));
}

api::Json params_of(const EventsCall& call) {
  api::Json params{{"follow", call.follow}};
  if (!call.scope.empty()) params["scope"] = call.scope;
  if (call.since != kSinceNotGiven) params["since"] = call.since;
  return params;
}

int follow(api::Client& client, const EventsCall& call) {
  Shown shown(call);
  // The first events may be quicker than the answer.
  const auto answer = ask(client, api::method::kEvents, params_of(call), kPatience,
                          [&](const auto& note) { shown.show(note); });
  if (!answer) return report(answer.error());
  // When nobody reads any more, it is over.
  while (flush_output()) {
    const auto note = client.next_notification();
    if (!note) return report({ExitCode::CannotAnswer, note.error().message, {}});
    shown.show(*note);
  }
  return to_int(ExitCode::CannotAnswer);
}

int show_kept(api::Client& client, const EventsCall& call) {
  Shown shown(call);
  const auto answer = ask(client, api::method::kEvents, params_of(call), std::nullopt,
                          [&](const auto& note) { shown.show(note); });
  return answer ? to_int(ExitCode::Yes) : report(answer.error());
}

int show_recorded(const ProjectAt& project, const EventsCall& call) {
  const auto since = call.since == kSinceNotGiven ? 0 : call.since;
  const auto records = state::recorded_events(project.root(), call.scope, since);
  if (!records && records.error().code != Errc::NotFound) {
    return report({ExitCode::CannotAnswer, records.error().message, {}});
  }
  const bool is_empty = !records || records->empty();
  if (is_empty && since == 0 && !call.scope.empty()) {
    return report({ExitCode::Unknown, fmt::format("no event of {} is kept", call.scope), {}});
  }
  if (is_empty) return to_int(ExitCode::Yes);
  Shown shown(call);
  for (const auto& record : *records) {
    shown.show(nlohmann::json::parse(to_json_text(record), nullptr, /*allow_exceptions=*/false));
  }
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_events(Arguments& arguments) {
  EventsCall call;
  arguments.positional("scope", call.scope,
                       "daemon, a target, execution:<id>; everything if none is named",
                       Parameter::Offer::Targets);
  arguments.number("--since", call.since, "n", "only those behind number n of the scope");
  arguments.flag("-f,--follow", call.follow,
                 "go on with those that come; without --since with them alone");
  arguments.json(call.json);
  arguments.config(call.config);
  if (const auto end = arguments.end()) return *end;
  if (call.scope.empty() && call.since != kSinceNotGiven && call.since > 0) {
    return arguments.misuse("--since needs a scope: events are numbered in their scope");
  }
  call.scope = full_scope(call.scope);

  const auto project = find_project(call.config);
  if (!project) return report(project.error());
  if (!call.follow && !FileLock::is_held(project->paths.lock())) {
    return show_recorded(*project, call);
  }
  auto client = connect(*project);
  if (!client) return report(client.error());
  return call.follow ? follow(*client, call) : show_kept(*client, call);
}

}  // namespace poltergeist::cli
