// SPDX-License-Identifier: MIT
#include "build/notify.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

config::Target app() {
  config::Target target;
  target.name = TargetId("app");
  return target;
}

bool is_told(const config::Notifications& settings, const BuildEnd& end) {
  return notification_for_end(settings, app(), end).has_value();
}

}  // namespace

TEST_CASE("by default only a change of outcome is told") {
  const config::Notifications settings;
  CHECK_FALSE(is_told(settings, {.success = true}));
  CHECK_FALSE(is_told(settings, {.success = true, .success_before = true}));
  CHECK(is_told(settings, {.success = true, .success_before = false}));
  CHECK(is_told(settings, {.success = false}));
  CHECK(is_told(settings, {.success = false, .success_before = true}));
  CHECK_FALSE(is_told(settings, {.success = false, .success_before = false}));
}

TEST_CASE("who wants every build told gets every build, who wants none gets none") {
  const config::Notifications all{.build_success = true, .build_failed = true};
  CHECK(is_told(all, {.success = true, .success_before = true}));
  CHECK(is_told(all, {.success = false, .success_before = false}));
  const config::Notifications none{.build_success = false, .build_failed = false};
  CHECK_FALSE(is_told(none, {.success = true, .success_before = false}));
  CHECK_FALSE(is_told(none, {.success = false, .success_before = true}));
  CHECK_FALSE(is_told({.enabled = false, .build_failed = true}, {.success = false}));
}

TEST_CASE("a failure that another build is about to answer is not told") {
  const config::Notifications all{.build_failed = true};
  CHECK_FALSE(is_told(all, {.success = false, .superseded = true}));
  CHECK_FALSE(is_told(all, {.success = false, .retried = true}));
}

TEST_CASE("a notification says what happened and why, with the sound that was chosen") {
  const config::Notifications settings{.success_sound = "Glass", .failure_sound = "Basso"};
  const auto failed = notification_for_end(
      settings, app(), {.success = false, .error_summary = "a.c:3:5: error: expected ';'"});
  CHECK(failed ==
        Notification{"app failed", "a.c:3:5: error: expected ';'", "Basso", "", Urgency::Critical});
  const auto mended = notification_for_end(
      settings, app(),
      {.success = true, .success_before = false, .took = std::chrono::milliseconds(1400)});
  CHECK(mended == Notification{"app built", "Works again, in 1.4s", "Glass", "", Urgency::Normal});
}

TEST_CASE("starts are told only on request") {
  CHECK_FALSE(notification_for_start({}, app()));
  CHECK(notification_for_start({.build_start = true}, app())->title == "app builds");
}
