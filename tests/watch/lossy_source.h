// SPDX-License-Identifier: MIT
// A source as it is when its queue overflows: hints are lost when the test says so, and the source
// says no more than that.
#pragma once

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "watch/inotify_source.h"

namespace poltergeist::test {

using namespace poltergeist::watch;

class LossySource final : public ChangeSource {
 public:
  LossySource() : LossySource(std::move(*InotifySource::create())) {}
  explicit LossySource(std::unique_ptr<ChangeSource> inner) : inner_(std::move(inner)) {}

  void lose_next() { losing_ = true; }
  // From then on there is no watch to be had for more directories.
  void allow(std::size_t watches) { allowed_ = watches; }
  void deny(std::filesystem::path directory) { denied_ = std::move(directory); }

  [[nodiscard]] int fd() const override { return inner_->fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return inner_->name(); }
  [[nodiscard]] Result<void> sync() override { return {}; }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override {
    if (directory == denied_) return fail(Errc::Denied, "{}: denied", directory);
    auto token = inner_->add(directory, interest);
    if (token && !tokens_.contains(*token)) {
      if (tokens_.size() >= allowed_) {
        inner_->remove(*token);
        return fail(Errc::Unavailable, "no watch left");
      }
      tokens_.insert(*token);
    }
    return token;
  }
  void remove(WatchToken token) override {
    tokens_.erase(token);
    inner_->remove(token);
  }
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override {
    const auto before = hints.size();
    const auto more = inner_->read(hints, now);
    if (losing_) {
      hints.resize(before);
      if (more && *more) return true;
      losing_ = false;
      hints.push_back({.what = Hint::What::Overflow});
      return true;
    }
    for (auto i = before; i < hints.size(); ++i) {
      if (hints[i].what == Hint::What::SelfGone) tokens_.erase(hints[i].token);
    }
    return more;
  }

 private:
  std::unique_ptr<ChangeSource> inner_;
  std::set<WatchToken> tokens_;
  std::size_t allowed_ = static_cast<std::size_t>(-1);
  std::filesystem::path denied_;
  bool losing_ = false;
};

}  // namespace poltergeist::test
