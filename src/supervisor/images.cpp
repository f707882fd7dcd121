// SPDX-License-Identifier: MIT
#include "supervisor/images.h"

#include <algorithm>
#include <utility>

namespace poltergeist::supervisor {

Images::Images(Loop& loop, std::function<void()> on_copied,
               std::function<void(const std::string&)> on_notice)
    : on_copied_(std::move(on_copied)), on_notice_(std::move(on_notice)), worker_(loop) {}

void Images::begin(BuildId generation, const std::filesystem::path& artifact) {
  auto begun = process::LaunchImage::begin(artifact);
  if (!begun) return give_up(generation, begun.error());
  if (!*begun) {
    entries_.erase(generation);
    return;
  }
  auto image = std::make_shared<process::LaunchImage>(std::move(**begun));
  entries_[generation] = {State::Copying, image};
  worker_.run(
      [image] { return image->copy(); },
      [this, generation, image](const Result<void>& copied) { settle(generation, image, copied); });
}

void Images::settle(BuildId generation, const std::shared_ptr<process::LaunchImage>& image,
                    const Result<void>& copied) {
  const auto found = entries_.find(generation);
  if (found == entries_.end() || found->second.image != image) {
    // Nobody wants it any more.
  } else if (copied) {
    found->second.state = State::Ready;
    said_.clear();
  } else {
    give_up(generation, copied.error());
  }
  on_copied_();
}

void Images::give_up(BuildId generation, const Error& why) {
  if (why.code == Errc::Busy) {
    entries_[generation] = {State::Busy, nullptr};
    return;
  }
  entries_.erase(generation);
  if (std::exchange(said_, why.message) == why.message) return;
  on_notice_("it is started from its path, not from a copy: " + why.message);
}

Images::State Images::state_of(BuildId generation) const {
  const auto found = entries_.find(generation);
  return found == entries_.end() ? State::None : found->second.state;
}

const process::LaunchImage& Images::of(BuildId generation) const {
  return *entries_.at(generation).image;
}

void Images::keep_only(std::initializer_list<BuildId> generations) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::find(generations.begin(), generations.end(), entry.first) == generations.end();
  });
}

}  // namespace poltergeist::supervisor
