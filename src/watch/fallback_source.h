// SPDX-License-Identifier: MIT
// The source that is wanted while it can be had, and polling while it cannot: at the start, when it
// fails, until it is there again. Each change of the two voids all tokens and asks for a comparison
// of everything, so that nothing is lost between them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "watch/change_source.h"

namespace poltergeist::watch {

class FallbackSource final : public ChangeSource {
 public:
  using Open = std::function<Result<std::unique_ptr<ChangeSource>>()>;

  // `opened` is what open() gave for a start. What it says of a failure is shown as long as it
  // lasts.
  FallbackSource(Open open, Result<std::unique_ptr<ChangeSource>> opened,
                 Milliseconds poll_interval);

  [[nodiscard]] int fd() const override { return current_->fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override;
  [[nodiscard]] std::string_view name() const override { return current_->name(); }
  [[nodiscard]] std::string shortfall() const override;
  [[nodiscard]] Result<void> sync() override { return current_->sync(); }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;
  void compared(Instant began, Instant ended) override { current_->compared(began, ended); }

 private:
  [[nodiscard]] bool is_standing_in() const { return !trouble_.empty(); }
  void take(std::unique_ptr<ChangeSource> source, std::vector<Hint>& hints);
  void try_again(std::vector<Hint>& hints, Instant now);

  Open open_;
  Milliseconds poll_interval_;
  std::unique_ptr<ChangeSource> current_;
  std::unique_ptr<ChangeSource> retired_;  // until the next read: its descriptor may be waited for
  std::string trouble_;                    // why the wanted one is not here; empty: it is
  Instant retry_at_{};
  Milliseconds patience_;
  Instant came_at_{};
  // The sources number their tokens alike: theirs are ours less `offset_`.
  std::int32_t offset_ = 0;
  std::int32_t highest_ = 0;
};

}  // namespace poltergeist::watch
