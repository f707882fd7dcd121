// SPDX-License-Identifier: MIT
// Finds out when a program that was launched is ready: its port file, then the one condition of
// `readyWhen`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "process/probe.h"
#include "supervisor/port_file.h"
#include "supervisor/settings.h"

namespace re2 {
class RE2;
}

namespace poltergeist::supervisor {

class Readiness {
 public:
  // `port`: what the program was given. Calls once, from the loop, with the port that it has; the
  // call may destroy this. `settings` are copied as far as they are needed.
  Readiness(process::TaskExecutor& executor, const Settings& settings, std::optional<int> port,
            std::function<void(std::optional<int> port)> on_ready);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();

  // A line of the program's output.
  void take_line(std::string_view line);
  // Nobody can see the program's output: a pattern for it counts as seen.
  void skip_lines();
  // Why it is not ready, for people; empty if nothing is known yet.
  [[nodiscard]] std::string last_answer() const;

 private:
  void on_port(int port);
  void begin_condition();
  [[nodiscard]] std::optional<process::Condition> condition() const;
  void conclude_soon();

  process::TaskExecutor& executor_;
  Settings settings_;
  std::optional<int> port_;
  std::function<void(std::optional<int> port)> on_ready_;
  std::unique_ptr<PortFile> port_file_;
  std::unique_ptr<re2::RE2> pattern_;  // that a line has to match; none: nothing is waited for
  std::unique_ptr<process::Probe> probe_;
  Loop::Handle concludes_;
};

}  // namespace poltergeist::supervisor
