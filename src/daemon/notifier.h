// SPDX-License-Identifier: MIT
// The seam to whatever pops up on a desktop.
#pragma once

#include <list>
#include <memory>

#include "build/notify.h"
#include "process/task_executor.h"

namespace poltergeist::daemon {

class Notifier {
 public:
  Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  virtual ~Notifier() = default;
  virtual void notify(const build::Notification& notification) = 0;
};

class NoNotifier final : public Notifier {
 public:
  void notify(const build::Notification& /*notification*/) override {}
};

// `notify-send`, where there is a session to talk to. Never waited for: at most a few at once, each
// ended after some seconds; what does not work is logged once.
class DesktopNotifier final : public Notifier {
 public:
  explicit DesktopNotifier(process::TaskExecutor& executor) : executor_(executor) {}
  void notify(const build::Notification& notification) override;

 private:
  process::TaskExecutor& executor_;
  std::list<std::unique_ptr<process::Attempt>> sending_;
  bool complained_ = false;
};

// A DesktopNotifier where a desktop is (DBUS_SESSION_BUS_ADDRESS or a display is set), else none;
// POLTERGEIST_NOTIFICATIONS=false means none, as in the original.
[[nodiscard]] std::unique_ptr<Notifier> notifier_for_this_session(process::TaskExecutor& executor);

}  // namespace poltergeist::daemon
