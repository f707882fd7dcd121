// SPDX-License-Identifier: MIT
// The scheduler of builds: events and `now` in, actions and one deadline out. It starts nothing and
// reads no clock; the daemon performs the actions and reports what became of them.
//
// The model. The daemon counts the batches of changes that it applied: the clock. A target keeps
// two of its values: `dirty`, of the last batch that touched it, and `built`, at the START of the
// last build that was let through to its end, whether it succeeded or failed (an edit during a
// build may or may not have been read by it: it counts as not). Things other than files ask for
// builds too: a person, a rebuilt dependency, a changed definition, a retry. They are counted in
// the same manner: `asked`, and `answered` at the start of that build. So
//
//     stale   =   dirty > built   or   asked > answered
//
// and a stale target is built, and no other. This is a level, evaluated anew after every event: no
// wish for a build is kept in a timer, a queue or a list of files, so none can be lost there.
//
// A stale target starts as soon as nothing holds it (Hold, verdict.h): it is enabled or somebody
// requested it, automatic builds are not paused (or requested), its quiet window has closed, its
// dependencies are fresh, no lease protects its artifact, no target with the same exclusive key is
// being built, and a slot is free. Slots go by priority (priority.h).
//
// A running build that is cancelled leaves the target as stale as it was before its start, reasons
// included. Under `onChange: cancel` a change cancels the running build; after three cancellations
// in a row the next one is let through, so that steady edits cannot starve a target.
//
// Files that come back to what they said. A change that takes the target back to what its last
// build began with leaves it fresh, if that build succeeded and nothing changed while it ran: then
// `dirty` is set back to `built`. A file that is rewritten with the same bytes changes nothing,
// except during a build, which may have read it half written, or another version that was there for
// a moment: it counts as a change then, unless the last good build, or one since, rewrote it
// likewise. That is the build's own habit, and building once more would change nothing about it.
//
// A successful build asks for one build of each direct dependent. A failed dependency blocks its
// dependents; a disabled one counts as fresh, unless it is being built.
//
// A target whose builds change what it watches would build for ever. The third build in a row that
// was set off only by changes of the same paths during the build before, and those behind it, wait
// 1, 2, 4, 8, 16 and 30 s (Hold::Loop, and the verdict names the paths), and then none starts by
// itself; a change while no build is running, or a request, ends that. It is not stopped at once
// because those changes may be a person's who saves faster than builds end: a minute in which each
// change falls into a build, and none between two, is no person's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/paths.h"
#include "base/time.h"
#include "build/priority.h"
#include "build/quiet_window.h"
#include "build/settings.h"
#include "build/verdict.h"

namespace poltergeist::build {

struct TargetState;  // core_target.h
struct Running;

// One lease of one target; never 0.
using LeaseId = Id<struct LeaseTag, std::uint64_t>;

inline constexpr Duration kLeaseTime = Seconds(2);
inline constexpr int kCancellationsInARow = 3;

// ---- Events

// A target that a batch of changes touched.
struct Touched {
  TargetId target;
  std::vector<RelPath> paths;  // the first kTriggerPaths suffice, in the order they happened
  std::size_t total = 0;       // how many in all; less than paths.size() means paths.size()
  std::vector<RelPath> rewritten = {};  // not among `paths`: with the bytes that they had
  // All its files say again what they said when the last build of the target began.
  bool restored = false;
  // When the first of them was noticed; absent: when they were told.
  std::optional<Instant> noticed = std::nullopt;
};

enum class Evaluation { Fresh, Stale };
enum class Force { No, Yes };
enum class GitOperation { Running, Over };

enum class Outcome {
  Success,
  Failure,     // exit code, signal, timeout, missing output: retried if so configured
  Impossible,  // a failure that trying again cannot mend: no plan, no such program
  Cancelled    // by CancelBuild; anything else that kills a build is a Failure
};

// ---- Actions

struct StartBuild {
  BuildId build;
  TargetId target;
  Clock clock = 0;
  Why why;
  int attempt = 1;  // > 1: a retry
};

enum class CancelReason { Changed, Removed, Configuration };
inline constexpr auto kCancelReasons = std::to_array<EnumName<CancelReason>>({
    {CancelReason::Changed, "newer changes"},
    {CancelReason::Removed, "the target was removed"},
    {CancelReason::Configuration, "the target's definition changed"},
});

// Stop this build with its grace period, and report on_ended when all of it is gone. It occupies
// its slot until then.
struct CancelBuild {
  BuildId build;
  TargetId target;
  CancelReason reason = CancelReason::Changed;
};

using Action = std::variant<StartBuild, CancelBuild>;
using Actions = std::vector<Action>;

// A build that was started and has not been reported as ended.
struct RunningBuild {
  BuildId build;
  TargetId target;
  Clock clock = 0;
  int attempt = 1;
  bool cancelling = false;
};

// One thread; `now` never goes backwards from call to call. Names that are not configured and ids
// that are not running are ignored: a client's request may race with a reload.
class Core {
 public:
  // Builds are numbered from here on; the caller knows which ids are used up.
  explicit Core(std::uint64_t next_build_id = 1);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  // The first configuration, and each reload: targets that are new (Standing::Unknown until
  // on_evaluated), changed (asked to be built again if their definition differs) or gone.
  Actions configure(const Settings& settings, Instant now);

  // Touches nothing of the targets that are not named; `clock` is the batch's and never decreases.
  Actions on_changes(const std::vector<Touched>& touched, Clock clock, Instant now);
  // What the fingerprint said about a target that was not built since it was configured, as of
  // `clock`. Ignored once a build of it has started.
  Actions on_evaluated(const TargetId& target, Evaluation found, Clock clock, Instant now);
  // Whether a failure is superseded (newer changes are being built or will be) shows in the verdict
  // behind it: anything but Standing::Failed. That it is tried again: Hold::Retry.
  Actions on_ended(BuildId build, Outcome outcome, Instant now);
  // Somebody wants it built: its window closes and its stale dependencies are requested likewise,
  // also when it is disabled or builds are paused. A fresh target is built only with Force::Yes; a
  // running build that will answer the request is not repeated.
  Actions request(const TargetId& target, Force force, Instant now);
  // Somebody waits for it: closes the windows that are open now, of it and of its dependencies, and
  // puts them first in the queue. Say it again after further changes.
  Actions hurry(const TargetId& target, Instant now);
  Actions on_git_operation(GitOperation operation, Instant now);
  Actions pause(Instant now);
  Actions resume(Instant now);
  // While held, no build of the target or of anything it depends on starts; kLeaseTime at the most.
  [[nodiscard]] LeaseId lease(const TargetId& target, Instant now);
  Actions release(LeaseId lease, Instant now);
  // Call it at deadline(), or at any other time.
  Actions on_time(Instant now);
  // When something will happen by itself; nothing: only an event changes anything.
  [[nodiscard]] std::optional<Instant> deadline() const { return deadline_; }

  // ---- Queries, as of the last event

  [[nodiscard]] Verdict verdict(const TargetId& target) const;
  // What made its last build start; null before the first one.
  [[nodiscard]] const Why* why(const TargetId& target) const;
  // Those that wait for a slot, an exclusive key or a lease only, the next one first.
  [[nodiscard]] std::vector<TargetId> queue(Instant now) const;
  [[nodiscard]] std::vector<RunningBuild> running() const;
  [[nodiscard]] std::vector<TargetId> unevaluated() const;
  [[nodiscard]] bool is_paused() const { return paused_; }
  [[nodiscard]] Clock clock() const { return clock_; }
  // The id that the next build will get: what the caller stores for the next Core.
  [[nodiscard]] std::uint64_t next_build_id() const { return next_build_id_; }

 private:
  struct Lease {
    std::vector<TargetId> protects;
    Instant expires;
  };
  // Dependencies come before their dependents.
  using States = std::vector<std::unique_ptr<TargetState>>;

  [[nodiscard]] TargetState* find(const TargetId& target) const;
  void adopt(TargetSettings settings, Actions& actions);
  void remove_all_but(const Settings& settings, Actions& actions);
  void link_dependencies(const Settings& settings);
  void request_one(TargetState& state, Force force, Instant now);
  void finish(TargetState& state, Running ended, Outcome outcome, Instant now);

  // What every event ends with: brings all holds and standings up to date, starts what may start,
  // and computes the deadline.
  Actions settle(Actions actions, Instant now);
  void pass_time(Instant now);
  void judge_all(Instant now);
  void judge(TargetState& state, Instant now) const;
  [[nodiscard]] Hold hold_of(const TargetState& state, Instant now) const;
  [[nodiscard]] Hold hold_by_others(const TargetState& state) const;
  [[nodiscard]] std::optional<Instant> git_hold(const TargetState& state, Instant now) const;
  [[nodiscard]] std::optional<Instant> window_closes(const TargetState& state, Instant now) const;
  [[nodiscard]] std::optional<Instant> lease_expiry(const TargetState& state) const;
  [[nodiscard]] std::vector<TargetState*> startable_in_order(Instant now, bool held_too) const;
  void start(TargetState& state, Actions& actions, Instant now);
  [[nodiscard]] std::optional<Instant> next_event(const TargetState& state, Instant now) const;

  config::BuildScheduling scheduling_;
  States states_;
  std::map<LeaseId, Lease> leases_;
  Priority priority_;
  GitHold git_;
  Clock clock_ = 0;
  std::uint64_t next_build_id_;
  std::uint64_t next_lease_ = 1;
  std::optional<Instant> deadline_;
  bool paused_ = false;
};

}  // namespace poltergeist::build
