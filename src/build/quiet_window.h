// SPDX-License-Identifier: MIT
// When a burst of changes is over. The first change opens the window, each further one extends it
// by `settling`, and `at_most` after the first it closes whatever comes. A git operation holds it
// open, for at most kGitHold.
#pragma once

#include <optional>

#include "base/time.h"

namespace poltergeist::build {

inline constexpr Duration kGitHold = Seconds(30);

// The git operation of the worktree, if one is running: it holds every window of the project.
class GitHold {
 public:
  void on_operation(bool running, Instant now);
  // Until when it holds a window that opened at `opened`; nothing when it does not hold at `now`.
  // Both the operation and the window are patient for kGitHold only: a stale lock delays no edit
  // for ever, nor do many short operations in a row.
  [[nodiscard]] std::optional<Instant> until(Instant opened, Instant now) const;
  // When the last operation ended: windows settle from there, because its last events may still be
  // on their way.
  [[nodiscard]] std::optional<Instant> ended() const { return ended_; }

 private:
  std::optional<Instant> since_;
  std::optional<Instant> ended_;
};

class QuietWindow {
 public:
  void on_change(Instant now);
  // Whoever waits for the build cannot wait for the burst: closes at once.
  void close();
  [[nodiscard]] bool is_open() const { return first_.has_value(); }
  [[nodiscard]] std::optional<Instant> opened() const { return first_; }

  // The instant at which an open window closes if nothing else happens.
  [[nodiscard]] std::optional<Instant> closes_at(Duration settling, Duration at_most,
                                                 const GitHold& git, Instant now) const;

 private:
  std::optional<Instant> first_;
  Instant last_{};
};

}  // namespace poltergeist::build
