// SPDX-License-Identifier: MIT
// What one-shot commands keep from one attempt to the next (`::set-state`), given to the next one
// as STATE_<KEY>. Kept in memory, and in the database where there is one.
#pragma once

#include <map>
#include <string>

#include "base/id.h"
#include "config/project.h"
#include "state/executions.h"
#include "tasks/set_values.h"

namespace poltergeist::daemon {

// "hook:app/deploy"; targets and executions have the scopes of their events (state/event.h).
[[nodiscard]] std::string scope_for_hook(const TargetId& target, const std::string& hook);

class KeptState {
 public:
  // Null: there is no database.
  explicit KeptState(state::Executions* database) : database_(database) {}

  void set(const std::string& scope, const std::string& key, const std::string& value);
  // A scope that is new: the database need not be asked for it.
  void begin(const std::string& scope) { scopes_.try_emplace(scope); }
  // As variables.
  [[nodiscard]] config::Environment variables_of(const std::string& scope);
  // The scope stays known as one that has none, so that the next build need not ask the database.
  void forget(const std::string& scope);
  // The same of a scope that nobody will ask for again.
  void end(const std::string& scope);

 private:
  [[nodiscard]] tasks::SetValues& values_of(const std::string& scope);

  state::Executions* database_;
  std::map<std::string, tasks::SetValues> scopes_;  // those that were asked for
};

}  // namespace poltergeist::daemon
