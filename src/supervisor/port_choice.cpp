// SPDX-License-Identifier: MIT
#include "supervisor/port_choice.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "process/port_holder.h"
#include "runners/port_placeholder.h"

namespace poltergeist::supervisor {

namespace {

// " by pid 4711 (node server.js)"; `otherwise` if nobody is to be seen.
std::string holder_text(int port, std::string otherwise) {
  const auto holder = process::holder_of_port(port);
  return holder ? " by " + process::describe(*holder) : std::move(otherwise);
}

// A port that nobody listens on can be in use for a minute all the same (TIME_WAIT).
constexpr const char* kNobodySeen = " (nobody listens: old connections may still be closing)";

}  // namespace

Result<std::optional<int>> PortChoice::for_launch(const Settings& settings,
                                                  const std::vector<int>& held) {
  const auto listened = runners::listened_port(settings.auto_run);
  if (listened || !runners::needs_port(settings.auto_run)) {
    lease_.reset();
    return listened;
  }
  const auto range = settings.auto_run.port.value_or(config::kAnyPort);
  const bool is_ours = lease_ && range == range_;
  const auto is_held = [&](int port) { return std::ranges::find(held, port) != held.end(); };
  if (is_ours && (is_held(lease_->port()) || lease_->is_free())) return lease_->port();
  const int before = is_ours ? lease_->port() : 0;
  const auto holder = is_ours ? holder_text(before, kNobodySeen) : std::string();
  lease_.reset();
  range_ = range;
  const auto key = settings.root.string() + '\n' + settings.name;
  // One that has to be this one may be held under its number. Any other must be nobody's.
  const bool is_one = range.from == range.to;
  auto lease = PortLease::take(settings.leases, range, preferred_port(range, key),
                               is_one ? std::span<const int>(held) : std::span<const int>());
  if (!lease) {
    if (!is_one) return fail(lease.error());
    return fail(lease.error().code, "{}{}: choose another one, or end what has it",
                lease.error().message, holder_text(range.from, {}));
  }
  lease_ = std::move(*lease);
  if (is_ours && before != lease_->port()) {
    notice_ = fmt::format("port {} is in use{}: {} instead", before, holder, lease_->port());
  }
  return lease_->port();
}

std::string PortChoice::take_notice() {
  return std::exchange(notice_, {});
}

std::optional<int> PortChoice::port() const {
  return lease_ ? std::optional(lease_->port()) : std::nullopt;
}

std::string PortChoice::still_held_by() const {
  if (!lease_ || lease_->is_free()) return {};
  return fmt::format("port {} is still in use{}", lease_->port(),
                     holder_text(lease_->port(), kNobodySeen));
}

}  // namespace poltergeist::supervisor
