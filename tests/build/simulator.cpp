// SPDX-License-Identifier: MIT
#include "build/simulator.h"

#include <algorithm>
#include <utility>

namespace poltergeist::build {

using namespace std::chrono_literals;

namespace {

const std::array<TargetId, 5>& names() {
  static const std::array<TargetId, 5> kNames = {TargetId("a"), TargetId("b"), TargetId("c"),
                                                 TargetId("d"), TargetId("e")};
  return kNames;
}

const std::array<RelPath, 4>& paths() {
  static const std::array<RelPath, 4> kPaths = {*RelPath::parse("a.c"), *RelPath::parse("b.c"),
                                                *RelPath::parse("gen.h"), *RelPath::parse("d.c")};
  return kPaths;
}

}  // namespace

Simulator::Simulator(std::uint64_t seed) : dice_(seed) {
  targets_ = 1 + dice_.below(kMost);
  pace_ = std::array<Duration, 3>{10ms, 700ms, 20s}.at(static_cast<std::size_t>(dice_.below(3)));
}

void Simulator::tell(const std::string& text) {
  if (!telling_) return;
  const auto at = std::chrono::duration_cast<Milliseconds>(now_.time_since_epoch()).count();
  story_.push_back(std::to_string(at - 3'600'000) + "ms " + text);
}

void Simulator::complain(const std::string& text) {
  if (complaint_) return;  // what follows from the first one says nothing
  tell("COMPLAINT " + text);
  complaint_ = text;
}

int Simulator::index_of(const TargetId& id) const {
  return id.value().front() - 'a';
}

int Simulator::running() const {
  return static_cast<int>(std::count_if(world_.begin(), world_.end(),
                                        [](const World& world) { return world.job.has_value(); }));
}

std::vector<int> Simulator::running_targets() const {
  std::vector<int> found;
  for (int i = 0; i < kMost; ++i) {
    if (world_[static_cast<std::size_t>(i)].job) found.push_back(i);
  }
  return found;
}

// ---- What is true of the world

Simulator::Inputs Simulator::inputs_now(int target) const {
  const auto& world = world_.at(static_cast<std::size_t>(target));
  Inputs inputs{.content = world.content, .definition = world.definition};
  for (const auto& dependency : world.settings.definition.depends_on) {
    const auto& other = world_.at(static_cast<std::size_t>(index_of(dependency)));
    if (other.configured) inputs.dependencies[index_of(dependency)] = other.generation;
  }
  return inputs;
}

bool Simulator::is_up_to_date(int target) const {
  const auto& world = world_.at(static_cast<std::size_t>(target));
  if (world.failed || world.artifact != inputs_now(target)) return false;
  const auto& depends = world.settings.definition.depends_on;
  return std::all_of(depends.begin(), depends.end(), [&](const TargetId& id) {
    const auto& other = world_.at(static_cast<std::size_t>(index_of(id)));
    return !other.configured || !other.settings.enabled || is_up_to_date(index_of(id));
  });
}

bool Simulator::depends_on(int target, int other) const {
  if (target == other) return true;
  const auto& depends = world_.at(static_cast<std::size_t>(target)).settings.definition.depends_on;
  return std::any_of(depends.begin(), depends.end(),
                     [&](const TargetId& id) { return depends_on(index_of(id), other); });
}

bool Simulator::is_within_lease(int target) const {
  return std::any_of(leases_.begin(), leases_.end(), [&](const HeldLease& lease) {
    return lease.expires > now_ && depends_on(lease.target, target);
  });
}

// ---- Events

void Simulator::configure_anew(bool first) {
  Settings settings;
  scheduling_.parallelization = 1 + dice_.below(3);
  scheduling_.on_change = dice_.one_in(2) ? config::OnChange::Cancel : config::OnChange::Queue;
  settings.scheduling = scheduling_;
  for (int i = 0; i < targets_; ++i) {
    auto& world = world_.at(static_cast<std::size_t>(i));
    const bool was = world.configured;
    if (!first && dice_.one_in(8)) {
      world.configured = false;
      if (was && world.job) world.job->obsolete = true;
      continue;
    }
    if (!was) {
      auto job = std::move(world.job);
      world = World{};
      world.job = std::move(job);
      if (world.job) world.job->obsolete = true;
    }
    world.configured = true;
    world.is_new = !was;
    if (!was) {
      world.base = world.content;
      world.rewrites = dice_.one_in(2);
    }
    auto& target = world.settings;
    const auto before = target.definition;
    if (!was || dice_.one_in(4)) {
      target.id = names().at(static_cast<std::size_t>(i));
      target.enabled = !dice_.one_in(6);
      target.settling_delay = Milliseconds(dice_.below(3) * 20);
      target.max_settling_delay = 200ms;
      target.max_retries = dice_.one_in(3) ? 2 : 0;
      target.exclusive_key = dice_.one_in(4) ? "shared" : "";
      target.definition.depends_on.clear();
      for (int j = 0; j < i; ++j) {
        if (dice_.one_in(3)) {
          target.definition.depends_on.push_back(names().at(static_cast<std::size_t>(j)));
        }
      }
    }
    // A configuration that names a target which is not there is refused before it gets here.
    std::erase_if(target.definition.depends_on, [&](const TargetId& id) {
      return !world_.at(static_cast<std::size_t>(index_of(id))).configured;
    });
    if (!first && dice_.one_in(8)) target.definition.cwd += "x";
    if (was && target.definition != before) ++world.definition;
    settings.targets.push_back(target);
  }
  // Written in any order.
  if (settings.targets.size() > 1 && dice_.one_in(2)) {
    std::swap(settings.targets.front(), settings.targets.back());
  }
  // Leases protect what they protected when they were taken; a reload may change what depends on
  // what, which the account does not follow.
  leases_.clear();
  tell("configure");
  perform(core_.configure(settings, now_));
  for (const auto& id : core_.unevaluated()) {
    auto& world = world_.at(static_cast<std::size_t>(index_of(id)));
    if (world.job || dice_.one_in(4)) continue;
    const bool fresh = world.is_new && dice_.one_in(2);
    if (fresh) {
      world.artifact = inputs_now(index_of(id));
      world.base = world.content;
    }
    perform(core_.on_evaluated(id, fresh ? Evaluation::Fresh : Evaluation::Stale, clock_, now_));
  }
}

void Simulator::edit() {
  std::vector<Touched> touched;
  const bool from_build = dice_.one_in(3);
  for (int i = 0; i < targets_; ++i) {
    if (!dice_.one_in(targets_)) continue;
    if (auto one = touch(i, from_build)) touched.push_back(std::move(*one));
  }
  perform(core_.on_changes(touched, ++clock_, now_));
}

// Somebody writes a file: something new, what the last build began with, or what it says already.
std::optional<Touched> Simulator::touch(int target, bool from_build) {
  auto& world = world_.at(static_cast<std::size_t>(target));
  constexpr std::array<std::size_t, 3> kByHand = {0, 1, 3};
  const auto& path =
      paths().at(from_build ? 2 : kByHand.at(static_cast<std::size_t>(dice_.below(3))));
  Touched touched{.target = names().at(static_cast<std::size_t>(target)), .paths = {}};
  const int before = world.content;
  const int way = dice_.below(4);
  if (way < 2) {
    world.content = ++contents_;
  } else if (way == 2 && world.base) {
    world.content = *world.base;
  }
  bool rewritten = world.content == before;
  // What a build writes itself it does not read between.
  const bool own = rewritten && from_build && world.rewrites;
  if (world.job && !own) {
    // Whoever does the same twice in a row is taken for the build.
    if (rewritten && world.was_rewritten) world.content = ++contents_;
    rewritten = world.content == before;
    world.job->disturbed = true;
    world.job->rewritten = world.job->rewritten || rewritten;
  }
  if (world.job && own) world.job->wrote_itself = true;
  (rewritten ? touched.rewritten : touched.paths).push_back(path);
  touched.restored = world.base == world.content && !dice_.one_in(8);
  if (rewritten ? world.job && !(own && world.wrote_itself)
                : world.base == world.content && !touched.restored) {
    world.doubted = true;
  }
  tell((rewritten          ? "rewriting of "
        : touched.restored ? "restoring of "
                           : "edit of ") +
       touched.target.value());
  return touched;
}

void Simulator::end_build(bool for_good) {
  const auto running = running_targets();
  if (running.empty()) return;
  const int target =
      running.at(static_cast<std::size_t>(dice_.below(static_cast<int>(running.size()))));
  const auto& job = *world_.at(static_cast<std::size_t>(target)).job;
  Outcome outcome = dice_.one_in(for_good ? 8 : 3) ? Outcome::Failure : Outcome::Success;
  if (outcome == Outcome::Failure && dice_.one_in(4)) outcome = Outcome::Impossible;
  if (job.cancelled && !dice_.one_in(4)) outcome = Outcome::Cancelled;
  report_end(target, outcome);
}

void Simulator::report_end(int target, Outcome outcome) {
  auto& world = world_.at(static_cast<std::size_t>(target));
  const auto job = *std::exchange(world.job, std::nullopt);
  if (world.configured && !job.obsolete && outcome != Outcome::Cancelled) {
    world.artifact = job.inputs;
    if (job.disturbed) world.artifact->content = kMixed;
    world.failed = outcome != Outcome::Success;
    if (!world.failed) ++world.generation;
  }
  if (outcome == Outcome::Cancelled) world.doubted = true;
  if (!job.obsolete) {  // else the habits of a target that is no more
    if (outcome == Outcome::Success) world.was_rewritten = world.wrote_itself = false;
    world.was_rewritten = world.was_rewritten || job.rewritten;
    world.wrote_itself = world.wrote_itself || job.wrote_itself;
  }
  check_stages(job, outcome);
  tell("end of " + names().at(static_cast<std::size_t>(target)).value() + " outcome " +
       std::to_string(static_cast<int>(outcome)));
  perform(core_.on_ended(job.id, outcome, now_));
  perform(core_.on_ended(job.id, outcome, now_));  // said twice is said once
}

void Simulator::want(int target) {
  for (int i = 0; i < targets_; ++i) {
    if (depends_on(target, i)) world_.at(static_cast<std::size_t>(i)).wanted = true;
  }
}

void Simulator::advance(Duration duration) {
  const Instant end = now_ + duration;
  for (int i = 0; i < 1000 && !complaint_ && core_.deadline() && *core_.deadline() <= end; ++i) {
    if (*core_.deadline() <= now_ && i > 100) return complain("the deadline does not pass");
    now_ = std::max(now_, *core_.deadline());
    perform(core_.on_time(now_));
  }
  now_ = end;
  if (dice_.one_in(4)) perform(core_.on_time(now_));
}

void Simulator::random_event() {
  const int target = dice_.below(targets_);
  const auto& id = names().at(static_cast<std::size_t>(target));
  switch (dice_.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return edit();
    case 4:
    case 5:
    case 6:
      return end_build(false);
    case 7:
    case 8:
    case 9:
      return advance(pace_ * dice_.below(10));
    case 10:
      tell("request " + id.value());
      want(target);
      return perform(core_.request(id, dice_.one_in(3) ? Force::Yes : Force::No, now_));
    case 11:
      tell("hurry " + id.value());
      want(target);
      return perform(core_.hurry(id, now_));
    case 12:
      tell("lease " + id.value());
      if (!world_.at(static_cast<std::size_t>(target)).configured) return;
      leases_.push_back({core_.lease(id, now_), target, now_ + kLeaseTime});
      return;
    case 13: {
      if (leases_.empty()) return;
      tell("release");
      const auto lease = leases_.back();
      leases_.pop_back();
      return perform(core_.release(lease.id, now_));
    }
    case 14:
      if (dice_.one_in(2)) {
        paused_ = !paused_;
        tell(paused_ ? "pause" : "resume");
        return perform(paused_ ? core_.pause(now_) : core_.resume(now_));
      }
      tell(git_since_ ? "git over" : "git");
      if (git_since_) {
        git_since_.reset();
        return perform(core_.on_git_operation(GitOperation::Over, now_));
      }
      git_since_ = now_;
      return perform(core_.on_git_operation(GitOperation::Running, now_));
    default:
      if (dice_.one_in(3)) configure_anew(false);
      return;
  }
}

// ---- Actions

void Simulator::perform(const Actions& actions) {
  for (const auto& action : actions) {
    if (const auto* start = std::get_if<StartBuild>(&action)) {
      on_start(*start);
    } else {
      on_cancel(std::get<CancelBuild>(action));
    }
  }
  check_all();
}

void Simulator::on_start(const StartBuild& start) {
  const int target = index_of(start.target);
  auto& world = world_.at(static_cast<std::size_t>(target));
  tell("start " + start.target.value());
  ++builds_;
  if (world.job) return complain("two builds of " + start.target.value());
  if (!world.configured) return complain("a build of a removed target");
  if (running() >= scheduling_.parallelization) complain("more builds at once than may");
  if (is_within_lease(target)) complain("a build under a lease");
  const bool ready = world.settings.enabled && !paused_ && !git_since_;
  const bool git_is_old = git_since_ && now_ >= *git_since_ + kGitHold;
  if (!ready && !world.wanted && !(git_is_old && world.settings.enabled && !paused_)) {
    complain("a build that nobody wanted now");
  }
  const bool doubted = std::exchange(world.doubted, false);
  if (start.attempt == 1 && start.why.cause == Cause::Changed && !doubted &&
      is_up_to_date(target)) {
    complain("a build of what is up to date");
  }
  for (const auto other : running_targets()) {
    const auto& key = world_.at(static_cast<std::size_t>(other)).settings.exclusive_key;
    if (!key.empty() && key == world.settings.exclusive_key) complain("two in one directory");
  }
  for (const auto& dependency : world.settings.definition.depends_on) {
    const auto& other = world_.at(static_cast<std::size_t>(index_of(dependency)));
    if (other.configured && other.settings.enabled && !is_up_to_date(index_of(dependency))) {
      complain("a build before its dependency " + dependency.value());
    }
  }
  check_patience(target);
  world.queued.reset();
  world.base = world.content;
  world.job = Job{.id = start.build,
                  .inputs = inputs_now(target),
                  .stages = begin_stages(start),
                  .started = now_};
}

StageClock Simulator::begin_stages(const StartBuild& start) {
  const auto& why = start.why;
  if (why.first_event.has_value() != why.window_closed.has_value()) {
    complain("an event without a window, or a window without an event");
  }
  if (!why.queued) complain("a build that was never queued");
  if (why.started != now_) complain("a start at another time");
  return stages_before(why, now_, WallTime{});
}

// Those before the start are the core's; the process and its end are the world's.
void Simulator::check_stages(Job job, Outcome outcome) {
  const bool has_process = outcome != Outcome::Impossible;
  if (has_process && (!job.stages.reached(Stage::Spawned, job.started) ||
                      !job.stages.reached(Stage::Ended, now_))) {
    complain("a stage after the start was reached before it");
  }
  const auto& timing = job.stages.timing();
  std::optional<Microseconds> latest;
  for (const auto& [stage, name] : kStages) {
    const auto after = timing[stage];
    if (!after) continue;
    if (*after < Microseconds(0)) complain("a negative stage: " + std::string(name));
    if (latest && *after < *latest) complain("a stage before its time: " + std::string(name));
    latest = after;
  }
  if (timing[Stage::Spawned].has_value() != has_process) complain("a spawn without a process");
}

// Whoever waits for a slot is not overtaken for ever.
void Simulator::check_patience(int started) {
  const Duration bound = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>((kMostScore + kUrgentPoints) / kPointsPerSecond));
  const auto waited = [&](const World& world) { return now_ - world.queued.value_or(now_); };
  const auto& first = world_.at(static_cast<std::size_t>(started));
  for (const auto& other : world_) {
    if (!other.configured || other.job || &other == &first || !other.queued) continue;
    if (core_.verdict(other.settings.id).hold != Hold::Slot) continue;
    if (waited(other) > waited(first) + bound) complain("starved: " + other.settings.id.value());
  }
}

void Simulator::on_cancel(const CancelBuild& cancel) {
  tell("cancel " + cancel.target.value());
  auto& job = world_.at(static_cast<std::size_t>(index_of(cancel.target))).job;
  if (!job || job->id != cancel.build) return complain("a build cancelled that is not running");
  if (job->cancelled) return complain("a build cancelled twice");
  job->cancelled = true;
}

// ---- What must hold after every event

void Simulator::check_all() {
  for (int i = 0; i < targets_; ++i) {
    auto& world = world_.at(static_cast<std::size_t>(i));
    if (!world.configured) continue;
    const auto verdict = core_.verdict(names().at(static_cast<std::size_t>(i)));
    const bool is_queued = verdict.hold == Hold::Lease || verdict.hold == Hold::Exclusive ||
                           verdict.hold == Hold::Slot;
    if (is_queued && !world.queued) world.queued = now_;
    if (!verdict.stale) world.queued.reset();
    switch (verdict.standing) {
      case Standing::Fresh:
        if (!is_up_to_date(i)) complain("called fresh: " + world.settings.id.value());
        world.wanted = false;
        break;
      case Standing::Failed:
        if (!world.failed) complain("called failed: " + world.settings.id.value());
        break;
      case Standing::Building:
        if (!world.job) complain("called building: " + world.settings.id.value());
        break;
      case Standing::Pending:
        if (verdict.hold == Hold::None) complain("pending, and held by nothing");
        break;
      case Standing::Unknown:
      case Standing::Blocked:
        break;
    }
  }
  if (core_.deadline() && *core_.deadline() <= now_) complain("a deadline that has passed");
}

// All that could hold a build ends, each build comes to its end, nobody edits any more.
void Simulator::calm_down() {
  tell("calm");
  for (const auto& id : core_.unevaluated()) {
    perform(core_.on_evaluated(id, Evaluation::Stale, clock_, now_));
  }
  paused_ = false;
  perform(core_.resume(now_));
  git_since_.reset();
  perform(core_.on_git_operation(GitOperation::Over, now_));
  for (int i = 0; i < 300 && !complaint_ && (running() > 0 || core_.deadline()); ++i) {
    end_build(true);
    advance(1s);
  }
  if (running() > 0 || core_.deadline()) complain("it never falls quiet");
}

void Simulator::check_rest() {
  for (int i = 0; i < targets_; ++i) {
    const auto& world = world_.at(static_cast<std::size_t>(i));
    if (!world.configured || !world.settings.enabled) continue;
    const auto& name = world.settings.id.value();
    const auto verdict = core_.verdict(world.settings.id);
    if (is_up_to_date(i) != (verdict.standing == Standing::Fresh)) {
      complain("at rest, but not up to date: " + name);
    }
    if (verdict.standing == Standing::Fresh || verdict.standing == Standing::Failed) {
      if (verdict.built_clock < verdict.dirty_clock) complain("at rest, but dirty: " + name);
      if (world.artifact != inputs_now(i)) complain("failed, but not on the final tree: " + name);
    } else if (verdict.standing != Standing::Blocked || !verdict.blocked_by) {
      complain("at rest, but neither fresh, failed nor blocked: " + name);
    }
  }
  const int before = builds_;
  now_ += 1h;
  perform(core_.on_time(now_));
  if (builds_ != before) complain("a build after all was quiet");
}

std::optional<std::string> Simulator::play() {
  configure_anew(true);
  const int events = 10 + dice_.below(40);
  for (int i = 0; i < events && !complaint_; ++i) random_event();
  if (!complaint_) calm_down();
  if (!complaint_) check_rest();
  return complaint_;
}

}  // namespace poltergeist::build
