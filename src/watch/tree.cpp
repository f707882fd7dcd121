// SPDX-License-Identifier: MIT
#include "watch/tree.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace poltergeist::watch {

namespace {

constexpr std::size_t kNameChunk = 64 << 10;
constexpr std::size_t kFirstIndex = 64;  // a power of two, like all sizes of the index

}  // namespace

Tree::Tree(std::size_t targets) : index_(kFirstIndex), sums_(targets) {
  root_ = static_cast<DirectoryId>(directories_.take());
  at(root_).alive = true;
  at(root_).key = Fingerprint::key_of({});
  by_path_.emplace(std::string_view(), root_);
}

// ---- Directories

DirectoryId Tree::find_directory(const RelPath& path) const {
  const auto found = by_path_.find(path.text());
  return found == by_path_.end() ? DirectoryId::None : found->second;
}

DirectoryId Tree::find_child(DirectoryId parent, std::string_view name) const {
  if (at(parent).first_child == DirectoryId::None) return DirectoryId::None;
  return find_directory(at(parent).path.child(name));
}

DirectoryId Tree::add_directory(DirectoryId parent, std::string_view name, Rules::Access access) {
  const auto id = static_cast<DirectoryId>(directories_.take());
  auto& directory = at(id);
  auto& above = at(parent);
  directory.path = above.path.child(name);
  directory.key = Fingerprint::key_of(directory.path.text());
  directory.parent = parent;
  directory.access = access;
  directory.alive = true;
  directory.next_sibling = above.first_child;
  if (above.first_child != DirectoryId::None) at(above.first_child).previous_sibling = id;
  above.first_child = id;
  by_path_.emplace(directory.path.text(), id);
  return id;
}

void Tree::remove_directory(DirectoryId id) {
  auto& directory = at(id);
  by_path_.erase(directory.path.text());
  if (directory.previous_sibling != DirectoryId::None) {
    at(directory.previous_sibling).next_sibling = directory.next_sibling;
  } else {
    at(directory.parent).first_child = directory.next_sibling;
  }
  if (directory.next_sibling != DirectoryId::None) {
    at(directory.next_sibling).previous_sibling = directory.previous_sibling;
  }
  directories_.give_back(number(id));
}

DirectoryId Tree::next_directory(DirectoryId after) const {
  for (auto next = number(after) + 1; next < directories_.end(); ++next) {
    if (directories_[next].alive) return static_cast<DirectoryId>(next);
  }
  return DirectoryId::None;
}

// ---- Files

FileId Tree::find(DirectoryId directory, std::string_view name) const {
  return index_[slot_of(directory, name, hash_of(directory, name))].file;
}

FileId Tree::find(const RelPath& path) const {
  const auto in = find_directory(path.parent());
  return in == DirectoryId::None ? FileId::None : find(in, path.name());
}

bool Tree::is_at(FileId id, const RelPath& path) const {
  if (!is_alive(id)) return false;
  const std::string_view text = path.text();
  const std::string_view above = at(directory(id)).path.text();
  const auto below = above.empty() ? 0 : above.size() + 1;
  return text.starts_with(above) && text.size() >= below && text.substr(below) == name(id);
}

Tree::Put Tree::find_or_add(DirectoryId directory, std::string_view name, const Stamp& stamp,
                            const TargetSet& targets) {
  if ((files_.size() + 1) * 4 > index_.size() * 3) grow_index();
  const auto hash = hash_of(directory, name);
  auto& slot = index_[slot_of(directory, name, hash)];
  if (slot.file != FileId::None) return {slot.file, false};

  const auto id = static_cast<FileId>(files_.take());
  slot = {id, hash};
  auto& one = file(id);
  one.name = store_name(name);
  one.name_size = static_cast<std::uint8_t>(name.size());
  one.directory = directory;
  one.next = at(directory).first_file;
  if (one.next != FileId::None) file(one.next).previous = id;
  at(directory).first_file = id;
  set(id, stamp, targets);
  return {id, true};
}

void Tree::update(FileId id, const Stamp& stamp, const TargetSet& targets) {
  count_out(id);
  set(id, stamp, targets);
}

void Tree::set(FileId id, const Stamp& stamp, const TargetSet& targets) {
  auto& one = file(id);
  one.size = stamp.size;
  one.modified = stamp.modified;
  one.changed = stamp.changed;
  one.inode = stamp.inode;
  one.mode = stamp.mode;
  one.claim = claim_for(targets);
  count_in(id);
}

void Tree::remove(FileId id) {
  count_out(id);
  auto& one = file(id);
  erase_slot(slot_of(one.directory, name(id), hash_of(one.directory, name(id))));
  if (one.previous != FileId::None) {
    file(one.previous).next = one.next;
  } else {
    at(one.directory).first_file = one.next;
  }
  if (one.next != FileId::None) file(one.next).previous = one.previous;
  dead_name_bytes_ += one.name_size;
  live_name_bytes_ -= one.name_size;
  files_.give_back(number(id));
  if (dead_name_bytes_ > kNameChunk && dead_name_bytes_ > live_name_bytes_) pack_names();
}

std::string_view Tree::name(FileId id) const {
  return stored_name(file(id).name, file(id).name_size);
}

Stamp Tree::stamp(FileId id) const {
  const auto& one = file(id);
  return {.size = one.size,
          .modified = one.modified,
          .changed = one.changed,
          .inode = one.inode,
          .mode = one.mode};
}

bool Tree::mark(FileId id) {
  auto& one = file(id);
  const bool is_new = !one.marked;
  one.marked = true;
  return is_new;
}

// ---- Names

std::uint32_t Tree::store_name(std::string_view name) {
  if (names_.empty() || names_.back().size() + name.size() > kNameChunk) {
    names_.emplace_back();
    names_.back().reserve(kNameChunk);
  }
  const std::size_t place = (names_.size() - 1) * kNameChunk + names_.back().size();
  names_.back().append(name);
  live_name_bytes_ += name.size();
  return static_cast<std::uint32_t>(place);
}

std::string_view Tree::stored_name(std::uint32_t place, std::uint8_t size) const {
  return std::string_view(names_[place / kNameChunk]).substr(place % kNameChunk, size);
}

void Tree::pack_names() {
  const auto old = std::exchange(names_, {});
  live_name_bytes_ = 0;
  dead_name_bytes_ = 0;
  for (std::uint32_t i = 1; i < files_.end(); ++i) {
    auto& one = files_[i];
    if (one.directory == DirectoryId::None) continue;
    const std::string_view chunk = old[one.name / kNameChunk];
    one.name = store_name(chunk.substr(one.name % kNameChunk, one.name_size));
  }
}

// ---- The index

std::uint32_t Tree::hash_of(DirectoryId directory, std::string_view name) {
  return static_cast<std::uint32_t>(
      XXH3_64bits_withSeed(name.data(), name.size(), number(directory)));
}

std::size_t Tree::slot_of(DirectoryId directory, std::string_view wanted,
                          std::uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = hash & mask;
  while (true) {
    const auto& one = index_[slot];
    if (one.file == FileId::None) return slot;
    if (one.hash == hash && file(one.file).directory == directory && name(one.file) == wanted) {
      return slot;
    }
    slot = (slot + 1) & mask;
  }
}

void Tree::grow_index() {
  const auto old = std::exchange(index_, std::vector<Slot>(index_.size() * 2));
  const std::size_t mask = index_.size() - 1;
  for (const auto& one : old) {
    if (one.file == FileId::None) continue;
    std::size_t slot = one.hash & mask;
    while (index_[slot].file != FileId::None) slot = (slot + 1) & mask;
    index_[slot] = one;
  }
}

// Moves what follows back over the hole, so that no search ends early at it.
void Tree::erase_slot(std::size_t hole) {
  const std::size_t mask = index_.size() - 1;
  index_[hole] = {};
  for (std::size_t slot = (hole + 1) & mask; index_[slot].file != FileId::None;
       slot = (slot + 1) & mask) {
    if (((slot - index_[slot].hash) & mask) >= ((slot - hole) & mask)) {
      index_[hole] = std::exchange(index_[slot], Slot{});
      hole = slot;
    }
  }
}

// ---- Targets

std::uint16_t Tree::claim_for(const TargetSet& targets) {
  const auto found = std::find(claims_.begin(), claims_.end(), targets);
  if (found != claims_.end()) return static_cast<std::uint16_t>(found - claims_.begin());
  claims_.push_back(targets);
  return static_cast<std::uint16_t>(claims_.size() - 1);
}

void Tree::count_in(FileId id) {
  if (targets(id).empty()) return;
  const auto print = Fingerprint::of(at(directory(id)).key, name(id), stamp(id));
  targets(id).for_each([&](std::size_t target) {
    sums_[target].print += print;
    ++sums_[target].files;
  });
}

void Tree::count_out(FileId id) {
  if (targets(id).empty()) return;
  const auto print = Fingerprint::of(at(directory(id)).key, name(id), stamp(id));
  targets(id).for_each([&](std::size_t target) {
    sums_[target].print -= print;
    --sums_[target].files;
  });
}

void Tree::renumber_targets(const std::vector<std::optional<std::size_t>>& origin) {
  std::vector<Sum> sums(origin.size());
  for (std::size_t i = 0; i < origin.size(); ++i) {
    if (origin[i]) sums[i] = sums_[*origin[i]];
  }
  for (auto& claim : claims_) {
    TargetSet renumbered;
    for (std::size_t i = 0; i < origin.size(); ++i) {
      if (origin[i] && claim.contains(*origin[i])) renumbered.insert(i);
    }
    claim = renumbered;
  }
  sums_ = std::move(sums);
}

}  // namespace poltergeist::watch
