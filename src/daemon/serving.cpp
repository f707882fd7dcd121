// SPDX-License-Identifier: MIT
#include "daemon/serving.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "daemon/rpc_refusal.h"
#include "state/target_state_json.h"
#include "sys/clock.h"
#include "sys/unix_socket.h"

namespace poltergeist::daemon {

using api::ErrorCode;
using api::Json;
using api::RpcError;

namespace {

constexpr Milliseconds kRest{100};

// So many clients at once, and no more than leave descriptors enough to build with.
std::size_t most_clients() {
  constexpr rlim_t kMost = 256;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return kMost;
  return std::min(kMost, descriptors.rlim_cur / 4);
}

tl::unexpected<RpcError> invalid(const Error& error) {
  return refuse(ErrorCode::InvalidParams, error.message);
}

std::string text_in(const Json& params, const char* key) {
  const auto found = params.find(key);
  return found != params.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Serving::Serving(Loop& loop, Parts parts, std::string version)
    : loop_(loop),
      parts_(std::move(parts)),
      version_(std::move(version)),
      executions_(parts_.tasking),
      most_clients_(most_clients()),
      rested_(loop_, "connections",
              [this] {
                if (const auto listening = listen(); !listening)
                  log_error("{}", listening.error().message);
              }),
      events_(loop_, parts_.publishing, parts_.project, executions_) {}

Serving::~Serving() = default;

Result<std::unique_ptr<Serving>> Serving::create(Loop& loop, Parts parts, std::string version) {
  std::unique_ptr<Serving> serving(new Serving(loop, std::move(parts), std::move(version)));
  auto listener = listen_at(serving->parts_.publishing.paths().socket());
  if (!listener) return fail(listener.error());
  serving->listener_ = std::move(*listener);
  if (const auto listening = serving->listen(); !listening) return fail(listening.error());
  return serving;
}

void Serving::stop_listening() {
  connecting_.reset();
  rested_.arm(std::nullopt);
  listener_.reset();
  ::unlink(parts_.publishing.paths().socket().c_str());
}

void Serving::accept_all() {
  while (true) {
    auto socket = accept_from(listener_.get());
    if (!socket) {
      if (!std::exchange(out_of_descriptors_, true)) log_warn("{}", socket.error().message);
      if (make_room()) continue;
      return rest();
    }
    if (!*socket) return;
    out_of_descriptors_ = false;
    const auto peer = peer_uid(socket->get());
    // Somebody else's bytes are not even read (reliability S09).
    if (!peer || *peer != ::geteuid()) {
      log_warn("refused a connection of user {}", peer ? static_cast<int>(*peer) : -1);
      continue;
    }
    if (clients_.size() >= most_clients_ && !make_room()) {
      log_warn("refused a connection: {} are open, and all of them wait for something",
               clients_.size());
      continue;
    }
    welcome(std::move(*socket));
  }
}

// Without a descriptor left, whoever waits to be taken would wake the loop for ever. He goes on
// waiting, and we look again in a moment.
void Serving::rest() {
  connecting_.reset();
  rested_.arm(now() + kRest);
}

Result<void> Serving::listen() {
  auto connecting =
      loop_.watch(listener_.get(), EPOLLIN, "connections", [this](std::uint32_t) { accept_all(); });
  if (!connecting) return fail(connecting.error());
  connecting_ = std::move(*connecting);
  return {};
}

void Serving::welcome(UniqueFd socket) {
  const ClientId id = ++last_client_;
  auto connection = Connection::open(
      loop_, std::move(socket),
      [this, id](const api::Message& message) { on_message(id, message); },
      [this, id] { on_closed(id); });
  if (!connection) {
    log_warn("{}", connection.error().message);
    return;
  }
  auto& client = clients_[id];
  client.connection = std::move(*connection);
  client.heard = now();
  notify(id, api::method::kHello,
         api::to_json(api::Hello{.version = version_,
                                 .project = to_utf8(parts_.project.root.string()),
                                 .pid = ::getpid()}));
}

// Connections that somebody forgot do not keep out those who have something to ask: of the clients
// to whom nothing is owed, the one that has been silent for longest goes.
bool Serving::make_room() {
  const auto is_owed_nothing = [this](const auto& entry) {
    const auto& [id, client] = entry;
    return !events_.is_reading(id) && client.leases.empty() && client.executions == 0 &&
           !parts_.waiting.is_waiting(id);
  };
  auto idlest = clients_.end();
  for (auto entry = clients_.begin(); entry != clients_.end(); ++entry) {
    if (!is_owed_nothing(*entry)) continue;
    if (idlest == clients_.end() || entry->second.heard < idlest->second.heard) idlest = entry;
  }
  if (idlest == clients_.end()) return false;
  log_info("{} connections are open: the one that was idle for longest makes room",
           clients_.size());
  on_closed(idlest->first);
  return true;
}

void Serving::on_closed(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const Client gone = std::move(found->second);
  clients_.erase(found);
  events_.forget(id);
  parts_.waiting.cancel(id);
  for (const auto lease : gone.leases) parts_.building.release(lease);
}

void Serving::on_message(ClientId id, const api::Message& message) {
  if (const auto found = clients_.find(id); found != clients_.end()) found->second.heard = now();
  // Notifications and answers have no meaning in this direction yet.
  if (const auto* request = std::get_if<api::Request>(&message)) on_request(id, *request);
}

void Serving::on_request(ClientId id, const api::Request& request) {
  if (!listener_ && request.method != api::method::kStatus) {
    respond(id, request.id, refuse(ErrorCode::Unavailable, "the daemon is stopping"));
  } else if (request.method == api::method::kWait) {
    wait(id, request);
  } else if (request.method == api::method::kBuild) {
    build(id, request);
  } else if (request.method == api::method::kEvents) {
    events_.begin(
        id, *clients_.at(id).connection, request.params,
        [this, id, request = request.id](auto answer) { respond(id, request, std::move(answer)); });
  } else if (request.method == api::method::kExecWait) {
    wait_for_execution(id, request);
  } else if (request.method == api::method::kExecSubmit) {
    executions_.submit(request.params, [this, id, request = request.id](auto answer) {
      respond(id, request, std::move(answer));
    });
  } else if (auto answer = executions_.answer(request.method, request.params)) {
    respond(id, request.id, std::move(*answer));
  } else if (const auto order = runner_order_for(request.method)) {
    order_runner(id, request, *order);
  } else if (const auto method = method_for(request.method)) {
    respond(id, request.id, (this->**method)(request.params));
  } else {
    respond(id, request.id,
            refuse(ErrorCode::MethodNotFound, fmt::format("no method \"{}\"", request.method)));
  }
}

void Serving::respond(ClientId id, const api::RequestId& request,
                      tl::expected<Json, RpcError> outcome) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  found->second.connection->send(api::Response{request, std::move(outcome)});
}

void Serving::notify(ClientId id, std::string_view method, Json params) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  found->second.connection->send(api::Notification{std::string(method), std::move(params)});
}

void Serving::on_output(const TargetId& target, BuildId build, std::string_view line) {
  for (const auto& [id, client] : clients_) {
    if (!client.outputs.contains(target)) continue;
    notify(id, api::method::kOutput,
           api::to_json(api::OutputNote{target.value(), build, std::string(line) + '\n'}));
  }
}

// ---- Answered later
// ---------------------------------------------------------------------------------------

void Serving::wait(ClientId id, const api::Request& request) {
  const auto params = api::from_json<api::WaitParams>(request.params);
  if (!params) {
    respond(id, request.id, invalid(params.error()));
    return;
  }
  // First, because what was saved may be the configuration that the target comes from.
  parts_.watching.sync();
  Waiter waiter;
  if (params->target) {
    const auto target = target_named(*params->target);
    if (!target) {
      respond(id, request.id, tl::unexpected<RpcError>(target.error()));
      return;
    }
    waiter.targets.push_back((*target)->name);
  } else {
    for (const auto& target : parts_.project.targets) {
      if (target.enabled) waiter.targets.push_back(target.name);
    }
  }
  waiter.after = params->after.value_or(BuildId());
  waiter.no_build = params->no_build;
  waiter.lease = params->lease;
  if (params->timeout) waiter.deadline = now() + *params->timeout;
  if (params->follow) {
    waiter.progress = [this, id](const api::ProgressNote& note) {
      notify(id, api::method::kProgress, api::to_json(note));
    };
  }
  waiter.all = !params->target;
  add_waiter(id, request.id, std::move(waiter), /*one_answer=*/false);
}

void Serving::build(ClientId id, const api::Request& request) {
  const auto params = api::from_json<api::BuildParams>(request.params);
  if (!params) {
    respond(id, request.id, invalid(params.error()));
    return;
  }
  parts_.watching.sync();
  const auto target = target_named(params->target);
  if (!target) {
    respond(id, request.id, tl::unexpected<RpcError>(target.error()));
    return;
  }
  const TargetId name = (*target)->name;
  if (params->follow) clients_[id].outputs.insert(name);
  // A failed build of this very tree is tried again: that is what "build" says.
  const bool failed = parts_.building.core().verdict(name).standing == build::Standing::Failed;
  const auto before = parts_.answers.last_build(name);
  parts_.building.check_artifact(name);
  parts_.building.request(name, params->force || failed ? build::Force::Yes : build::Force::No);
  Waiter waiter;
  waiter.targets = {name};
  const auto verdict = parts_.building.core().verdict(name);
  // Settled by the build that was just asked for, not by what was known before it.
  const bool to_be_built = verdict.standing != build::Standing::Fresh;
  if (to_be_built && before != parts_.answers.last_build(name)) waiter.after = before;
  add_waiter(id, request.id, std::move(waiter), /*one_answer=*/true);
}

void Serving::add_waiter(ClientId id, const api::RequestId& request, Waiter waiter,
                         bool one_answer) {
  waiter.owner = id;
  waiter.since = now();
  waiter.answer = [this, id, request, one_answer](const api::WaitResult& result,
                                                  std::vector<build::LeaseId> leases) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    auto& held = found->second.leases;
    held.insert(held.end(), leases.begin(), leases.end());
    for (const auto& target : result.targets) {
      if (one_answer) found->second.outputs.erase(TargetId(target.target));
    }
    respond(id, request, one_answer ? api::to_json(result.targets.front()) : api::to_json(result));
  };
  std::vector<std::string> names;
  for (const auto& target : waiter.targets) names.push_back(target.value());
  waiter.time_out = [this, id, request, names = joined(names, ", "),
                     waited = waiter.deadline.value_or(waiter.since) - waiter.since] {
    respond(id, request,
            refuse(ErrorCode::Timeout,
                   fmt::format("{} was not settled within {}", names, format_duration(waited))));
  };
  waiter.gone = [this, id, request](const TargetId& target) {
    if (const auto found = clients_.find(id); found != clients_.end()) {
      found->second.outputs.erase(target);
    }
    respond(id, request,
            refuse(ErrorCode::NotFound,
                   fmt::format("{} was removed from the configuration", target.value())));
  };
  parts_.waiting.add(std::move(waiter));
}

void Serving::wait_for_execution(ClientId id, const api::Request& request) {
  ++clients_[id].executions;
  executions_.wait(request.params, [this, id, request = request.id](auto answer) {
    if (const auto found = clients_.find(id); found != clients_.end()) --found->second.executions;
    respond(id, request, std::move(answer));
  });
}

// Who has the answer reads no older state file.
void Serving::order_runner(ClientId id, const api::Request& request, RunnerOrder order) {
  const auto runner = runner_named(request.params);
  if (!runner) return respond(id, request.id, tl::unexpected<RpcError>(runner.error()));
  ((*runner)->*order)();
  const auto answer = [this, id, request] {
    respond(id, request.id, runner_status(request.params));
  };
  parts_.publishing.when_written((*runner)->target(), answer);
}

std::optional<Serving::RunnerOrder> Serving::runner_order_for(std::string_view method) {
  if (method == api::method::kRunnerStart) return &ExecutableRunner::start;
  if (method == api::method::kRunnerStop) return &ExecutableRunner::stop;
  if (method == api::method::kRunnerRestart) return &ExecutableRunner::restart;
  return std::nullopt;
}

// ---- Answered at once
// -------------------------------------------------------------------------------------

std::optional<Serving::Method> Serving::method_for(std::string_view name) {
  static constexpr std::pair<std::string_view, Method> kMethods[] = {
      {api::method::kSync, &Serving::sync},
      {api::method::kStatus, &Serving::status},
      {api::method::kWhy, &Serving::why},
      {api::method::kDoctor, &Serving::doctor},
      {api::method::kTiming, &Serving::timing},
      {api::method::kPause, &Serving::pause},
      {api::method::kResume, &Serving::resume},
      {api::method::kStop, &Serving::stop},
      {api::method::kRunnerStatus, &Serving::runner_status},
  };
  for (const auto& [known, method] : kMethods) {
    if (known == name) return method;
  }
  return std::nullopt;
}

tl::expected<const config::Target*, RpcError> Serving::target_named(const std::string& name) const {
  if (const auto* target = parts_.project.find_like(name)) return target;
  return refuse(ErrorCode::NotFound,
                fmt::format("there is no target \"{}\"{}", to_utf8(name),
                            did_you_mean(name, parts_.project.target_names())));
}

tl::expected<Json, RpcError> Serving::sync(const Json& /*params*/) {
  parts_.watching.sync();
  return Json{{"clock", parts_.watching.clock()}, {"watch", api::to_json(parts_.answers.watch())}};
}

tl::expected<Json, RpcError> Serving::status(const Json& params) {
  const auto fresh = params.find("fresh");
  if (fresh != params.end() && fresh->is_boolean() && fresh->get<bool>()) parts_.watching.sync();
  const auto name = text_in(params, "target");
  if (name.empty()) return parts_.answers.status(std::nullopt);
  const auto target = target_named(name);
  if (!target) return tl::unexpected<RpcError>(target.error());
  return parts_.answers.status((*target)->name);
}

tl::expected<Json, RpcError> Serving::timing(const Json& params) {
  std::vector<TargetId> targets;
  if (const auto name = text_in(params, "target"); !name.empty()) {
    const auto target = target_named(name);
    if (!target) return tl::unexpected<RpcError>(target.error());
    targets.push_back((*target)->name);
  } else {
    for (const auto& target : parts_.project.targets) targets.push_back(target.name);
  }
  Json figures = Json::object();
  for (const auto& target : targets) {
    const auto found = parts_.publishing.timing_figures(target);
    if (!found) return refuse(ErrorCode::Unavailable, found.error().message);
    figures[target.value()] = state::to_json(*found);
  }
  return Json{{"targets", std::move(figures)}};
}

tl::expected<Json, RpcError> Serving::why(const Json& params) {
  parts_.watching.sync();
  if (const auto name = text_in(params, "target"); !name.empty()) {
    const auto target = target_named(name);
    if (!target) return tl::unexpected<RpcError>(target.error());
    return parts_.answers.why_target((*target)->name);
  }
  const auto path = text_in(params, "path");
  if (path.empty()) return refuse(ErrorCode::InvalidParams, "\"path\" or \"target\" is missing");
  const auto relative =
      path.starts_with('/') ? RelPath::below(parts_.project.root, path) : RelPath::parse(path);
  if (!relative) {
    return refuse(ErrorCode::Invalid, fmt::format("{} is not below {}", to_utf8(path),
                                                  to_utf8(parts_.project.root.string())));
  }
  return parts_.answers.why_path(*relative);
}

// No sync: it is the watcher's troubles that are asked about.
tl::expected<Json, RpcError> Serving::doctor(const Json& /*params*/) {
  parts_.watching.take_ready();
  return api::to_json(parts_.answers.doctor());
}

tl::expected<Json, RpcError> Serving::pause(const Json& /*params*/) {
  parts_.set_paused(true);
  return Json{{"paused", true}};
}

tl::expected<Json, RpcError> Serving::resume(const Json& /*params*/) {
  parts_.set_paused(false);
  return Json{{"paused", false}};
}

tl::expected<Json, RpcError> Serving::stop(const Json& /*params*/) {
  parts_.stop("a client asked for it");
  return Json{{"stopping", true}};
}

tl::expected<ExecutableRunner*, RpcError> Serving::runner_named(const Json& params) {
  const auto target = target_named(text_in(params, "target"));
  if (!target) return tl::unexpected<RpcError>(target.error());
  if (auto* runner = parts_.running.find((*target)->name)) return runner;
  return refuse(ErrorCode::Conflict,
                fmt::format("{0} has no runner; \"autoRun\": {{\"enabled\": true}} gives it one",
                            (*target)->name.value()));
}

tl::expected<Json, RpcError> Serving::runner_status(const Json& params) {
  const auto runner = runner_named(params);
  if (!runner) return tl::unexpected<RpcError>(runner.error());
  return state::to_json((*runner)->state());
}

}  // namespace poltergeist::daemon
