// SPDX-License-Identifier: MIT
// Knows the files that the targets watch: what they are, whose they are, and what changed.
//
// The model: a snapshot of every file that at least one target claims. Hints from the source mark
// paths; a stat decides. A directory is watched first and read after, so nothing falls between; one
// that goes away loses its watches at once; lost hints (overflow) cost a comparison of everything,
// never a change. What a caller gets is the difference between the snapshot before and after,
// whatever happened meanwhile: a file that came back as it was is no change. One that was written
// with the same bytes is told as such (Rewritten); whether that matters is the caller's to say.
//
// A file that is being written is looked at when its writer has closed it, half a second later at
// the latest, so that nothing is built from half of it; sync() looks at once.
//
// The caller waits for fd() (if there is one), mounts_fd() and deadline(), and calls apply() for
// each. One thread; nothing here blocks but the file system itself.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/paths.h"
#include "base/result.h"
#include "base/time.h"
#include "watch/batch.h"
#include "watch/change_source.h"
#include "watch/fingerprint.h"
#include "watch/options.h"
#include "watch/rules.h"
#include "watch/target_set.h"

namespace poltergeist::watch {

struct WatchState {
  enum class Kind { Ok, Rescanning, Degraded, Failed };
  Kind kind = Kind::Ok;
  std::string reason;  // for people, with what to do about it; empty if ok

  friend bool operator==(const WatchState&, const WatchState&) = default;
};
inline constexpr auto kWatchStates = std::to_array<EnumName<WatchState::Kind>>({
    {WatchState::Kind::Ok, "ok"},
    {WatchState::Kind::Rescanning, "rescanning"},
    {WatchState::Kind::Degraded, "degraded"},
    {WatchState::Kind::Failed, "failed"},
});

struct Explanation {
  struct Claim {
    std::size_t target = 0;  // index in the options
    std::string pattern;     // the entry of watchPaths, as written
    bool counts = true;      // false: it would, were the path not ignored
  };
  std::vector<Claim> claims;
  std::optional<IgnoredBy> ignored;
  bool exists = false;

  [[nodiscard]] bool counts() const;
};

struct Counters {
  std::uint64_t hints = 0;
  std::uint64_t overflows = 0;
  std::uint64_t rescans = 0;
  std::uint64_t rewritten = 0;  // files that were written with the bytes that they had
  std::uint64_t unheard = 0;    // changes that an audit found, and nothing had told of
  std::size_t watches = 0;      // directories of the tree with a watch now
  std::size_t polled = 0;       // directories of the tree that have none
  std::size_t directories = 0;  // both
  std::size_t files = 0;        // claimed by any target
  std::size_t boundaries = 0;   // other repositories, each with a watch for that to end
  // By inotify: the directories, and the places beside the tree that matter to it.
  std::size_t watches_needed = 0;
};

// A hint as it came, for `poltergeist doctor`.
struct PastHint {
  Instant when;
  Hint::What what = Hint::What::Changed;
  std::string path;  // relative to the root, or absolute for a directory beside it
};

class Watcher {
 public:
  // Watches and reads the whole tree before it returns; the clock is 1 then. `root` is a real path.
  // Errc::Invalid for a pattern that cannot be, with target and reason. A root that is not there is
  // no error but a state.
  [[nodiscard]] static Result<std::unique_ptr<Watcher>> create(std::filesystem::path root,
                                                               Options options,
                                                               std::unique_ptr<ChangeSource> source,
                                                               Instant now);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Both may change with every call below.
  [[nodiscard]] int fd() const;
  [[nodiscard]] std::optional<Instant> deadline() const;
  // Ready for EPOLLPRI, once, when something was mounted or unmounted somewhere: note_mounts()
  // then, which makes apply() due. -1 where that cannot be known.
  [[nodiscard]] int mounts_fd() const;
  void note_mounts();

  // Takes all hints that wait, looks at what they name, and at what is due.
  [[nodiscard]] Batch apply(Instant now);
  // The same until all is quiet (or a bound is reached that lies far behind this call): whatever
  // happened below the root before the call is in the snapshot when it returns. Directories without
  // a watch are read.
  [[nodiscard]] Batch sync(Instant now);
  // New options, whole or (on an error) not at all. The batch holds what the targets that were
  // there before, by name, gained or lost; of a new one the fingerprint tells all. Indexes are
  // those of the new options.
  [[nodiscard]] Result<Batch> configure(Options options, Instant now);

  // A build of the target begins from the files as they are known now: from here on Batch::restored
  // tells when they all say that again.
  void begin_build(std::size_t target);
  // A build has ended: the same as sync(), but files that are being written are left to their
  // writers, for nothing of the build writes any more. It may have read what they were in between,
  // so they count as changed when they are closed, whatever they say then.
  [[nodiscard]] Batch end_build(Instant now);

  [[nodiscard]] Clock clock() const;
  [[nodiscard]] const Fingerprint& fingerprint(std::size_t target) const;
  [[nodiscard]] std::size_t file_count(std::size_t target) const;
  [[nodiscard]] WatchState state() const;
  // The name of what tells of changes now.
  [[nodiscard]] std::string_view backend() const;
  // `path` need not exist.
  [[nodiscard]] Explanation why(const RelPath& path) const;

  // Git is at work in this working tree (git_hold.h), as of the last call above; since when.
  [[nodiscard]] bool git_operation_running() const;
  [[nodiscard]] std::optional<Instant> git_operation_since() const;
  [[nodiscard]] std::optional<std::filesystem::path> git_lock_path() const;

  [[nodiscard]] Counters counters() const;
  // The last 256, oldest first.
  [[nodiscard]] std::vector<PastHint> past_hints() const;

 private:
  class Core;
  explicit Watcher(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace poltergeist::watch
