// SPDX-License-Identifier: MIT
#include "watch/watcher_core.h"

#include <algorithm>
#include <iterator>

#include "sys/clock.h"
#include "watch/poll_source.h"

namespace poltergeist::watch {

namespace {

constexpr std::size_t kPastHints = 256;
// Far more than any queue holds: whoever writes faster than we read is caught in the next call.
constexpr std::size_t kMostHints = 1 << 20;
constexpr int kMostRounds = 16;
// An ignore file that is gone or empty is probably being saved.
constexpr Milliseconds kIgnoreFileGap{200};
// Reading a file takes some microseconds. Those of a small project, and as few as people and tools
// change at once, are read at once.
constexpr std::size_t kReadsInACall = 256;
// A rescan that comes sooner than this after the last is one of a storm.
constexpr Seconds kQuick{1};
constexpr int kFreeRescans = 3;
constexpr Milliseconds kFirstBackoff{100};
constexpr Milliseconds kLongestBackoff{5000};

bool is_of_same(const Hint& a, const Hint& b) {
  return a.token == b.token && a.name == b.name;
}

}  // namespace

Watcher::Core::Core(std::filesystem::path root, Options options, Rules rules,
                    std::unique_ptr<ChangeSource> source)
    : root_(std::move(root)),
      options_(std::move(options)),
      source_(std::move(source)),
      crawler_(root_, std::move(rules), options_.targets.size(), *source_),
      asides_(*source_, crawler_.table()),
      places_(find_git_places(root_)),
      git_(places_),
      mounts_(root_),
      change_sets_(options_.targets.size()) {
  crawler_.set_mounts(mounts_.below());
  crawler_.set_reading(!options_.touch_builds);
}

void Watcher::Core::begin(Instant now) {
  // A source that polls is due at once; what it would ask for is what is done here.
  (void)source_->read(hints_, now);
  crawler_.ledger().set_recording(false);
  root_trouble_ = "not looked for yet";
  if (!find_root(now)) lose_root(root_trouble_, now);
  crawler_.ledger().set_recording(true);
  crawler_.read_written(kReadsInACall);
  git_.look(now);
  poll_at_ = now + options_.poll_interval;
  put_off_audit(now);
  batch_ = {};
  clock_ = 1;
}

Batch Watcher::Core::apply(Instant now) {
  drain(now);
  settle(now, Force::No);
  audit(now);
  learn(now);
  return finish();
}

Batch Watcher::Core::sync(Instant now) {
  catch_up(now, Force::Yes);
  return finish();
}

Batch Watcher::Core::end_build(Instant now) {
  catch_up(now, Force::No);
  doubt_what_is_being_written();
  return finish();
}

void Watcher::Core::catch_up(Instant now, Force writers) {
  if (!source_->sync()) take_anything();
  git_lock_changed_ = true;
  // Whatever happened before the call is in the first round's hints or is read in the first round;
  // the others only catch up with what happens meanwhile.
  for (int round = 0; round < kMostRounds; ++round) {
    if (!drain(now) && round > 0) break;
    // Once is enough, and reading what is polled may take long.
    settle(now, Force::Yes, writers, round == 0 ? Force::Yes : Force::No);
  }
}

Result<Batch> Watcher::Core::configure(Options options, Instant now) {
  if (options == options_) return Batch{.clock = clock_};
  auto rules = Rules::compile(root_, options);
  if (!rules) return fail(rules.error());
  drain(now);
  settle(now, Force::Yes);

  std::vector<std::optional<std::size_t>> origin(options.targets.size());
  TargetSet known;
  for (std::size_t i = 0; i < options.targets.size(); ++i) {
    for (std::size_t old = 0; old < options_.targets.size(); ++old) {
      if (options_.targets[old].name == options.targets[i].name) origin[i] = old;
    }
    if (origin[i]) known.insert(i);
  }
  // What the old targets had coming belongs to the same batch, under their new numbers.
  auto pending = take_changes(nullptr);
  crawler_.tree().renumber_targets(origin);
  std::vector<ChangeSet> change_sets(origin.size());
  for (std::size_t i = 0; i < origin.size(); ++i) {
    if (origin[i]) change_sets[i] = std::move(change_sets_[*origin[i]]);
  }
  change_sets_ = std::move(change_sets);
  options_ = std::move(options);
  put_off_audit(now);
  crawler_.set_reading(!options_.touch_builds);
  crawler_.set_rules(std::move(*rules));
  watch_asides();
  if (root_trouble_.empty()) crawler_.reread(crawler_.tree().root(), Crawler::Reach::Identity);
  batch_.rescanned = true;

  for (auto& change : pending) {
    TargetSet renumbered;
    for (std::size_t i = 0; i < origin.size(); ++i) {
      if (origin[i] && change.targets.contains(*origin[i])) renumbered.insert(i);
    }
    change.targets = renumbered;
    if (!renumbered.empty()) batch_.changes.push_back(std::move(change));
  }
  return finish(&known);
}

std::vector<Change> Watcher::Core::take_changes(const TargetSet* known) {
  crawler_.read_written(kReadsInACall);
  return crawler_.ledger().take_changes(crawler_.tree(), known);
}

Batch Watcher::Core::finish(const TargetSet* known) {
  auto changes = take_changes(known);
  batch_.changes.insert(batch_.changes.end(), std::make_move_iterator(changes.begin()),
                        std::make_move_iterator(changes.end()));
  std::stable_sort(batch_.changes.begin(), batch_.changes.end(),
                   [](const Change& a, const Change& b) { return a.path < b.path; });
  note_in_change_sets();
  if (!batch_.changes.empty()) ++clock_;
  batch_.clock = clock_;
  batch_.hinted = hinted_;
  if (!rescan_wanted_ && ignored_by_.empty() && writing_.empty()) hinted_.reset();
  return std::exchange(batch_, {});
}

void Watcher::Core::note_in_change_sets() {
  TargetSet touched;
  for (const auto& change : batch_.changes) {
    if (change.kind == Change::Kind::Rewritten) ++counters_.rewritten;
    change.targets.for_each([&](std::size_t target) {
      change_sets_[target].note(change.path, change.before, change.after);
      touched.insert(target);
    });
  }
  touched.for_each([&](std::size_t target) {
    if (change_sets_[target].is_empty()) batch_.restored.insert(target);
  });
}

// ---- Hints to marks

bool Watcher::Core::drain(Instant now) {
  std::size_t taken = 0;
  while (taken < kMostHints) {
    hints_.clear();
    const auto more = source_->read(hints_, now);
    if (!more) {
      // Nothing that was waiting can be known any more.
      source_trouble_ = more.error().message;
      rescan_wanted_ = hints_lost_ = true;
      break;
    }
    source_trouble_.clear();
    if (!*more) break;
    for (std::size_t i = 0; i < hints_.size(); ++i) {
      if (hints_.size() - i <= kPastHints) remember(hints_[i], now);
      const bool more_of_it = i + 1 < hints_.size() && is_of_same(hints_[i], hints_[i + 1]);
      if (more_of_it && is_of_writing(hints_[i].what)) continue;
      take(hints_[i], now);
    }
    taken += hints_.size();
  }
  counters_.hints += taken;
  if (!hinted_ && (taken > 0 || rescan_wanted_)) hinted_ = now;
  return taken > 0;
}

void Watcher::Core::remember(const Hint& hint, Instant now) {
  PastHint past{.when = now, .what = hint.what, .path = {}};
  const auto directory = crawler_.table().find(hint.token);
  if (directory != DirectoryId::None) {
    const auto& path = crawler_.tree().at(directory).path;
    past.path = hint.name.empty() ? path.text() : path.child(hint.name).text();
  } else if (const auto* aside = asides_.directory_of(hint.token)) {
    past.path = (*aside / hint.name).string();
  }
  if (past_.size() < kPastHints) {
    past_.push_back(std::move(past));
  } else {
    past_[oldest_] = std::move(past);
    oldest_ = (oldest_ + 1) % kPastHints;
  }
}

std::vector<PastHint> Watcher::Core::past_hints() const {
  auto hints = past_;
  std::rotate(hints.begin(), hints.begin() + static_cast<std::ptrdiff_t>(oldest_), hints.end());
  return hints;
}

void Watcher::Core::take(const Hint& hint, Instant now) {
  if (hint.what == Hint::What::Overflow) {
    batch_.overflowed = true;
    ++counters_.overflows;
    hints_lost_ = true;
    take_anything();
    return;
  }
  if (hint.what == Hint::What::Reset) {
    take_reset();
    return;
  }
  if (hint.what == Hint::What::Anything) {
    take_anything();
    return;
  }
  for (const auto purpose : asides_.purposes_of(hint)) take_aside(purpose, hint);
  const bool about_itself = hint.what == Hint::What::SelfGone || hint.what == Hint::What::SelfMoved;
  crawler_.table().for_each(hint.token, [&](DirectoryId directory) {
    if (!crawler_.tree().at(directory).alive) {
      return;  // dropped with the one before it
    }
    if (about_itself) {
      take_end_of(directory);
    } else {
      mark(directory, hint, now);
    }
  });
}

void Watcher::Core::take_anything() {
  rescan_wanted_ = true;
  git_lock_changed_ = git_places_changed_ = outside_ignores_changed_ = true;
}

void Watcher::Core::take_reset() {
  crawler_.unwatch(crawler_.tree().root());
  asides_.forget_all();
  watched_boundaries_.clear();
  root_retry_at_ = Instant{};
  take_anything();
}

void Watcher::Core::take_aside(Asides::Purpose purpose, const Hint& hint) {
  switch (purpose) {
    case Asides::Purpose::GitLock:
      git_lock_changed_ = true;
      break;
    case Asides::Purpose::GitPlaces:
      git_places_changed_ = true;
      break;
    case Asides::Purpose::IgnoreFiles:
      outside_ignores_changed_ = true;
      break;
    case Asides::Purpose::Boundaries:
      if (const auto below = RelPath::below(root_, *asides_.directory_of(hint.token))) {
        directories_.insert(below->parent());
      }
      break;
    case Asides::Purpose::AboveRoot:
      root_gone_ = true;
      root_retry_at_ = Instant{};
      break;
  }
}

// The watch of a directory ended. Its parent need not say so: it may have been unmounted.
void Watcher::Core::take_end_of(DirectoryId directory) {
  const auto& one = crawler_.tree().at(directory);
  if (directory == crawler_.tree().root()) {
    root_gone_ = true;
    return;
  }
  names_.emplace_back(one.parent, one.path.name());
  crawler_.unwatch(directory);
}

void Watcher::Core::mark(DirectoryId directory, const Hint& hint, Instant now) {
  if (mark_writing(directory, hint, now)) return;
  const auto& tree = crawler_.tree();
  const auto& path = tree.at(directory).path;
  if (GitIgnores::is_ignore_file(hint.name)) ignored_by_.try_emplace(path);
  if (hint.name == ".git") {
    if (path.is_root()) {
      git_places_changed_ = true;
    } else {
      directories_.insert(path);  // it may be another repository now
    }
  }
  // At once: what its watches still say is about some other place now. The files wait for a look:
  // it may be the root that is being taken away.
  if (hint.what == Hint::What::DirectoryGone) {
    const auto child = tree.find_child(directory, hint.name);
    if (child != DirectoryId::None) crawler_.unwatch(child);
  }
  if (const auto file = tree.find(directory, hint.name); file != FileId::None) {
    if (crawler_.tree().mark(file)) files_.push_back(file);
  } else if (names_.empty() || names_.back().first != directory ||
             names_.back().second != hint.name) {
    names_.emplace_back(directory, hint.name);
  }
}

void Watcher::Core::clear_marks() {
  for (const auto file : files_) crawler_.tree().unmark(file);
  files_.clear();
  writing_.clear();
  names_.clear();
  directories_.clear();
}

// ---- Marks to knowledge

void Watcher::Core::settle(Instant now, Force force, Force writers, Force polled) {
  if (asides_.unwatched() > 0 && (force == Force::Yes || now >= poll_at_)) {
    git_lock_changed_ = git_places_changed_ = outside_ignores_changed_ = true;
    for (const auto& boundary : watched_boundaries_) directories_.insert(boundary.parent());
    if (root_trouble_.empty()) watch_above_root();
  }
  const auto look_at = git_.deadline();
  if (std::exchange(git_lock_changed_, false) || (look_at && now >= *look_at)) git_.look(now);
  if (!check_root(now)) {
    clear_marks();
    return;
  }
  settle_mounts(force);
  settle_git(now);
  settle_ignore_files(now, force);
  settle_rescan(now, force);
  settle_writing(now, writers);
  settle_entries();
  settle_polled(now, polled);
  settle_boundaries();
}

void Watcher::Core::settle_boundaries() {
  while (crawler_.boundaries() != watched_boundaries_ ||
         crawler_.boundaries_met() != watched_boundaries_met_) {
    watch_boundaries();
    settle_entries();
  }
}

void Watcher::Core::settle_mounts(Force force) {
  const bool asked = force == Force::Yes && mounts_.has_news();
  if (!std::exchange(mounts_changed_, false) && !asked) return;
  const auto before = mounts_.below();
  if (!mounts_.look()) return;
  crawler_.set_mounts(mounts_.below());
  // What comes and goes where the tree does not go, as builds do it, is nothing to us.
  const auto others = difference(before, mounts_.below());
  rescan_wanted_ =
      rescan_wanted_ || std::any_of(others.begin(), others.end(), [&](const Mount& mount) {
        const auto place = RelPath::below(root_, mount.place);
        return !place || place->is_root() || crawler_.may_enter(*place);
      });
}

void Watcher::Core::settle_git(Instant now) {
  if (!std::exchange(git_places_changed_, false)) return;
  auto places = find_git_places(root_);
  if (places == places_) {
    watch_asides();
    return;
  }
  // It became a repository, or ceased to be one: other ignore files count.
  auto rules = Rules::compile(root_, options_);
  if (!rules) return;  // it compiled before
  places_ = std::move(places);
  git_ = GitHold(places_);
  git_.look(now);
  crawler_.set_rules(std::move(*rules));
  watch_asides();
  crawler_.reread(crawler_.tree().root(), Crawler::Reach::Below);
}

void Watcher::Core::settle_ignore_files(Instant now, Force force) {
  if (std::exchange(outside_ignores_changed_, false)) {
    watch_asides();  // their directories may have come or gone
    if (crawler_.reload_outside_ignore_files()) {
      crawler_.reread(crawler_.tree().root(), Crawler::Reach::Below);
    }
  }
  for (auto it = ignored_by_.begin(); it != ignored_by_.end();) {
    const auto& [path, due] = *it;
    const auto directory = crawler_.tree().find_directory(path);
    if (directory == DirectoryId::None) {
      it = ignored_by_.erase(it);
      continue;
    }
    const bool gap = crawler_.rules().git() != nullptr && crawler_.rules().git()->is_in_a_gap(path);
    if (force == Force::No && gap && (due == Instant{} || now < due)) {
      if (due == Instant{}) it->second = now + kIgnoreFileGap;
      ++it;
      continue;
    }
    if (crawler_.reload_ignore_files(path)) {
      crawler_.reread(directory, Crawler::Reach::Below);
    }
    it = ignored_by_.erase(it);
  }
}

void Watcher::Core::settle_rescan(Instant now, Force force) {
  if (!rescan_wanted_ || (force == Force::No && now < rescan_not_before_)) return;
  rescan_wanted_ = false;
  clear_marks();
  const auto began = poltergeist::now();
  crawler_.reread(crawler_.tree().root(), Crawler::Reach::Identity);
  source_->compared(now, now + (poltergeist::now() - began));
  put_off_audit(now);
  batch_.rescanned = true;
  ++counters_.rescans;
  if (!std::exchange(hints_lost_, false)) return;
  quick_rescans_ = now - last_rescan_ < kQuick ? quick_rescans_ + 1 : 0;
  last_rescan_ = now;
  if (quick_rescans_ < kFreeRescans) return;
  const int doublings = std::min(quick_rescans_ - kFreeRescans, 6);
  rescan_not_before_ = now + std::min(kFirstBackoff * (1 << doublings), kLongestBackoff);
}

void Watcher::Core::settle_entries() {
  for (const auto& path : std::exchange(directories_, {})) {
    const auto directory = crawler_.tree().find_directory(path);
    if (directory != DirectoryId::None) crawler_.reread(directory, Crawler::Reach::Names);
  }
  leave_out_what_is_being_written();
  auto names = std::exchange(names_, {});
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto& [directory, name] : names) crawler_.look_at(directory, name);
  crawler_.look_at(files_);
  files_.clear();
}

void Watcher::Core::settle_polled(Instant now, Force force) {
  if (!lacks_watches() || (force == Force::No && now < poll_at_)) return;
  const auto began = poltergeist::now();
  crawler_.poll();
  const auto took = poltergeist::now() - began;
  poll_at_ = next_comparison(now, now + took, options_.poll_interval);
}

bool Watcher::Core::lacks_watches() const {
  return crawler_.polled() > 0 || asides_.unwatched() > 0;
}

std::optional<Instant> Watcher::Core::deadline() const {
  auto due = source_->deadline();
  if (!root_trouble_.empty()) return earlier(due, root_retry_at_);
  if (rescan_wanted_) due = earlier(due, rescan_not_before_);
  if (mounts_changed_) due = Instant{};  // it is due already
  if (lacks_watches()) due = earlier(due, poll_at_);
  due = earlier(due, git_.deadline());
  for (const auto& [path, when] : ignored_by_) due = earlier(due, when);
  for (const auto& [name, writing] : writing_) due = earlier(due, writing.until);
  if (crawler_.unlearnt() > 0) due = earlier(due, learn_at_);
  if (options_.audit_interval > Duration::zero()) due = earlier(due, audit_at_);
  return due;
}

}  // namespace poltergeist::watch
