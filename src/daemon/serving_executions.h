// SPDX-License-Identifier: MIT
// The socket's methods for executions of tasks: exec.submit, exec.list, exec.show, exec.wait and
// exec.cancel. docs/protocol.md says what each means.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "api/json_rpc.h"
#include "daemon/tasking.h"

namespace poltergeist::daemon {

class ServingExecutions {
 public:
  using Answer = tl::expected<api::Json, api::RpcError>;

  explicit ServingExecutions(Tasking& tasking) : tasking_(tasking) {}

  // What is answered at once; nothing for a method that is none of those.
  [[nodiscard]] std::optional<Answer> answer(std::string_view method, const api::Json& params);
  // Whether something may yet happen in "execution:17".
  [[nodiscard]] bool has_events(std::string_view scope) const;
  // exec.submit: `respond` is called when it is written down, at once if it cannot be executed.
  void submit(const api::Json& params, std::function<void(Answer)> respond);
  // exec.wait: `respond` is called when the execution is settled, at once if it is already or is
  // not known.
  void wait(const api::Json& params, std::function<void(Answer)> respond);

 private:
  [[nodiscard]] Answer list(const api::Json& params);
  [[nodiscard]] Answer show(const api::Json& params);
  [[nodiscard]] Answer cancel(const api::Json& params);
  [[nodiscard]] tl::expected<state::ExecutionEntry, api::RpcError> named(const api::Json& params);

  Tasking& tasking_;
};

}  // namespace poltergeist::daemon
