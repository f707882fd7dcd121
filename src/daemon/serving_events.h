// SPDX-License-Identifier: MIT
// The socket's method `events`: who follows what, and how far each has read. All that is told comes
// out of the journal, by one way: what was kept first, then what happens, as fast as the client
// takes it; so each gets every later event once, and what waits for a slow one is bounded. One that
// takes nothing is dropped (connection.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "api/json_rpc.h"
#include "config/project.h"
#include "daemon/connection.h"
#include "daemon/publishing.h"
#include "daemon/serving_executions.h"
#include "state/journal.h"
#include "state/subscription.h"
#include "sys/loop.h"

namespace poltergeist::daemon {

class ServingEvents {
 public:
  using ReaderId = std::uint64_t;
  using Answer = tl::expected<api::Json, api::RpcError>;
  using Respond = std::function<void(Answer)>;

  ServingEvents(Loop& loop, Publishing& publishing, const config::Project& project,
                const ServingExecutions& executions);

  // What a client follows from now on instead of what it followed before; events go to its
  // `connection`, which stays until forget(). A follower is answered before the first of them,
  // whoever wants what there is behind the last.
  void begin(ReaderId id, Connection& connection, const api::Json& params, Respond respond);
  void forget(ReaderId id) { readers_.erase(id); }
  [[nodiscard]] bool is_reading(ReaderId id) const { return readers_.contains(id); }

 private:
  struct Request {
    std::string scope;  // empty: all
    std::optional<std::uint64_t> since;
    bool follow = true;
  };
  struct Reader {
    Connection& connection;
    std::string scope;
    state::JournalCursor cursor;
    Respond respond;                     // null: answered; it follows
    std::optional<std::uint64_t> until;  // the last position that it wants
    Loop::Handle tries_again;
  };
  enum class Standing { AtEnd, Full, Done };

  [[nodiscard]] tl::expected<Request, api::RpcError> read(const api::Json& params) const;
  [[nodiscard]] tl::expected<state::JournalCursor, api::RpcError> cursor_for(
      const Request& request);
  [[nodiscard]] api::Json scopes(const std::string& scope);
  [[nodiscard]] bool is_known(const std::string& scope);
  void go_on(ReaderId id);
  [[nodiscard]] Result<Standing> tell(Reader& reader);

  Loop& loop_;
  Publishing& publishing_;
  const config::Project& project_;
  const ServingExecutions& executions_;
  std::map<ReaderId, Reader> readers_;
  state::Subscription events_;
};

}  // namespace poltergeist::daemon
