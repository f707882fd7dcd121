// SPDX-License-Identifier: MIT
// Makes the tree like the file system: watches a directory, then reads it; looks at what it is
// pointed to; drops what is gone. Every difference goes through the ledger. When to look, and at
// what, is the Watcher's affair.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "watch/change_source.h"
#include "watch/directory_reader.h"
#include "watch/ledger.h"
#include "watch/mounts.h"
#include "watch/read_ahead.h"
#include "watch/rules.h"
#include "watch/tree.h"
#include "watch/watch_table.h"

namespace poltergeist::watch {

class Crawler {
 public:
  // The source outlives the crawler.
  Crawler(std::filesystem::path root, Rules rules, std::size_t targets, ChangeSource& source);

  // Watches the root itself; what is below waits for reread(). Errors as ChangeSource::add.
  Result<void> watch_root();
  // Takes the watches from a directory and all below; what is known of the files stays until
  // somebody looks.
  void unwatch(DirectoryId directory);

  enum class Reach {
    Names,    // the directory itself, and whatever is new in it
    Below,    // all below, as far as the rules reach now
    Identity  // and whether each is still the directory that is watched
  };
  void reread(DirectoryId directory, Reach reach);
  // Whatever `name` in a directory is now: a stat decides.
  void look_at(DirectoryId directory, std::string_view name);
  // The same for many; they are in another order then.
  void look_at(std::vector<FileId>& files);
  // The directory and all below are gone, or hidden.
  void drop(DirectoryId directory);
  // Reads up to this many further directories of a pass over all; true when that has ended.
  bool audit(std::size_t directories);
  void end_audit() { audited_ = DirectoryId::None; }
  // A second try for directories without a watch, then a reading of all that had none.
  void poll();

  // ---- What files say. Those that change are read, and can then be told from those that are
  // written with the same bytes.
  // False: no file is read.
  void set_reading(bool reading);
  // Reads the files that have new stamps since the last call, if they are not more than `most`
  // and not too large together; else they wait for learn().
  void read_written(std::size_t most);
  // Reads up to this many of those that wait.
  void learn(std::size_t files);
  [[nodiscard]] std::size_t unlearnt() const { return unlearnt_.size(); }
  // Whether it may matter what is in a file of that name.
  [[nodiscard]] bool is_wanted(DirectoryId directory, std::string_view name);
  // A file that is new and empty, and has no other name: whoever made it is about to write it.
  [[nodiscard]] bool is_nascent(DirectoryId directory, std::string_view name) const;

  // The file systems at and below the root. Directories on one without events get no watch; what
  // is known of the others stays until somebody looks.
  void set_mounts(const std::vector<Mount>& mounts);
  void set_rules(Rules rules);
  // Reads the ignore files of a directory anew, or those outside of the root; true if they changed.
  bool reload_ignore_files(const RelPath& directory);
  bool reload_outside_ignore_files();
  [[nodiscard]] const Rules& rules() const { return rules_; }
  [[nodiscard]] Tree& tree() { return tree_; }
  [[nodiscard]] const Tree& tree() const { return tree_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] const WatchTable& table() const { return table_; }

  // Directories that have no watch: there was none left, or it would hear nothing.
  [[nodiscard]] std::size_t polled() const { return polled_.size(); }
  struct Mounted {
    RelPath place;
    std::string_view eventless;  // the name of a file system without events; empty: it has them
    Duration grain{};            // of the times of files
    std::size_t polled = 0;      // directories
  };
  // The file systems without events that directories are polled on.
  [[nodiscard]] std::vector<Mounted> polled_mounts() const;
  // Whether the tree goes, or would go, into a directory.
  [[nodiscard]] bool may_enter(const RelPath& directory);
  // Directories that may not be read, by path.
  [[nodiscard]] const std::set<RelPath>& unreadable() const { return unreadable_; }
  // Directories that were met and not entered because they are other repositories.
  [[nodiscard]] const std::set<RelPath>& boundaries() const { return boundaries_; }
  // How often one was met: what was met again may be another directory, or have lost its watch.
  [[nodiscard]] std::uint64_t boundaries_met() const { return boundaries_met_; }
  // A directory below the root that is another repository, and that no pattern leads into.
  [[nodiscard]] bool is_boundary(const RelPath& directory) const;

 private:
  // A string: building a std::filesystem::path takes longer than what is done with it here.
  [[nodiscard]] std::string absolute(DirectoryId directory, std::string_view name = {}) const;
  struct Waiting {
    DirectoryId directory;
    Reach reach;
  };
  void work_off();
  // Has some of those that wait read by a thread.
  void read_ahead(ReadAhead& ahead);
  void take_next(ReadAhead& ahead);
  // Whether to read it: it is not there any more otherwise, and dropped.
  [[nodiscard]] bool is_to_read(const Waiting& turn);
  void read(const Waiting& turn);
  // What reading it gave, which was begun `at`.
  void take(const Waiting& turn, const DirectoryReader& listing, WallTime at);
  void take_failure(const Waiting& turn, const Error& why, bool was_ahead);
  void meet_directory(DirectoryId parent, std::string_view name, Rules::Access access, Reach reach);
  // None if it is not there or not readable.
  DirectoryId enter(DirectoryId parent, std::string_view name, Rules::Access access);
  // `near`: its directory, open, or -1.
  void look_at(FileId file, int near);
  void look_at_directory(DirectoryId parent, std::string_view name);
  // The rules seen from a directory; the last view is kept.
  const Rules::Within& view(DirectoryId directory);
  enum class Watch { Same, Other, Refused };
  // Watches what is at the directory's path now: Same if that was watched already. Refused: it is
  // not there, or not readable.
  Watch give_watch(DirectoryId directory);
  // The mount that a directory is on, of those below the root; nullptr for the root's own.
  [[nodiscard]] const Mounted* mount_of(const RelPath& directory) const;
  // Whether a watch would hear nothing there.
  [[nodiscard]] bool note_mount_of(DirectoryId directory);
  void set_watch(DirectoryId directory, WatchToken token);
  FileId put_file(DirectoryId directory, std::string_view name, const struct stat& status,
                  const TargetSet& targets, WallTime at);
  // Its stamp is another one, and was looked at after `at`.
  void note_written(FileId file, WallTime at);
  void learn(FileId file);
  // Its stamp is not, but might be the same for another content.
  void look_again(FileId file);
  [[nodiscard]] bool is_young(const Stamp& stamp, WallTime at) const;
  [[nodiscard]] Content content_now(FileId file) const;
  [[nodiscard]] std::uint64_t size_of(FileId file) const;
  void remove_file(FileId file);
  void remove_unseen(DirectoryId directory);
  void drop_all(DirectoryId directory);
  [[nodiscard]] bool loads_new_ignore_files(DirectoryId directory, const DirectoryReader& listing);

  std::filesystem::path root_;
  Rules rules_;
  ChangeSource& source_;
  Tree tree_;
  Ledger ledger_;
  WatchTable table_;
  DirectoryReader reader_;
  std::optional<Rules::Within> view_;
  DirectoryId view_of_ = DirectoryId::None;
  std::vector<Waiting> waiting_;
  std::deque<Waiting> ahead_;  // that are being read ahead, in order
  bool is_sharing_ = true;     // in this call, with a second thread
  // In this call: whether it is worth it to look ahead at all files that are there.
  std::size_t files_met_ = 0;
  std::size_t files_wanted_ = 0;
  std::set<DirectoryId> polled_;
  std::vector<Mounted> mounts_;
  std::set<RelPath> unreadable_;
  std::set<RelPath> boundaries_;
  std::uint64_t boundaries_met_ = 0;
  bool reading_ = true;
  DirectoryId audited_ = DirectoryId::None;  // the last one
  bool is_auditing_ = false;
  std::vector<FileId> written_;
  std::vector<FileId> unlearnt_;
  Duration grain_;              // of the times of files
  bool limit_reached_ = false;  // in this call: no use in asking for more watches
};

}  // namespace poltergeist::watch
