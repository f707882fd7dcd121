// SPDX-License-Identifier: MIT
// Hints from fanotify: one mark on the root's whole file system instead of a watch on each
// directory, for those who may set it (CAP_SYS_ADMIN). The kernel names the directory of an event
// by its file handle; a table of the handles that were added tells ours from the rest, which is
// dropped here. What lies on other file systems is watched by inotify, which also hears of
// unmounting.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "watch/inotify_beside.h"

namespace poltergeist::watch {

class FanotifySource final : public ChangeSource {
 public:
  // Errc::Denied without the privilege; Errc::Unavailable if the file system of `root` or the
  // kernel cannot do it.
  [[nodiscard]] static Result<std::unique_ptr<FanotifySource>> create(
      const std::filesystem::path& root);

  [[nodiscard]] int fd() const override { return beside_.fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return "fanotify"; }
  // As with inotify: an event is queued before the changing call has returned.
  [[nodiscard]] Result<void> sync() override { return {}; }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;

 private:
  FanotifySource(UniqueFd fanotify, InotifyBeside beside);
  static constexpr std::size_t kBuffer = 64 << 10;

  // The file system and the handle of a directory, as bytes.
  [[nodiscard]] static Result<std::string> handle_of(int directory);
  void decode(std::span<const char> events, std::vector<Hint>& hints) const;

  UniqueFd fanotify_;
  InotifyBeside beside_;                                  // for all that lies elsewhere
  std::string root_file_system_;                          // the first bytes of every handle on it
  std::unordered_map<std::string, std::int32_t> tokens_;  // by handle
  std::unordered_map<std::int32_t, const std::string*> handles_;
  std::int32_t last_ = 0;
  std::vector<char> buffer_;
};

}  // namespace poltergeist::watch
