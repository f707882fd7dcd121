// SPDX-License-Identifier: MIT
// The ledger of one build: when it reached which stage, from the first event to the program that
// runs it. Only the monotonic clock measures; the one wall time is for people. What did not take
// place is absent, never 0.
#pragma once

#include <array>
#include <optional>

#include "base/enum_names.h"
#include "base/time.h"

namespace poltergeist {

// In the order in which they are reached.
enum class Stage {
  Event,            // the first hint of the changes was taken in
  WindowClosed,     // the quiet window over them closed, for the last time before the start
  Queued,           // nothing but other builds and leases held it any more
  Spawned,          // the process of its (first) command exists
  Ended,            // the process is reaped, its output read or cut off
  RunnerSignalled,  // the program of an older build was told to make room for this one's
  RunnerUp          // the program of this build exists
};
inline constexpr auto kStages = std::to_array<EnumName<Stage>>({
    {Stage::Event, "event"},
    {Stage::WindowClosed, "windowClosed"},
    {Stage::Queued, "queued"},
    {Stage::Spawned, "spawned"},
    {Stage::Ended, "ended"},
    {Stage::RunnerSignalled, "runnerSignalled"},
    {Stage::RunnerUp, "runnerUp"},
});

// As it is recorded.
struct Timing {
  WallTime at{};  // of the first stage that was reached
  // By stage, since the first one; never falls.
  std::array<std::optional<Microseconds>, kStages.size()> after{};

  [[nodiscard]] const std::optional<Microseconds>& operator[](Stage stage) const {
    return after.at(static_cast<std::size_t>(stage));
  }
  // Nothing unless both were reached.
  [[nodiscard]] std::optional<Microseconds> between(Stage from, Stage to) const;

  friend bool operator==(const Timing&, const Timing&) = default;
};

// The ledger while it is being kept.
class StageClock {
 public:
  // `wall` is the time of `first` on the wall clock.
  StageClock(Stage stage, Instant first, WallTime wall);

  // False, and nothing changes, if this stage or a later one was reached before.
  bool reached(Stage stage, Instant now);
  [[nodiscard]] const Timing& timing() const { return timing_; }

 private:
  Instant first_;
  Timing timing_;
};

}  // namespace poltergeist
