// SPDX-License-Identifier: MIT
// The part of a Crawler that knows which directories lie on other file systems than the root.
#include <algorithm>

#include "watch/crawler.h"
#include "watch/eventless.h"
#include "watch/timestamps.h"

namespace poltergeist::watch {

void Crawler::set_mounts(const std::vector<Mount>& mounts) {
  mounts_.clear();
  grain_ = timestamp_grain(root_);
  for (const auto& mount : mounts) {
    const auto place = RelPath::below(root_, mount.place);
    // What the root itself is on has decided the back end.
    if (!place || place->is_root()) continue;
    mounts_.push_back({.place = *place, .file_system = eventless_file_system_at(mount.place)});
    grain_ = std::max(grain_, timestamp_grain(mount.place));
  }
  if (std::all_of(mounts_.begin(), mounts_.end(),
                  [](const Eventless& mount) { return mount.file_system.empty(); })) {
    mounts_.clear();
  }
}

const Crawler::Eventless* Crawler::mount_of(const RelPath& directory) const {
  const Eventless* deepest = nullptr;
  for (const auto& mount : mounts_) {
    if (!directory.is_within(mount.place)) continue;
    // Of two at one place, the later one is seen.
    const bool is_deeper =
        deepest == nullptr || mount.place.text().size() >= deepest->place.text().size();
    if (is_deeper) deepest = &mount;
  }
  return deepest;
}

bool Crawler::hears_nothing_of(DirectoryId directory) const {
  if (source_.fd() < 0) return false;  // it asks, and needs no events
  const auto* mount = mount_of(tree_.at(directory).path);
  return mount != nullptr && !mount->file_system.empty();
}

std::vector<Crawler::Eventless> Crawler::polled_mounts() const {
  if (mounts_.empty()) return {};
  auto found = mounts_;
  for (const auto directory : polled_) {
    const auto* mount = mount_of(tree_.at(directory).path);
    if (mount != nullptr) ++found[static_cast<std::size_t>(mount - mounts_.data())].polled;
  }
  std::erase_if(
      found, [](const Eventless& mount) { return mount.file_system.empty() || mount.polled == 0; });
  return found;
}

}  // namespace poltergeist::watch
