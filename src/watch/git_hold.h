// SPDX-License-Identifier: MIT
// Whether git is at work in a working tree. It holds the index lock for the whole of a checkout, a
// stash, a step of a rebase; between the steps of a rebase (git am, a series of cherry-picks) there
// is the directory that it keeps its plan in. Both lie in the working tree's own git directory,
// which for a linked one is not `.git`.
//
// Either may be left over: a plan while a rebase waits for somebody to resolve a conflict, a lock
// when git was killed. They count as long as a git process is at work there; a lock also in its
// first ten seconds, whoever holds it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "watch/git_places.h"

namespace poltergeist::watch {

class GitHold {
 public:
  static constexpr const char* kLockName = "index.lock";
  // The age from which a lock counts only with a git at work.
  static constexpr Seconds kLockPatience{10};

  explicit GitHold(const std::optional<GitPlaces>& places);

  // What in git's own directory it looks at: a change of one of these is a reason to look.
  [[nodiscard]] static std::vector<std::string> names();

  void look(Instant now);
  // Another look is due then, for no event tells that a process has ended.
  [[nodiscard]] std::optional<Instant> deadline() const { return look_at_; }

  // Since when git was seen at work, if it is.
  [[nodiscard]] std::optional<Instant> since() const { return since_; }
  // The lock is there, and nobody at work: it was left behind.
  [[nodiscard]] bool has_left_its_lock() const { return left_its_lock_; }
  // Empty outside of a repository.
  [[nodiscard]] const std::filesystem::path& lock() const { return lock_; }

 private:
  // What tells one moment of an operation from the next.
  struct Trace {
    std::uint64_t inode = 0;  // 0: it is not there
    std::int64_t changed = 0;

    friend bool operator==(const Trace&, const Trace&) = default;
  };
  using Traces = std::array<Trace, 4>;

  [[nodiscard]] Traces find_traces() const;
  [[nodiscard]] bool is_git_at_work(const Traces& traces);

  std::filesystem::path top_;
  std::filesystem::path own_;
  std::filesystem::path lock_;
  std::optional<Instant> lock_since_;
  std::optional<Instant> since_;
  std::optional<Instant> look_at_;
  std::optional<pid_t> git_;
  // Nobody was at work when it was like this: nor is anybody while it stays so.
  std::optional<Traces> abandoned_;
  bool left_its_lock_ = false;
};

}  // namespace poltergeist::watch
