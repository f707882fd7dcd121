// SPDX-License-Identifier: MIT
#include "daemon/serving_executions.h"

#include <utility>

#include "api/fields.h"
#include "api/messages.h"
#include "base/text.h"
#include "daemon/rpc_refusal.h"
#include "state/execution_json.h"

namespace poltergeist::daemon {

using api::ErrorCode;
using api::Json;
using api::RpcError;

namespace {

constexpr int kListed = 50;
constexpr int kMostListed = 1000;

ErrorCode code_for(Errc code) {
  if (code == Errc::NotFound) return ErrorCode::NotFound;
  return code == Errc::Invalid ? ErrorCode::Invalid : ErrorCode::Unavailable;
}

}  // namespace

std::optional<ServingExecutions::Answer> ServingExecutions::answer(std::string_view method,
                                                                   const Json& params) {
  if (method == api::method::kExecList) return list(params);
  if (method == api::method::kExecShow) return show(params);
  if (method == api::method::kExecCancel) return cancel(params);
  return std::nullopt;
}

void ServingExecutions::submit(const Json& params, std::function<void(Answer)> respond) {
  std::string task;
  ExecutionRequest request;
  std::optional<int> timeout;
  const auto read = api::Fields(params)
                        .required("task", task)
                        .optional("input", request.input)
                        .optional("timeoutSeconds", timeout)
                        .optional("maxRetries", request.max_retries)
                        .done();
  if (!read) return respond(refuse(ErrorCode::InvalidParams, read.error().message));
  if (timeout.value_or(0) < 0 || request.max_retries.value_or(0) < 0) {
    return respond(
        refuse(ErrorCode::InvalidParams, "\"timeoutSeconds\" and \"maxRetries\" are not negative"));
  }
  request.task = TaskId(std::move(task));
  if (timeout) request.timeout = Seconds(*timeout);
  request.on_accepted = [respond](ExecutionId id) { respond(Json{{"id", id.value()}}); };
  const auto id = tasking_.submit(std::move(request));
  if (!id) respond(refuse(code_for(id.error().code), id.error().message));
}

ServingExecutions::Answer ServingExecutions::list(const Json& params) {
  int limit = kListed;
  std::string task;
  const auto read = api::Fields(params).optional("limit", limit).optional("task", task).done();
  if (!read) return refuse(ErrorCode::InvalidParams, read.error().message);
  const auto entries =
      tasking_.recent(std::clamp(limit, 1, kMostListed), {.task = TaskId(std::move(task))});
  if (!entries) return refuse(ErrorCode::Unavailable, entries.error().message);
  Json executions = Json::array();
  for (const auto& entry : *entries) {
    executions.push_back(to_json(entry, state::Detail::Line));
  }
  return Json{{"executions", std::move(executions)}};
}

tl::expected<state::ExecutionEntry, RpcError> ServingExecutions::named(const Json& params) {
  std::uint64_t id = 0;
  const auto read = api::Fields(params).optional("id", id).done();
  if (!read || id == 0) return refuse(ErrorCode::InvalidParams, "\"id\" must be a number");
  auto entry = tasking_.find(ExecutionId(id));
  if (!entry) return refuse(ErrorCode::Unavailable, entry.error().message);
  if (!*entry) {
    return refuse(ErrorCode::NotFound, fmt::format("there is no execution {}, or no longer", id));
  }
  return std::move(**entry);
}

ServingExecutions::Answer ServingExecutions::show(const Json& params) {
  const auto entry = named(params);
  if (!entry) return tl::unexpected<RpcError>(entry.error());
  return to_json(*entry, state::Detail::Brief);
}

ServingExecutions::Answer ServingExecutions::cancel(const Json& params) {
  const auto entry = named(params);
  if (!entry) return tl::unexpected<RpcError>(entry.error());
  return Json{{"id", entry->id.value()}, {"cancelled", tasking_.cancel(entry->id)}};
}

bool ServingExecutions::has_events(std::string_view scope) const {
  constexpr std::string_view kExecution = "execution:";
  if (!scope.starts_with(kExecution)) return false;
  const auto id = parse_number(scope.substr(kExecution.size()));
  return id && tasking_.is_known(ExecutionId(*id));
}

void ServingExecutions::wait(const Json& params, std::function<void(Answer)> respond) {
  const auto entry = named(params);
  if (!entry) return respond(tl::unexpected<RpcError>(entry.error()));
  const auto tell = [this, id = entry->id, respond](const tasks::ExecutionResult&) {
    const auto settled = tasking_.find(id);
    if (settled && *settled) return respond(to_json(**settled, state::Detail::Brief));
    respond(refuse(ErrorCode::Unavailable, fmt::format("execution {} is over, and what became of "
                                                       "it could not be written down",
                                                       id.value())));
  };
  if (!tasking_.on_settled(entry->id, tell)) respond(to_json(*entry, state::Detail::Brief));
}

}  // namespace poltergeist::daemon
