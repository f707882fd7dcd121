// SPDX-License-Identifier: MIT
#include "tasks/verdict.h"

#include <algorithm>

#include <fmt/format.h>

namespace poltergeist::tasks {

namespace {

// What to do about a program that could not be started.
std::string advice_for(const Error& error, const std::string& command) {
  const bool is_path = command.find('/') != std::string::npos;
  if (error.code == Errc::Denied && is_path)
    return fmt::format("; chmod +x {} may mend it", command);
  if (error.code == Errc::NotFound && !is_path) {
    return fmt::format(
        "; a program of the project is written ./{0}, a line for the shell needs \"shell\": true",
        command);
  }
  return {};
}

Verdict verdict_on_code(const Exit& exit, const config::ExitCodes& codes) {
  const int code = exit.number;
  if (std::ranges::find(codes.success, code) != codes.success.end()) return {};
  const bool again = std::ranges::find(codes.retry, code) != codes.retry.end();
  return {again ? Outcome::Retry : Outcome::Failed, FailureKind::Exit,
          fmt::format("exited with code {}{}", code, exit.killer_text())};
}

}  // namespace

Verdict judge(const Ending& ending, const config::ExitCodes& codes, Seconds timeout,
              const std::string& command) {
  if (ending.not_started) {
    const auto& error = *ending.not_started;
    // No process to be had, or the program is being written: it may be over in a moment.
    return {error.code == Errc::Busy ? Outcome::Retry : Outcome::Failed, FailureKind::Spawn,
            error.message + advice_for(error, command)};
  }
  if (ending.cancelled) return {Outcome::Failed, FailureKind::Cancelled, "cancelled"};
  if (ending.timed_out) {
    return {Outcome::Failed, FailureKind::Timeout,
            fmt::format("timed out after {}", format_duration(timeout))};
  }
  if (!ending.exit) return {Outcome::Failed, FailureKind::Cancelled, "not started"};
  if (ending.exit->kind == Exit::Kind::Signal) {
    return {Outcome::Failed, FailureKind::Signal, fmt::format("killed by {}", ending.exit->text())};
  }
  return verdict_on_code(*ending.exit, codes);
}

}  // namespace poltergeist::tasks
