// SPDX-License-Identifier: MIT
// The part of a Crawler that knows which directories lie on other file systems than the root. What
// they are is taken from the list of mounts: whoever asks one whose server is down waits for ever.
#include <algorithm>

#include "watch/crawler.h"
#include "watch/eventless.h"
#include "watch/timestamps.h"

namespace poltergeist::watch {

void Crawler::set_mounts(const std::vector<Mount>& mounts) {
  mounts_.clear();
  for (const auto& mount : mounts) {
    const auto place = RelPath::below(root_, mount.place);
    // What the root itself is on has decided the back end.
    if (!place || place->is_root()) continue;
    mounts_.push_back({.place = *place,
                       .eventless = eventless_file_system_of_type(mount.type),
                       .grain = timestamp_grain_of_type(mount.type)});
  }
}

bool Crawler::may_enter(const RelPath& directory) {
  const auto parent = tree_.find_directory(directory.parent());
  return parent != DirectoryId::None &&
         view(parent).access(directory.name()) != Rules::Access::None;
}

const Crawler::Mounted* Crawler::mount_of(const RelPath& directory) const {
  const Mounted* deepest = nullptr;
  for (const auto& mount : mounts_) {
    if (!directory.is_within(mount.place)) continue;
    // Of two at one place, the later one is seen.
    const bool is_deeper =
        deepest == nullptr || mount.place.text().size() >= deepest->place.text().size();
    if (is_deeper) deepest = &mount;
  }
  return deepest;
}

bool Crawler::note_mount_of(DirectoryId directory) {
  const auto* mount = mount_of(tree_.at(directory).path);
  if (mount == nullptr) return false;
  grain_ = std::max(grain_, mount->grain);
  // A source without a descriptor asks, and needs no events.
  return source_.fd() >= 0 && !mount->eventless.empty();
}

std::vector<Crawler::Mounted> Crawler::polled_mounts() const {
  const auto is_eventless = [](const Mounted& mount) { return !mount.eventless.empty(); };
  if (std::none_of(mounts_.begin(), mounts_.end(), is_eventless)) return {};
  auto found = mounts_;
  for (const auto directory : polled_) {
    const auto* mount = mount_of(tree_.at(directory).path);
    if (mount != nullptr) ++found[static_cast<std::size_t>(mount - mounts_.data())].polled;
  }
  std::erase_if(found,
                [&](const Mounted& mount) { return !is_eventless(mount) || mount.polled == 0; });
  return found;
}

}  // namespace poltergeist::watch
