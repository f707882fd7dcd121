// SPDX-License-Identifier: MIT
// The part of a Watcher that waits for writers: a file is looked at when it is closed.
#include "watch/watcher_core.h"

namespace poltergeist::watch {

namespace {

// A file that stays open is looked at this long after it was written to first (reliability W25).
constexpr Milliseconds kLongestWriting{500};

}  // namespace

bool Watcher::Core::mark_writing(DirectoryId directory, const Hint& hint, Instant now) {
  // What ignore files say has a delay of its own, and of `.git` its being there is all that counts.
  if (GitIgnores::is_ignore_file(hint.name) || hint.name == ".git") return false;
  if (is_of_writing(hint.what) && !crawler_.is_wanted(directory, hint.name)) return false;
  if (!is_of_writing(hint.what)) {
    if (!writing_.empty()) writing_.erase({directory, std::string(hint.name)});
    return false;
  }
  const auto [entry, is_new] = writing_.try_emplace({directory, std::string(hint.name)});
  if (is_new) entry->second.until = now + kLongestWriting;
  if (hint.what == Hint::What::Writing) entry->second.is_written = true;
  return true;
}

void Watcher::Core::settle_writing(Instant now, Force force) {
  for (auto it = writing_.begin(); it != writing_.end();) {
    const auto& [directory, name] = it->first;
    auto& writing = it->second;
    const bool is_over = force == Force::Yes || now >= writing.until;
    // A link, and whatever else nobody writes to, is there at once.
    if (!is_over && (writing.is_written || crawler_.is_nascent(directory, name))) {
      writing.is_written = true;
      ++it;
      continue;
    }
    names_.emplace_back(directory, name);
    it = writing_.erase(it);
  }
}

// What is not known to have been the same is a change.
void Watcher::Core::doubt_what_is_being_written() {
  auto& tree = crawler_.tree();
  for (const auto& [place, writing] : writing_) {
    const auto& [directory, name] = place;
    if (!tree.at(directory).alive) continue;
    if (const auto file = tree.find(directory, name); file != FileId::None) {
      tree.set_content(file, Content::Unknown);
    }
  }
}

// It may be marked as well, for what it was before.
void Watcher::Core::leave_out_what_is_being_written() {
  if (writing_.empty()) return;
  auto& tree = crawler_.tree();
  std::erase_if(names_, [&](const auto& name) { return writing_.contains(name); });
  std::erase_if(files_, [&](FileId file) {
    if (!tree.is_alive(file)) return true;
    if (!writing_.contains({tree.directory(file), std::string(tree.name(file))})) return false;
    tree.unmark(file);
    return true;
  });
}

}  // namespace poltergeist::watch
