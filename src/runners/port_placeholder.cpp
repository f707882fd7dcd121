// SPDX-License-Identifier: MIT
#include "runners/port_placeholder.h"

#include <algorithm>

namespace poltergeist::runners {

namespace {

constexpr std::string_view kPlaceholder = "{port}";

// Where the next one is, from `from` on; npos: nowhere.
std::size_t next_in(std::string_view text, std::size_t from) {
  auto at = text.find(kPlaceholder, from);
  while (at != std::string_view::npos && at > 0 && text[at - 1] == '$') {
    at = text.find(kPlaceholder, at + 1);
  }
  return at;
}

bool listens_by_tcp(const ListenAddress& address) {
  return address.kind != ListenAddress::Kind::Local;
}

bool listens_at_chosen_port(const ListenAddress& address) {
  return listens_by_tcp(address) && address.port == 0;
}

}  // namespace

bool mentions_port(std::string_view text) {
  return next_in(text, 0) != std::string_view::npos;
}

std::string with_port(std::string_view text, std::optional<int> port) {
  std::string replaced;
  std::size_t from = 0;
  while (port) {
    const auto at = next_in(text, from);
    if (at == std::string_view::npos) break;
    replaced += text.substr(from, at - from);
    replaced += std::to_string(*port);
    from = at + kPlaceholder.size();
  }
  return replaced.append(text.substr(from));
}

bool needs_port(const config::AutoRun& settings) {
  if (settings.port || mentions_port(settings.command)) return true;
  if (std::ranges::any_of(settings.listen, listens_at_chosen_port)) return true;
  if (std::ranges::any_of(settings.args, mentions_port)) return true;
  if (std::ranges::any_of(settings.env,
                          [](const auto& entry) { return mentions_port(entry.second); })) {
    return true;
  }
  if (!settings.port_file.empty()) return false;
  if (mentions_port(settings.post_run) || mentions_port(settings.cleanup)) return true;
  if (!settings.ready_when) return false;
  const auto& ready = *settings.ready_when;
  return ready.port == 0 || !ready.http.empty() || mentions_port(ready.exec);
}

std::optional<int> listened_port(const config::AutoRun& settings) {
  if (settings.port || !settings.port_file.empty()) return std::nullopt;
  if (std::ranges::any_of(settings.listen, listens_at_chosen_port)) return std::nullopt;
  const auto first = std::ranges::find_if(settings.listen, listens_by_tcp);
  return first == settings.listen.end() ? std::nullopt : std::optional(first->port);
}

}  // namespace poltergeist::runners
