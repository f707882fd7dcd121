// SPDX-License-Identifier: MIT
// Hints from a Watchman that runs already, over its socket: a subscription wakes us, a query since
// the last clock, which Watchman answers when its own cookie has come through, is the proof that
// sync() needs. Its answers are taken as hints like all others. Nothing that it watches is ever
// taken from it: other programs may use the same. What lies beside the tree is inotify's.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "watch/inotify_beside.h"

namespace poltergeist::watch {

class WatchmanSource final : public ChangeSource {
 public:
  // Errc::Unavailable if none of `sockets` leads to a Watchman of ours, Errc::Timeout if it has not
  // read the tree within two seconds (it goes on; try again).
  [[nodiscard]] static Result<std::unique_ptr<WatchmanSource>> create(
      const std::filesystem::path& root, const std::vector<std::filesystem::path>& sockets);

  [[nodiscard]] int fd() const override { return beside_.fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return "watchman"; }
  [[nodiscard]] Result<void> sync() override;
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;

 private:
  WatchmanSource(std::filesystem::path root, UniqueFd socket, InotifyBeside beside);

  [[nodiscard]] Result<void> begin();
  // Sends a request and waits for its answer; what comes unasked meanwhile is kept.
  [[nodiscard]] Result<nlohmann::json> ask(const nlohmann::json& request);
  [[nodiscard]] Result<void> send(const std::string& message) const;
  // Reads what is there; true if anything was.
  [[nodiscard]] Result<bool> receive();
  [[nodiscard]] Result<std::optional<nlohmann::json>> next_message();
  [[nodiscard]] Result<void> take(const nlohmann::json& message);
  [[nodiscard]] nlohmann::json since() const;
  [[nodiscard]] Failure ceased() const;

  std::filesystem::path root_;
  UniqueFd socket_;
  InotifyBeside beside_;
  std::string watched_;        // what Watchman watches: the root or a directory above it
  std::string relative_root_;  // the root below that
  std::string clock_;
  std::string received_;
  std::size_t used_ = 0;            // of what was received
  std::deque<std::string> names_;   // reported, not yet read
  std::vector<std::string> given_;  // read last: hints hold views of them
  std::vector<Hint> beside_hints_;
  bool anything_ = false;
  bool canceled_ = false;                                 // Watchman has ceased to watch the root
  std::unordered_map<std::string, std::int32_t> tokens_;  // by absolute path
  std::unordered_map<std::int32_t, const std::string*> paths_;
  std::int32_t last_ = 0;
};

// Where a Watchman of this user listens, likeliest first.
[[nodiscard]] std::vector<std::filesystem::path> watchman_sockets();

}  // namespace poltergeist::watch
