// SPDX-License-Identifier: MIT
// The sockets of a runner (`listen`): opened before the first launch, handed to each program, and
// held over restarts, crashes and the wait for the next success, so that whoever connects meanwhile
// is served by the next program. Closed when the runner is stopped for good.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "process/spawn.h"
#include "supervisor/settings.h"
#include "sys/server_socket.h"

namespace poltergeist::supervisor {

class Listening {
 public:
  // Opens what the settings name and is not open, and closes what they name no more; `port` is what
  // {port} is. What a program did to those that it shared with us is undone. When no program runs.
  // On an error nothing new is open: somebody listens there already, and is named, or it cannot be
  // listened there at all.
  [[nodiscard]] Result<void> open(const Settings& settings, std::optional<int> port);
  // Closes what the settings name no more.
  void keep_named(const Settings& settings, std::optional<int> port);
  void close() { held_.clear(); }

  // For the program of the target `name`.
  [[nodiscard]] std::vector<process::PassedFd> handover(const std::string& name) const;
  // The TCP ports that are held.
  [[nodiscard]] std::vector<int> ports() const;
  // What is held, for people.
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  struct Held {
    ListenAddress address;  // with its port, and its path absolute
    ServerSocket socket;
  };

  std::vector<Held> held_;  // in the order of the settings
};

}  // namespace poltergeist::supervisor
