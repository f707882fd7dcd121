// SPDX-License-Identifier: MIT
#include "supervisor/readiness.h"

#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "runners/port_placeholder.h"
#include "sys/clock.h"

namespace poltergeist::supervisor {

Readiness::Readiness(process::TaskExecutor& executor, const Settings& settings,
                     std::optional<int> port, std::function<void(std::optional<int> port)> on_ready)
    : executor_(executor), settings_(settings), port_(port), on_ready_(std::move(on_ready)) {
  const auto& ready = settings_.auto_run.ready_when;
  if (ready && !ready->log_line.empty()) pattern_ = std::make_unique<re2::RE2>(ready->log_line);
  if (settings_.auto_run.port_file.empty()) {
    begin_condition();
    return;
  }
  port_file_ =
      std::make_unique<PortFile>(executor_.loop(), settings_.root / settings_.auto_run.port_file,
                                 [this](int number) { on_port(number); });
}

Readiness::~Readiness() = default;

void Readiness::on_port(int port) {
  port_ = port;
  port_file_.reset();
  begin_condition();
}

void Readiness::begin_condition() {
  if (auto condition = this->condition()) {
    probe_ = process::Probe::start(executor_.loop(), executor_, std::move(*condition),
                                   [this] { conclude_soon(); });
  } else if (!pattern_) {
    conclude_soon();
  }
}

// What is to be asked for; nothing: it is a line, or there is no condition.
std::optional<process::Condition> Readiness::condition() const {
  const auto& ready = settings_.auto_run.ready_when;
  if (!ready) return std::nullopt;
  if (ready->port) return process::PortOpen{*ready->port == 0 ? port_.value_or(0) : *ready->port};
  if (!ready->http.empty()) return process::HttpAnswers{port_.value_or(0), ready->http};
  if (ready->exec.empty()) return std::nullopt;
  process::Command command;
  command.name = "readiness of " + settings_.name;
  command.argv = {"/bin/sh", "-c", runners::with_port(ready->exec, port_)};
  command.cwd = settings_.cwd;
  command.env = with_variables(settings_.env, settings_.auto_run, port_);
  return process::CommandSucceeds{std::move(command)};
}

void Readiness::take_line(std::string_view line) {
  if (!pattern_ || !re2::RE2::PartialMatch({line.data(), line.size()}, *pattern_)) return;
  skip_lines();
}

void Readiness::skip_lines() {
  if (!pattern_) return;
  pattern_.reset();
  if (!port_file_) conclude_soon();  // else when that is there, too
}

std::string Readiness::last_answer() const {
  if (port_file_) {
    return fmt::format("{} holds no port yet", settings_.auto_run.port_file);
  }
  if (probe_) return probe_->last_answer();
  return pattern_ ? "no line of its output matched" : std::string();
}

// From the loop: whoever told us stands in the middle of something.
void Readiness::conclude_soon() {
  concludes_ = executor_.loop().at(now(), "readiness", [this] {
    const auto on_ready = std::move(on_ready_);
    on_ready(port_);  // may destroy this
  });
}

}  // namespace poltergeist::supervisor
