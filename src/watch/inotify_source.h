// SPDX-License-Identifier: MIT
// Hints from inotify. Directories only; links are not followed; nothing is asked for that our own
// reading would cause (no IN_OPEN, no IN_ACCESS).
#pragma once

#include <memory>
#include <span>

#include "sys/unique_fd.h"
#include "watch/change_source.h"

namespace poltergeist::watch {

class InotifySource final : public ChangeSource {
 public:
  // Errc::Unavailable if this user has no inotify instance left.
  [[nodiscard]] static Result<std::unique_ptr<InotifySource>> create();

  [[nodiscard]] int fd() const override { return fd_.get(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] bool is_ordered() const override { return true; }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;

 private:
  explicit InotifySource(UniqueFd fd) : fd_(std::move(fd)), buffer_(kBuffer) {}
  static constexpr std::size_t kBuffer = 64 << 10;

  UniqueFd fd_;
  std::vector<char> buffer_;
};

// What the kernel wrote, as hints; names are views into `bytes`. A record that is cut off ends it.
void decode_inotify(std::span<const char> bytes, std::vector<Hint>& hints);

// fs.inotify.max_user_watches, where this kernel says it.
[[nodiscard]] std::optional<std::uint64_t> inotify_watch_limit();

}  // namespace poltergeist::watch
