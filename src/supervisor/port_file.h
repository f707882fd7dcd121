// SPDX-License-Identifier: MIT
// The file to which a program writes its port.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "process/probe_schedule.h"
#include "sys/loop.h"

namespace poltergeist::supervisor {

// Nothing as long as the file is not there or holds no port. Blanks around it do not count.
[[nodiscard]] std::optional<int> port_in_file(const std::filesystem::path& file);

// Looks again and again until the file holds a port. What lies there from earlier is removed
// before a launch (forget()), so that it is not taken for this one's.
class PortFile {
 public:
  static void forget(const std::filesystem::path& file);

  // Calls once, from the loop; the call may destroy this.
  PortFile(Loop& loop, std::filesystem::path file, std::function<void(int port)> on_port);
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

 private:
  void look();

  Loop& loop_;
  std::filesystem::path file_;
  std::function<void(int port)> on_port_;
  process::ProbeSchedule schedule_;
  Loop::Handle looks_;
};

}  // namespace poltergeist::supervisor
