// SPDX-License-Identifier: MIT
// Which notification, if any, a build deserves. By default only the ones that tell something new: a
// failure after a success and a success after a failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "config/project.h"

namespace poltergeist::build {

enum class Urgency { Low, Normal, Critical };

struct Notification {
  std::string title;
  std::string body;
  std::string sound;  // a name or a file; empty: none
  std::string icon;
  Urgency urgency = Urgency::Normal;

  friend bool operator==(const Notification&, const Notification&) = default;
};

struct BuildEnd {
  bool success = false;
  std::optional<bool> success_before;  // of the build before it; absent: the first one
  // Its inputs changed while it ran: another build follows, so a failure means nothing yet (see
  // Core::on_ended).
  bool superseded = false;
  bool retried = false;  // it failed and will be tried again by itself
  Duration took{0};
  std::string error_summary;
};

[[nodiscard]] std::optional<Notification> notification_for_start(
    const config::Notifications& settings, const config::Target& target);
[[nodiscard]] std::optional<Notification> notification_for_end(
    const config::Notifications& settings, const config::Target& target, const BuildEnd& end);

}  // namespace poltergeist::build
