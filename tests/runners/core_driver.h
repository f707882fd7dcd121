// SPDX-License-Identifier: MIT
// What the tests of the runner's core share.
#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "runners/runner_core.h"

namespace poltergeist::runners {

inline const Instant kStart{std::chrono::hours(1)};
inline const Error kBusy{Errc::Busy, "app: it is still being written"};

inline BuildId build(std::uint64_t number) {
  return BuildId(number);
}

inline Launch launch_of(std::uint64_t number) {
  return {LaunchId(), build(number)};
}

// What is done, without what is said about it, and without the numbers of launches.
inline Actions deeds(const Actions& actions) {
  Actions kept;
  for (auto action : actions) {
    const bool is_said =
        std::holds_alternative<Announce>(action) || std::holds_alternative<Entered>(action);
    if (is_said) continue;
    if (auto* launch = std::get_if<Launch>(&action)) launch->launch = LaunchId();
    if (auto* ready = std::get_if<AwaitReady>(&action)) ready->launch = LaunchId();
    if (auto* sidecar = std::get_if<StartSidecar>(&action)) sidecar->launch = LaunchId();
    kept.push_back(action);
  }
  return kept;
}

inline std::string said(const Actions& actions) {
  std::string text;
  for (const auto& action : actions) {
    if (const auto* line = std::get_if<Announce>(&action)) text += line->text + "\n";
  }
  return text;
}

// A core whose program of build 1 runs since kStart.
inline RunnerCore running_core(RunnerPolicy policy = {}) {
  RunnerCore core(policy);
  CHECK(deeds(core.on_success(build(1), kStart)) == Actions{launch_of(1)});
  CHECK(deeds(core.on_launched(core.launch(), kStart)).empty());
  CHECK(core.state() == RunnerState::Running);
  return core;
}

}  // namespace poltergeist::runners
