// SPDX-License-Identifier: MIT
#include "daemon/kept_state.h"

#include "base/log.h"
#include "base/text.h"
#include "tasks/delivery.h"

namespace poltergeist::daemon {

std::string scope_for_hook(const TargetId& target, const std::string& hook) {
  return fmt::format("hook:{}/{}", target.value(), hook);
}

tasks::SetValues& KeptState::values_of(const std::string& scope) {
  const auto known = scopes_.find(scope);
  if (known != scopes_.end()) return known->second;
  std::map<std::string, std::string> values;
  if (database_ != nullptr) {
    if (auto kept = database_->state_of(scope)) {
      values = std::move(*kept);
    } else {
      log_warn("the state of {} is not known: {}", scope, kept.error().message);
    }
  }
  return scopes_.emplace(scope, tasks::SetValues(std::move(values))).first->second;
}

void KeptState::set(const std::string& scope, const std::string& key, const std::string& value) {
  const auto text = to_utf8(value);
  if (!values_of(scope).set(key, text)) {
    log_warn("{} keeps too much: {} is left out", scope, key);
    return;
  }
  if (database_ == nullptr) return;
  if (const auto kept = database_->set_state(scope, key, text); !kept) {
    log_warn("the state of {} is kept in memory only: {}", scope, kept.error().message);
  }
}

config::Environment KeptState::variables_of(const std::string& scope) {
  config::Environment variables;
  for (const auto& [key, value] : values_of(scope).values()) {
    variables[tasks::variable_name("STATE_", key)] = value;
  }
  return variables;
}

void KeptState::forget(const std::string& scope) {
  auto& values = values_of(scope);
  if (values.values().empty()) return;
  values = {};
  if (database_ == nullptr) return;
  if (const auto forgotten = database_->forget_state(scope); !forgotten) {
    log_warn("the state of {} is still there: {}", scope, forgotten.error().message);
  }
}

void KeptState::end(const std::string& scope) {
  forget(scope);
  scopes_.erase(scope);
}

}  // namespace poltergeist::daemon
