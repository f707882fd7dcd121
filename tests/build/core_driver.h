// SPDX-License-Identifier: MIT
// A core with a clock of its own, for tests that read like a history.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "build/core.h"

namespace poltergeist::build {

using namespace std::chrono_literals;

[[nodiscard]] inline TargetSettings target(std::string name,
                                           std::vector<std::string> depends_on = {}) {
  TargetSettings settings{.id = TargetId(std::move(name))};
  for (auto& dependency : depends_on) {
    settings.definition.depends_on.emplace_back(std::move(dependency));
  }
  return settings;
}

// Actions as text: "start app#1", "start app#2 retry 2", "cancel app#1 (newer changes)".
[[nodiscard]] inline std::string shown(const Action& action) {
  if (const auto* start = std::get_if<StartBuild>(&action)) {
    auto text = "start " + start->target.value() + "#" + std::to_string(start->build.value());
    if (start->attempt > 1) text += " attempt " + std::to_string(start->attempt);
    return text;
  }
  const auto& cancel = std::get<CancelBuild>(action);
  return "cancel " + cancel.target.value() + "#" + std::to_string(cancel.build.value()) + " (" +
         std::string(name_in(kCancelReasons, cancel.reason)) + ")";
}

using Lines = std::vector<std::string>;

class Driver {
 public:
  explicit Driver(std::vector<TargetSettings> targets, config::BuildScheduling scheduling = {}) {
    configure(std::move(targets), scheduling);
  }

  Lines configure(std::vector<TargetSettings> targets, config::BuildScheduling scheduling = {}) {
    return shown_all(core.configure({std::move(targets), scheduling}, now));
  }
  // All of them are known to be fresh.
  void all_fresh() {
    for (const auto& id : core.unevaluated()) {
      static_cast<void>(core.on_evaluated(id, Evaluation::Fresh, clock, now));
    }
  }
  Lines evaluated(const std::string& name, Evaluation found) {
    return shown_all(core.on_evaluated(TargetId(name), found, clock, now));
  }
  Lines edit(const std::vector<std::string>& names, const std::string& path = "src/a.c") {
    std::vector<Touched> touched;
    for (const auto& name : names) {
      touched.push_back({.target = TargetId(name), .paths = {RelPath::parse(path).value()}});
    }
    return shown_all(core.on_changes(touched, ++clock, now));
  }
  // Written with the bytes that it had.
  Lines rewrite(const std::string& name, const std::string& path = "gen.h") {
    const Touched touched{.target = TargetId(name),
                          .paths = {},
                          .rewritten = {RelPath::parse(path).value()},
                          .restored = true};
    return shown_all(core.on_changes({touched}, ++clock, now));
  }
  Lines ended(std::uint64_t build, Outcome outcome) {
    return shown_all(core.on_ended(BuildId(build), outcome, now));
  }
  Lines succeeded(std::uint64_t build) { return ended(build, Outcome::Success); }
  Lines failed(std::uint64_t build) { return ended(build, Outcome::Failure); }
  Lines request(const std::string& name, Force force = Force::No) {
    return shown_all(core.request(TargetId(name), force, now));
  }
  Lines hurry(const std::string& name) { return shown_all(core.hurry(TargetId(name), now)); }
  Lines git(GitOperation operation) { return shown_all(core.on_git_operation(operation, now)); }
  Lines pause() { return shown_all(core.pause(now)); }
  Lines resume() { return shown_all(core.resume(now)); }
  LeaseId lease(const std::string& name) { return core.lease(TargetId(name), now); }
  Lines release(LeaseId id) { return shown_all(core.release(id, now)); }

  // Lets time pass, waking the core at its deadlines only.
  Lines after(Duration duration) {
    const Instant end = now + duration;
    Lines lines;
    while (const auto due = core.deadline()) {
      if (*due > end) break;
      now = std::max(now, *due);
      for (auto& line : shown_all(core.on_time(now))) lines.push_back(std::move(line));
    }
    now = end;
    return lines;
  }

  [[nodiscard]] Verdict verdict(const std::string& name) const {
    return core.verdict(TargetId(name));
  }
  [[nodiscard]] std::string standing(const std::string& name) const {
    return std::string(name_in(kStandings, verdict(name).standing));
  }
  [[nodiscard]] std::string hold(const std::string& name) const {
    return std::string(name_in(kHolds, verdict(name).hold));
  }
  [[nodiscard]] const Why& why(const std::string& name) const { return *core.why(TargetId(name)); }

  Core core;
  Instant now = Instant{} + 1h;
  Clock clock = 0;

 private:
  static Lines shown_all(const Actions& actions) {
    Lines lines;
    for (const auto& action : actions) lines.push_back(shown(action));
    return lines;
  }
};

}  // namespace poltergeist::build
