// SPDX-License-Identifier: MIT
#include "daemon/serving_events.h"

#include <utility>

#include "api/messages.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/rpc_refusal.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

using api::ErrorCode;
using api::Json;
using api::RpcError;

namespace {

// What is read of the journal at a time.
constexpr std::size_t kReadAtOnce = 64;
// Until a journal that could not be read is tried again.
constexpr Seconds kJournalPause{1};

}  // namespace

ServingEvents::ServingEvents(Loop& loop, Publishing& publishing, const config::Project& project,
                             const ServingExecutions& executions)
    : loop_(loop), publishing_(publishing), project_(project), executions_(executions) {
  events_ = publishing_.bus().subscribe([this](const state::Event&) {
    // One of them may be dropped on the way.
    for (auto next = readers_.begin(); next != readers_.end();) go_on((next++)->first);
  });
}

tl::expected<ServingEvents::Request, RpcError> ServingEvents::read(const Json& params) const {
  Request request;
  if (const auto scope = params.find("scope"); scope != params.end()) {
    if (!scope->is_string()) return refuse(ErrorCode::InvalidParams, "\"scope\" is not a string");
    request.scope = to_utf8(scope->get<std::string>());
  }
  if (const auto follow = params.find("follow"); follow != params.end()) {
    if (!follow->is_boolean()) {
      return refuse(ErrorCode::InvalidParams, "\"follow\" is neither true nor false");
    }
    request.follow = follow->get<bool>();
  }
  if (const auto since = params.find("since"); since != params.end()) {
    if (!since->is_number_unsigned()) {
      return refuse(ErrorCode::InvalidParams, "\"since\" is not a number from 0");
    }
    request.since = since->get<std::uint64_t>();
    if (request.scope.empty() && *request.since != 0) {
      return refuse(ErrorCode::InvalidParams,
                    "\"since\" needs a scope: events are numbered in their scope");
    }
  }
  if (!request.follow && !request.since) request.since = 0;
  return request;
}

bool ServingEvents::is_known(const std::string& scope) {
  if (scope == state::kDaemonScope || executions_.has_events(scope)) return true;
  for (const auto& target : project_.targets) {
    if (scope == state::scope_for(target.name)) return true;
  }
  // Of something that is no more.
  return publishing_.bus().journal().last_seq(scope) > 0;
}

Json ServingEvents::scopes(const std::string& scope) {
  auto& journal = publishing_.bus().journal();
  if (!scope.empty()) return {{scope, journal.last_seq(scope)}};
  Json last{{state::kDaemonScope, journal.last_seq(std::string(state::kDaemonScope))}};
  for (const auto& target : project_.targets) {
    const auto name = state::scope_for(target.name);
    last[name] = journal.last_seq(name);
  }
  return last;
}

tl::expected<state::JournalCursor, RpcError> ServingEvents::cursor_for(const Request& request) {
  auto& journal = publishing_.bus().journal();
  if (!request.since) return journal.end(request.scope);
  const auto last = request.scope.empty() ? 0 : journal.last_seq(request.scope);
  if (*request.since > last && *request.since > 0) {
    return refuse(
        ErrorCode::Conflict,
        fmt::format("{} has {} events, and {} is none of them: the journal was begun anew; "
                    "ask for those since 0",
                    request.scope, last, *request.since));
  }
  const auto cursor = journal.behind(request.scope, *request.since);
  if (!cursor) return refuse(ErrorCode::Unavailable, cursor.error().message);
  return *cursor;
}

void ServingEvents::begin(ReaderId id, Connection& connection, const Json& params,
                          Respond respond) {
  forget(id);
  const auto request = read(params);
  if (!request) return respond(tl::unexpected<RpcError>(request.error()));
  if (!request->scope.empty() && !is_known(request->scope)) {
    return respond(refuse(ErrorCode::NotFound, fmt::format("no scope \"{}\"", request->scope)));
  }
  // What was published before the call is before it.
  publishing_.flush();
  const auto cursor = cursor_for(*request);
  if (!cursor) return respond(tl::unexpected<RpcError>(cursor.error()));
  Reader reader{.connection = connection, .scope = request->scope, .cursor = *cursor};
  if (request->follow) {
    respond(Json{{"scopes", scopes(request->scope)}});
  } else {
    reader.respond = std::move(respond);
    reader.until = publishing_.bus().journal().end({}).position;
  }
  readers_.emplace(id, std::move(reader));
  go_on(id);
}

void ServingEvents::go_on(ReaderId id) {
  const auto found = readers_.find(id);
  if (found == readers_.end()) return;
  auto& reader = found->second;
  const auto standing = tell(reader);
  if (!standing) {
    log_warn("events for a client: {}", standing.error().message);
    if (reader.respond) {
      const auto respond = std::move(reader.respond);
      readers_.erase(found);
      return respond(refuse(ErrorCode::Unavailable, standing.error().message));
    }
    reader.tries_again =
        loop_.at(now() + kJournalPause, "a client's events", [this, id] { go_on(id); });
  } else if (*standing == Standing::Full) {
    reader.connection.when_taken([this, id] { go_on(id); });
  } else if (reader.respond) {
    const auto respond = std::move(reader.respond);
    const auto scope = reader.scope;
    readers_.erase(found);
    respond(Json{{"scopes", scopes(scope)}});
  }
}

Result<ServingEvents::Standing> ServingEvents::tell(Reader& reader) {
  while (true) {
    if (reader.connection.is_full()) return Standing::Full;
    const auto records = publishing_.bus().journal().read(reader.scope, reader.cursor, kReadAtOnce);
    if (!records) return fail(records.error());
    if (records->empty()) return Standing::AtEnd;
    for (const auto& record : *records) {
      if (reader.until && record.position > *reader.until) return Standing::Done;
      reader.connection.send_line(
          api::encode_notification(api::method::kEvent, state::to_json_text(record)));
      reader.cursor = {record.position, record.seq};
    }
  }
}

}  // namespace poltergeist::daemon
