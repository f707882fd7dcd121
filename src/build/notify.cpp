// SPDX-License-Identifier: MIT
#include "build/notify.h"

namespace poltergeist::build {

namespace {

std::string titled(const config::Target& target, std::string_view what) {
  return target.name.value() + " " + std::string(what);
}

Notification notification_for_success(const config::Notifications& settings,
                                      const config::Target& target, const BuildEnd& end) {
  const bool mended = end.success_before == false;
  return {.title = titled(target, "built"),
          .body = (mended ? "Works again, in " : "In ") + format_duration(end.took),
          .sound = settings.success_sound,
          .icon = target.icon,
          .urgency = Urgency::Normal};
}

Notification notification_for_failure(const config::Notifications& settings,
                                      const config::Target& target, const BuildEnd& end) {
  return {
      .title = titled(target, "failed"),
      .body = end.error_summary.empty() ? "After " + format_duration(end.took) : end.error_summary,
      .sound = settings.failure_sound,
      .icon = target.icon,
      .urgency = Urgency::Critical};
}

}  // namespace

std::optional<Notification> notification_for_start(const config::Notifications& settings,
                                                   const config::Target& target) {
  if (!settings.enabled || !settings.build_start) return std::nullopt;
  return Notification{
      .title = titled(target, "builds"), .icon = target.icon, .urgency = Urgency::Low};
}

std::optional<Notification> notification_for_end(const config::Notifications& settings,
                                                 const config::Target& target,
                                                 const BuildEnd& end) {
  if (!settings.enabled) return std::nullopt;
  if (end.success) {
    const bool is_news = end.success_before == false;
    if (!settings.build_success.value_or(is_news)) return std::nullopt;
    return notification_for_success(settings, target, end);
  }
  // Another build is on its way already: it may well say the opposite.
  if (end.superseded || end.retried) return std::nullopt;
  const bool is_news = end.success_before != false;
  if (!settings.build_failed.value_or(is_news)) return std::nullopt;
  return notification_for_failure(settings, target, end);
}

}  // namespace poltergeist::build
