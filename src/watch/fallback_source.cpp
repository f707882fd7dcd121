// SPDX-License-Identifier: MIT
#include "watch/fallback_source.h"

#include <algorithm>

#include <fmt/core.h>

#include "watch/poll_source.h"

namespace poltergeist::watch {

namespace {

constexpr Milliseconds kFirstPatience{100};
constexpr Milliseconds kLongestPatience{5000};
// A source that stayed that long did not fail because of what it was asked.
constexpr Seconds kProven{10};

}  // namespace

FallbackSource::FallbackSource(Open open, Result<std::unique_ptr<ChangeSource>> opened,
                               Milliseconds poll_interval)
    : open_(std::move(open)), poll_interval_(poll_interval), patience_(kFirstPatience) {
  if (opened) {
    current_ = std::move(*opened);
  } else {
    trouble_ = opened.error().message;
    current_ = std::make_unique<PollSource>(poll_interval_);
  }
}

std::optional<Instant> FallbackSource::deadline() const {
  return is_standing_in() ? earlier(current_->deadline(), retry_at_) : current_->deadline();
}

std::string FallbackSource::shortfall() const {
  if (!is_standing_in()) return current_->shortfall();
  return fmt::format("{}; until then the tree is read every {} ms", trouble_,
                     poll_interval_.count());
}

Result<WatchToken> FallbackSource::add(const std::string& directory, Interest interest) {
  const auto token = current_->add(directory, interest);
  if (!token || *token == WatchToken::None) return token;
  highest_ = std::max(highest_, offset_ + static_cast<std::int32_t>(*token));
  return static_cast<WatchToken>(offset_ + static_cast<std::int32_t>(*token));
}

void FallbackSource::remove(WatchToken token) {
  const auto number = static_cast<std::int32_t>(token);
  if (number > offset_) current_->remove(static_cast<WatchToken>(number - offset_));
}

Result<bool> FallbackSource::read(std::vector<Hint>& hints, Instant now) {
  retired_.reset();
  if (is_standing_in() && now >= retry_at_) {
    try_again(hints, now);
    if (!is_standing_in()) return true;
  }
  const auto before = hints.size();
  const auto more = current_->read(hints, now);
  if (!more && !is_standing_in()) {
    hints.resize(before);
    trouble_ = more.error().message;
    if (now - came_at_ > kProven) patience_ = kFirstPatience;
    retry_at_ = now + patience_;
    take(std::make_unique<PollSource>(poll_interval_), hints);
    return true;
  }
  for (auto i = before; i < hints.size(); ++i) {
    if (hints[i].token == WatchToken::None) continue;
    hints[i].token = static_cast<WatchToken>(offset_ + static_cast<std::int32_t>(hints[i].token));
  }
  return more;
}

void FallbackSource::try_again(std::vector<Hint>& hints, Instant now) {
  auto opened = open_();
  if (!opened) {
    trouble_ = opened.error().message;
    patience_ = std::min(patience_ * 2, kLongestPatience);
    retry_at_ = now + patience_;
    return;
  }
  trouble_.clear();
  came_at_ = now;
  take(std::move(*opened), hints);
}

void FallbackSource::take(std::unique_ptr<ChangeSource> source, std::vector<Hint>& hints) {
  retired_ = std::exchange(current_, std::move(source));
  offset_ = highest_;
  hints.push_back({.what = Hint::What::Reset});
}

}  // namespace poltergeist::watch
