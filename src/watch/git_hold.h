// SPDX-License-Identifier: MIT
// Whether git is at work in a working tree: it holds the index lock for the whole of a checkout, a
// rebase step, a stash. The lock lies in the working tree's own git directory, which for a linked
// one is not `.git`.
#pragma once

#include <filesystem>
#include <optional>

#include "base/time.h"
#include "watch/git_places.h"

namespace poltergeist::watch {

class GitHold {
 public:
  static constexpr const char* kLockName = "index.lock";

  explicit GitHold(const std::optional<GitPlaces>& places);

  // Looks whether the lock is there.
  void look(Instant now);
  // Since when it was seen there, if it is.
  [[nodiscard]] std::optional<Instant> since() const { return since_; }
  // Empty outside of a repository.
  [[nodiscard]] const std::filesystem::path& lock() const { return lock_; }

 private:
  std::filesystem::path lock_;
  std::optional<Instant> since_;
};

}  // namespace poltergeist::watch
