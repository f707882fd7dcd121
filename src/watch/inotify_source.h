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
  [[nodiscard]] std::string_view name() const override { return "inotify"; }
  // The kernel queues an event before the changing call has returned.
  [[nodiscard]] Result<void> sync() override { return {}; }
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

// How many of something this user may have, and the sysctl that says so: in a user namespace that
// may be the namespace's own.
struct InotifyLimit {
  std::uint64_t value = 0;
  std::string key;
};
enum class InotifyResource { Watches, Instances };
[[nodiscard]] InotifyLimit inotify_limit(InotifyResource resource);
// The command that raises a limit so that `needed` more fit in with room to spare.
[[nodiscard]] std::string raise_command(InotifyResource resource, const InotifyLimit& limit,
                                        std::uint64_t needed);

}  // namespace poltergeist::watch
