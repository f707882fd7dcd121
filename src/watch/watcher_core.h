// SPDX-License-Identifier: MIT
// The inside of a Watcher: hints become marks, marks are settled by looking. A mark says where to
// look, never what happened, so it may be wrong, late or double without harm.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "watch/asides.h"
#include "watch/change_set.h"
#include "watch/crawler.h"
#include "watch/git_hold.h"
#include "watch/mounts.h"
#include "watch/watcher.h"

namespace poltergeist::watch {

class Watcher::Core {
 public:
  Core(std::filesystem::path root, Options options, Rules rules,
       std::unique_ptr<ChangeSource> source);

  // The first reading of the tree.
  void begin(Instant now);
  [[nodiscard]] Batch apply(Instant now);
  [[nodiscard]] Batch sync(Instant now);
  [[nodiscard]] Batch end_build(Instant now);
  [[nodiscard]] Result<Batch> configure(Options options, Instant now);
  void begin_build(std::size_t target) { change_sets_.at(target).begin(); }

  [[nodiscard]] const ChangeSource& source() const { return *source_; }
  [[nodiscard]] std::optional<Instant> deadline() const;
  [[nodiscard]] Clock clock() const { return clock_; }
  [[nodiscard]] WatchState state() const;
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] Explanation why(const RelPath& path) const;
  [[nodiscard]] const Tree& tree() const { return crawler_.tree(); }
  [[nodiscard]] const GitHold& git() const { return git_; }
  [[nodiscard]] const Mounts& mounts() const { return mounts_; }
  void note_mounts() { mounts_changed_ = true; }
  [[nodiscard]] std::vector<PastHint> past_hints() const;

 private:
  enum class Force { No, Yes };  // Yes: now, though it might wait
  // Until all is quiet; Yes: without waiting for writers.
  void catch_up(Instant now, Force writers);

  // ---- Hints to marks
  // True if there were any.
  bool drain(Instant now);
  void take(const Hint& hint, Instant now);
  void take_aside(Asides::Purpose purpose, const Hint& hint);
  void take_end_of(DirectoryId directory);
  void mark(DirectoryId directory, const Hint& hint, Instant now);
  // Whether a file is being written, and need not be looked at before that is over.
  bool mark_writing(DirectoryId directory, const Hint& hint, Instant now);
  void remember(const Hint& hint, Instant now);
  void clear_marks();
  // What changed is not known, in the tree or beside it.
  void take_anything();
  // All tokens are void: another source took over.
  void take_reset();

  // ---- Marks to knowledge
  void settle(Instant now, Force force, Force writers, Force polled);
  void settle(Instant now, Force force) { settle(now, force, force, force); }
  void settle_mounts(Force force);
  void settle_git(Instant now);
  void settle_ignore_files(Instant now, Force force);
  void settle_rescan(Instant now, Force force);
  // Those that nobody writes any more, or that have been written for long enough.
  void settle_writing(Instant now, Force force);
  void leave_out_what_is_being_written();
  void doubt_what_is_being_written();
  void settle_entries();
  void settle_polled(Instant now, Force force);
  // Whatever was met again may have lost its watch.
  void settle_boundaries();
  // Something has no watch, in the tree or beside it, and is looked at instead.
  [[nodiscard]] bool lacks_watches() const;
  [[nodiscard]] Batch finish(const TargetSet* known = nullptr);
  [[nodiscard]] std::vector<Change> take_changes(const TargetSet* known);
  void note_in_change_sets();
  void learn(Instant now);
  // Compares a part of the tree, when its time has come.
  void audit(Instant now);
  // All has just been compared.
  void put_off_audit(Instant now);

  // ---- The root
  // False while there is none.
  bool check_root(Instant now);
  void lose_root(std::string why, Instant now);
  bool find_root(Instant now);
  void watch_above_root();
  void watch_asides();
  void watch_boundaries();
  [[nodiscard]] std::string limit_reason(std::size_t unwatched) const;

  std::filesystem::path root_;
  Options options_;
  std::unique_ptr<ChangeSource> source_;
  Crawler crawler_;
  Asides asides_;
  std::set<RelPath> watched_boundaries_;
  std::uint64_t watched_boundaries_met_ = 0;
  std::optional<GitPlaces> places_;
  GitHold git_;
  Mounts mounts_;
  Clock clock_ = 0;
  Counters counters_;
  Batch batch_;  // of the call that runs now
  std::vector<Hint> hints_;

  // Marks.
  std::vector<FileId> files_;
  std::vector<std::pair<DirectoryId, std::string>> names_;
  struct Writing {
    Instant until;            // then it is looked at, written or not
    bool is_written = false;  // else it may be a link, which is whole from the start
  };
  std::map<std::pair<DirectoryId, std::string>, Writing> writing_;
  std::set<RelPath> directories_;  // to be read
  std::map<RelPath, Instant>
      ignored_by_;  // directories whose ignore files changed: not before then
  bool outside_ignores_changed_ = false;
  bool git_places_changed_ = false;
  bool git_lock_changed_ = false;
  bool mounts_changed_ = false;
  bool rescan_wanted_ = false;
  bool hints_lost_ = false;  // that is why
  // The first hint since all that hints ask for was done. What waits for its time (a rescan, a
  // rewritten ignore file) may hold a change of any age since then.
  std::optional<Instant> hinted_;

  std::vector<ChangeSet> change_sets_;  // by target
  Instant learn_at_{};
  Instant audit_at_{};  // the next part, or the next pass
  Instant rescan_not_before_{};
  Instant last_rescan_{};
  int quick_rescans_ = 0;  // in a row, each soon after the one before
  Instant poll_at_{};
  std::string root_trouble_;  // empty: it is there
  Instant root_retry_at_{};
  struct stat root_status_ {};
  bool root_gone_ = false;  // that one; the next by its name may get its inode number
  std::string source_trouble_;
  std::vector<PastHint> past_;
  std::size_t oldest_ = 0;  // in past_, once it is full
};

}  // namespace poltergeist::watch
