// SPDX-License-Identifier: MIT
// The control socket: who is connected, what they ask, what they hear. Requests become calls of the
// other performers; docs/protocol.md says what each means.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "api/messages.h"
#include "config/project.h"
#include "daemon/answers.h"
#include "daemon/building.h"
#include "daemon/connection.h"
#include "daemon/publishing.h"
#include "daemon/running.h"
#include "daemon/serving_events.h"
#include "daemon/serving_executions.h"
#include "daemon/waiting.h"
#include "daemon/watching.h"
#include "sys/deadline_timer.h"
#include "sys/loop.h"

namespace poltergeist::daemon {

class Serving {
 public:
  struct Parts {
    const config::Project& project;
    Publishing& publishing;
    Watching& watching;
    Building& building;
    Running& running;
    const Answers& answers;
    Waiting& waiting;
    Tasking& tasking;
    std::function<void(bool paused)> set_paused;
    std::function<void(std::string reason)> stop;
  };

  // Listens at the project's socket. Only the holder of the project's lock may.
  [[nodiscard]] static Result<std::unique_ptr<Serving>> create(Loop& loop, Parts parts,
                                                               std::string version);
  ~Serving();

  void on_output(const TargetId& target, BuildId build, std::string_view line);
  // No new connection; those that are there stay, so that their end says when we are gone.
  void stop_listening();

 private:
  using ClientId = std::uint64_t;
  struct Client {
    std::unique_ptr<Connection> connection;
    std::vector<build::LeaseId> leases;
    std::set<TargetId> outputs;  // whose build output it follows
    Instant heard;               // of it, last
    int executions = 0;          // that it waits for
  };
  using RunnerOrder = void (ExecutableRunner::*)();
  using Method = tl::expected<api::Json, api::RpcError> (Serving::*)(const api::Json& params);

  Serving(Loop& loop, Parts parts, std::string version);
  void accept_all();
  void welcome(UniqueFd socket);
  [[nodiscard]] bool make_room();
  [[nodiscard]] Result<void> listen();
  void rest();
  void on_message(ClientId id, const api::Message& message);
  void on_request(ClientId id, const api::Request& request);
  void on_closed(ClientId id);
  void respond(ClientId id, const api::RequestId& request,
               tl::expected<api::Json, api::RpcError> outcome);
  void notify(ClientId id, std::string_view method, api::Json params);

  // Answered later.
  void wait(ClientId id, const api::Request& request);
  void build(ClientId id, const api::Request& request);
  void add_waiter(ClientId id, const api::RequestId& request, Waiter waiter, bool one_answer);
  void wait_for_execution(ClientId id, const api::Request& request);
  void order_runner(ClientId id, const api::Request& request, RunnerOrder order);
  [[nodiscard]] static std::optional<RunnerOrder> runner_order_for(std::string_view method);

  // Answered at once.
  [[nodiscard]] static std::optional<Method> method_for(std::string_view name);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> sync(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> status(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> timing(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> why(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> doctor(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> pause(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> resume(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> stop(const api::Json& params);
  [[nodiscard]] tl::expected<api::Json, api::RpcError> runner_status(const api::Json& params);

  [[nodiscard]] tl::expected<const config::Target*, api::RpcError> target_named(
      const std::string& name) const;
  [[nodiscard]] tl::expected<ExecutableRunner*, api::RpcError> runner_named(
      const api::Json& params);

  Loop& loop_;
  Parts parts_;
  std::string version_;
  ServingExecutions executions_;
  std::size_t most_clients_;
  DeadlineTimer rested_;
  bool out_of_descriptors_ = false;  // and the log says so
  UniqueFd listener_;
  Loop::Handle connecting_;
  std::map<ClientId, Client> clients_;
  ClientId last_client_ = 0;
  ServingEvents events_;  // after the connections that it uses: it goes first
};

}  // namespace poltergeist::daemon
