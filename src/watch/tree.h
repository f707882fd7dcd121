// SPDX-License-Identifier: MIT
// The snapshot: the directories that are watched and the files that targets claim, each as the last
// stat saw it, and per target the sum over its files. It knows nothing of rules or of the file
// system. Lean: a file costs about 93 bytes and its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "watch/change_source.h"
#include "watch/content.h"
#include "watch/fingerprint.h"
#include "watch/rules.h"
#include "watch/slab.h"
#include "watch/target_set.h"

namespace poltergeist::watch {

enum class DirectoryId : std::uint32_t { None = 0 };
enum class FileId : std::uint32_t { None = 0 };

// What is known of one directory. Only Tree writes the links.
struct Directory {
  RelPath path;
  std::uint64_t key = 0;  // Fingerprint::key_of(path)
  DirectoryId parent = DirectoryId::None;
  DirectoryId first_child = DirectoryId::None;
  DirectoryId next_sibling = DirectoryId::None;
  DirectoryId previous_sibling = DirectoryId::None;
  FileId first_file = FileId::None;
  WatchToken token = WatchToken::None;
  Rules::Access access = Rules::Access::Full;
  bool alive = false;
  bool seen = false;  // by the scan of its parent that runs now
};

class Tree {
 public:
  explicit Tree(std::size_t targets);

  // ---- Directories. The root is there from the start.
  [[nodiscard]] DirectoryId root() const { return root_; }
  [[nodiscard]] Directory& at(DirectoryId id) { return directories_[number(id)]; }
  [[nodiscard]] const Directory& at(DirectoryId id) const { return directories_[number(id)]; }
  [[nodiscard]] DirectoryId find_directory(const RelPath& path) const;
  [[nodiscard]] DirectoryId find_child(DirectoryId parent, std::string_view name) const;
  DirectoryId add_directory(DirectoryId parent, std::string_view name, Rules::Access access);
  // Must have neither children nor files left.
  void remove_directory(DirectoryId id);
  // The next one in no order that means anything, the first for None; None behind the last.
  [[nodiscard]] DirectoryId next_directory(DirectoryId after) const;
  [[nodiscard]] std::size_t directory_count() const { return directories_.size(); }

  // ---- Files
  [[nodiscard]] FileId find(DirectoryId directory, std::string_view name) const;
  [[nodiscard]] FileId find(const RelPath& path) const;
  // Whether a file of that number is there, at that path.
  [[nodiscard]] bool is_at(FileId id, const RelPath& path) const;
  struct Put {
    FileId file;
    bool is_new;
  };
  // The file of that name, added if it was not there; then it is as given.
  Put find_or_add(DirectoryId directory, std::string_view name, const Stamp& stamp,
                  const TargetSet& targets);
  // What is known of its content stays as it is.
  void update(FileId id, const Stamp& stamp, const TargetSet& targets);
  void remove(FileId id);
  [[nodiscard]] bool is_alive(FileId id) const { return file(id).directory != DirectoryId::None; }
  [[nodiscard]] std::string_view name(FileId id) const;
  [[nodiscard]] DirectoryId directory(FileId id) const { return file(id).directory; }
  [[nodiscard]] RelPath path(FileId id) const {
    return at(file(id).directory).path.child(name(id));
  }
  [[nodiscard]] Stamp stamp(FileId id) const;
  [[nodiscard]] const TargetSet& targets(FileId id) const { return claims_[file(id).claim]; }
  [[nodiscard]] Content content(FileId id) const { return file(id).content; }
  void set_content(FileId id, Content content) { file(id).content = content; }
  [[nodiscard]] FileId next_in_directory(FileId id) const { return file(id).next; }
  [[nodiscard]] std::size_t file_count() const { return files_.size(); }

  // A mark that a file carries until it is taken off; true if it was not there before.
  bool mark(FileId id);
  void unmark(FileId id) { file(id).marked = false; }
  // Its stamp is so young that a further writing might leave it the same.
  void set_racy(FileId id, bool racy) { file(id).racy = racy; }
  [[nodiscard]] bool is_racy(FileId id) const { return file(id).racy; }
  // A mark of the scan that runs now.
  void set_seen(FileId id, bool seen) { file(id).seen = seen; }
  [[nodiscard]] bool is_seen(FileId id) const { return file(id).seen; }

  // ---- Targets
  [[nodiscard]] const Fingerprint& fingerprint(std::size_t target) const {
    return sums_.at(target).print;
  }
  [[nodiscard]] std::size_t file_count(std::size_t target) const { return sums_.at(target).files; }
  // Other targets: `origin[new]` is the old index of a target, or nothing for a new one. Files that
  // nobody is left to claim stay until they are looked at.
  void renumber_targets(const std::vector<std::optional<std::size_t>>& origin);

 private:
  struct File {
    std::uint64_t size = 0;
    std::int64_t modified = 0;
    std::int64_t changed = 0;
    std::uint64_t inode = 0;
    Content content = Content::Unknown;
    std::uint32_t mode = 0;
    std::uint32_t name = 0;  // in names_
    DirectoryId directory = DirectoryId::None;
    FileId next = FileId::None;
    FileId previous = FileId::None;
    std::uint16_t claim = 0;  // in claims_
    std::uint8_t name_size = 0;
    bool marked : 1 = false;
    bool seen : 1 = false;
    bool racy : 1 = false;
  };
  struct Sum {
    Fingerprint print;
    std::size_t files = 0;
  };

  [[nodiscard]] static std::uint32_t number(DirectoryId id) {
    return static_cast<std::uint32_t>(id);
  }
  [[nodiscard]] static std::uint32_t number(FileId id) { return static_cast<std::uint32_t>(id); }
  [[nodiscard]] File& file(FileId id) { return files_[number(id)]; }
  [[nodiscard]] const File& file(FileId id) const { return files_[number(id)]; }

  // Names lie one behind the other in chunks, so that they neither move nor cost a header each.
  std::uint32_t store_name(std::string_view name);
  void pack_names();
  [[nodiscard]] std::string_view stored_name(std::uint32_t place, std::uint8_t size) const;

  // The index of files: open addressing, linear probing, at most three quarters full.
  struct Slot {
    FileId file = FileId::None;
    std::uint32_t hash = 0;
  };
  [[nodiscard]] static std::uint32_t hash_of(DirectoryId directory, std::string_view name);
  // Where the file is, or the empty slot where it would be.
  [[nodiscard]] std::size_t slot_of(DirectoryId directory, std::string_view name,
                                    std::uint32_t hash) const;
  void grow_index();
  void erase_slot(std::size_t slot);

  void set(FileId id, const Stamp& stamp, const TargetSet& targets);
  std::uint16_t claim_for(const TargetSet& targets);
  void count_in(FileId id);
  void count_out(FileId id);

  struct PathHash {
    std::size_t operator()(std::string_view path) const { return Fingerprint::key_of(path); }
  };
  Slab<Directory> directories_;
  DirectoryId root_ = DirectoryId::None;
  std::unordered_map<std::string_view, DirectoryId, PathHash> by_path_;  // views of Directory::path

  Slab<File> files_;
  std::vector<Slot> index_;
  std::vector<std::string> names_;
  std::size_t dead_name_bytes_ = 0;
  std::size_t live_name_bytes_ = 0;

  std::vector<TargetSet> claims_;  // few different ones; never shrinks
  std::vector<Sum> sums_;
};

}  // namespace poltergeist::watch
