// SPDX-License-Identifier: MIT
#include "daemon/notifier.h"

#include <cstdlib>

#include "base/log.h"
#include "process/environment.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr std::size_t kMostAtOnce = 4;
constexpr Seconds kPatience{5};

std::string_view urgency_name(build::Urgency urgency) {
  switch (urgency) {
    case build::Urgency::Low:
      return "low";
    case build::Urgency::Normal:
      return "normal";
    case build::Urgency::Critical:
      return "critical";
  }
  return "normal";
}

process::Command command_for(const build::Notification& notification) {
  process::Command command{.name = "a notification",
                           .env = process::own_environment(),
                           .leftovers = process::Leftovers::Keep,
                           .until = now() + kPatience,
                           .grace_period = Seconds(0)};
  command.argv = {"notify-send", "--app-name=Poltergeist",
                  fmt::format("--urgency={}", urgency_name(notification.urgency))};
  if (!notification.icon.empty()) command.argv.push_back("--icon=" + notification.icon);
  if (!notification.sound.empty()) {
    const bool is_file = notification.sound.find('/') != std::string::npos;
    command.argv.push_back(fmt::format("--hint=string:{}:{}", is_file ? "sound-file" : "sound-name",
                                       notification.sound));
  }
  // Behind "--", so that a title that starts with a dash is a title.
  command.argv.insert(command.argv.end(), {"--", notification.title, notification.body});
  return command;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

void DesktopNotifier::notify(const build::Notification& notification) {
  if (sending_.size() >= kMostAtOnce) return;
  const auto place = sending_.emplace(sending_.end());
  process::Attempt::Listener listener;
  listener.on_end = [this, place](const process::CommandEnd&) { sending_.erase(place); };
  auto attempt = executor_.start(command_for(notification), std::move(listener));
  if (!attempt) {
    sending_.erase(place);
    if (!complained_) log_info("no desktop notifications: {}", attempt.error().message);
    complained_ = true;
    return;
  }
  *place = std::move(*attempt);
}

std::unique_ptr<Notifier> notifier_for_this_session(process::TaskExecutor& executor) {
  const char* wanted = std::getenv("POLTERGEIST_NOTIFICATIONS");
  const bool refused = wanted != nullptr && std::string_view(wanted) == "false";
  const bool desktop =
      is_set("DBUS_SESSION_BUS_ADDRESS") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
  if (refused || !desktop) return std::make_unique<NoNotifier>();
  return std::make_unique<DesktopNotifier>(executor);
}

}  // namespace poltergeist::daemon
