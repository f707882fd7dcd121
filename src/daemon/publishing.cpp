// SPDX-License-Identifier: MIT
#include "daemon/publishing.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/text.h"
#include "build/notify.h"
#include "build/stages.h"
#include "daemon/moment.h"
#include "daemon/reasons.h"
#include "state/log_room.h"

namespace poltergeist::daemon {

namespace {

// The logs are looked through when builds have added as much as one of them may (build_log.h).
constexpr std::uint64_t kLoggedBetweenLooks = 16 << 20;
// As often as a state file says it.
constexpr Milliseconds kBetweenProgress{200};

state::Journal journal_in(const Result<std::shared_ptr<state::ProjectDatabase>>& database) {
  if (!database) return state::Journal(database.error().message);
  return {*database, wall_now()};
}

state::Progress to_state(const build::Progress& progress) {
  return {progress.current, progress.total, progress.percent, progress.label, wall_now()};
}

state::TargetIdentity identity_of(const config::Project& project, const config::Target& target,
                                  const state::ProjectPaths& paths) {
  return {.target = target.name,
          .type = std::string(name_in(config::kTargetTypes, target.type)),
          .project_root = project.root,
          .project_name = paths.project_name(),
          .config_path = project.file};
}

std::vector<std::string> error_lines(const BuildFinish& finish) {
  std::vector<std::string> lines;
  for (const auto& diagnostic : finish.diagnostics) {
    if (diagnostic.severity != Severity::Error) continue;
    lines.push_back(to_text(diagnostic));
    if (lines.size() == state::kMostErrorLines) break;
  }
  return lines.empty() ? finish.last_output : lines;
}

}  // namespace

Publishing::Publishing(Loop& loop, state::ProjectPaths paths,
                       const Result<std::shared_ptr<state::ProjectDatabase>>& database,
                       Notifier& notifier)
    : loop_(loop),
      paths_(std::move(paths)),
      notifier_(notifier),
      bus_(journal_in(database),
           [this] { flushes_ = loop_.at(now(), "telling events", [this] { flush(); }); }),
      disk_(loop_),
      states_(paths_, wall_now(),
              [this](const auto& file, const auto& done) { make_safe(file, done); }),
      timer_(loop_, "writing state files", [this] { flush(); }) {
  if (database) history_.emplace(*database);
}

void Publishing::set_project(const config::Project& project) {
  for (const auto& target : project_.targets) {
    if (project.find(target.name) != nullptr) continue;
    publish(state::TargetRemoved{target.name});
    states_.remove(target.name);
    running_.erase(target.name);
    ledger_.forget(target.name);
    last_success_.erase(target.name);
  }
  for (const auto& target : project.targets) {
    const bool is_new = project_.find(target.name) == nullptr;
    states_.add(identity_of(project, target, paths_), this_moment());
    states_.set_watch(target.name, watch_, this_moment());
    if (is_new) publish(state::TargetAdded{target.name});
  }
  if (project_.targets.empty()) {
    states_.remove_unknown();
    make_log_room();
  }
  project_ = project;
  arm();
}

void Publishing::build_began(const BuildBegin& begin) {
  const auto moment = this_moment();
  running_[begin.target] = begin;
  states_.build_started(
      begin.target,
      {.id = begin.build,
       .builder = begin.builder,
       .git_hash = begin.git_hash,
       .trigger = texts_of(begin.why.paths),
       .timing =
           ledger_.began(begin.target, begin.build,
                         build::stages_before(begin.why, moment.now, moment.wall), begin.spawned)},
      moment);
  publish(state::BuildStarted{.target = begin.target,
                              .build = begin.build,
                              .clock = begin.why.clock,
                              .trigger = texts_of(begin.why.paths),
                              .reason = reason_of(begin.why)});
  const auto* target = project_.find(begin.target);
  if (target == nullptr) return;
  if (const auto note = build::notification_for_start(project_.notifications, *target)) {
    notifier_.notify(*note);
  }
}

void Publishing::build_progressed(const TargetId& target, BuildId build,
                                  const build::Progress& progress) {
  states_.build_progress(target, build, to_state(progress), this_moment());
  auto& told = told_progress_[target];
  if (told != Instant{} && now() - told < kBetweenProgress) return;
  told = now();
  publish(state::BuildProgress{target, build, to_state(progress)});
}

void Publishing::build_stalled(const TargetId& target, BuildId build,
                               std::optional<Instant> since) {
  const auto moment = this_moment();
  std::optional<WallTime> wall;
  if (since) wall = moment.wall - std::chrono::duration_cast<Milliseconds>(moment.now - *since);
  states_.build_stalled(target, build, wall, moment);
  publish(state::BuildStalled{target, build, wall});
}

void Publishing::build_said(const TargetId& target, BuildId build, LogLevel level,
                            const std::string& message) {
  publish(state::BuildLogged{target, build, level, message});
}

void Publishing::build_finished(const BuildFinish& finish) {
  const auto* before = states_.find(finish.target);
  std::optional<bool> success_before;
  if (before != nullptr && before->before_running) {
    success_before = before->before_running->status == state::BuildStatus::Success;
  }
  const bool failed = finish.verdict == state::BuildVerdict::Failure;
  const auto timing =
      ledger_.ended(finish.target, finish.build, finish.ended,
                    finish.verdict == state::BuildVerdict::Success ? LatencyLedger::Kind::Success
                                                                   : LatencyLedger::Kind::Other);
  const std::string summary =
      failed ? build::error_summary(finish.diagnostics, finish.last_output, finish.how_it_ended)
             : std::string();
  states_.build_ended(finish.target,
                      {.id = finish.build,
                       .verdict = finish.verdict,
                       .duration = finish.duration,
                       .exit_code = finish.exit_code,
                       .signal = finish.signal,
                       .error = failed ? finish.how_it_ended : std::string(),
                       .error_summary = summary,
                       .diagnostics = finish.diagnostics,
                       .error_output = failed ? error_lines(finish) : std::vector<std::string>(),
                       .last_output = finish.last_output,
                       .command = finish.command,
                       .artifacts = finish.artifacts,
                       .outputs = finish.outputs,
                       .timing = timing},
                      this_moment());
  if (!finish.output_path.empty()) {
    states_.set_output_path(finish.target, finish.output_path, this_moment());
  }
  record(finish, timing);
  publish(state::BuildEnded{.target = finish.target,
                            .build = finish.build,
                            .verdict = finish.verdict,
                            .duration = finish.duration,
                            .exit_code = finish.exit_code,
                            .signal = finish.signal,
                            .error_summary = summary,
                            .diagnostics = finish.diagnostics,
                            .timing = timing});
  notify_of_end(finish, success_before);
  running_.erase(finish.target);
  told_progress_.erase(finish.target);
  logged_ += finish.log_bytes;
  if (logged_ > kLoggedBetweenLooks) make_log_room();
}

void Publishing::make_log_room() {
  logged_ = 0;
  for (const auto& gone : state::make_log_room(paths_, {}, wall_now())) {
    log_info("{} is removed: it was old, or the logs took too much room", gone.string());
  }
}

void Publishing::record(const BuildFinish& finish, const std::optional<Timing>& timing) {
  const auto begun = running_.find(finish.target);
  if (begun == running_.end() || begun->second.build != finish.build) return;
  const BuildBegin& begin = begun->second;
  const state::BuildEntry entry{
      .id = finish.build,
      .target = finish.target,
      .started_at = wall_now() - finish.duration,
      .duration = finish.duration,
      .verdict = finish.verdict,
      .exit_code = finish.exit_code,
      .signal = finish.signal,
      .git_hash = begin.git_hash,
      .trigger = texts_of(begin.why.paths),
      .fingerprint = finish.fingerprint.empty() ? begin.fingerprint : finish.fingerprint,
      .output_fingerprint = finish.output_fingerprint,
      .reason = reason_of(begin.why),
      .timing = timing};
  write_history(entry);
  if (finish.verdict == state::BuildVerdict::Success) last_success_[finish.target] = entry;
}

void Publishing::write_history(const state::BuildEntry& entry) {
  if (!history_) return;
  if (const auto recorded = history_->record(entry); !recorded) {
    log_warn("history: {}", recorded.error().message);
  }
}

void Publishing::notify_of_end(const BuildFinish& finish, std::optional<bool> success_before) {
  const auto* target = project_.find(finish.target);
  if (target == nullptr || finish.verdict == state::BuildVerdict::Cancelled) return;
  const build::BuildEnd end{.success = finish.verdict == state::BuildVerdict::Success,
                            .success_before = success_before,
                            .superseded = finish.superseded,
                            .retried = finish.retried,
                            .took = finish.duration,
                            .error_summary = build::error_summary(
                                finish.diagnostics, finish.last_output, finish.how_it_ended)};
  if (const auto note = build::notification_for_end(project_.notifications, *target, end)) {
    notifier_.notify(*note);
  }
}

void Publishing::hook_began(const TargetId& target, BuildId build, const std::string& hook,
                            state::BuildVerdict trigger) {
  state::HookResult running;
  running.name = hook;
  running.status = state::HookStatus::Running;
  running.started_at = wall_now();
  running.trigger = trigger;
  states_.set_hook(target, running, this_moment());
  publish(state::HookStarted{target, build, hook});
}

void Publishing::hook_finished(const TargetId& target, BuildId build,
                               const state::HookResult& result) {
  states_.set_hook(target, result, this_moment());
  publish(state::HookEnded{target, build, result});
}

void Publishing::runner_changed(const TargetId& target, const state::RunnerState& runner) {
  if (states_.set_runner(target, runner, this_moment())) {
    publish(state::RunnerChanged{target, runner});
  }
}

void Publishing::runner_passed(const TargetId& target, const state::RunnerState& runner) {
  publish(state::RunnerChanged{target, runner});
}

void Publishing::sidecar_started(const TargetId& target, const std::string& command) {
  publish(state::SidecarStarted{target, command});
}

void Publishing::sidecar_exited(const TargetId& target, Exit exit) {
  state::SidecarExited event{.target = target};
  (exit.kind == Exit::Kind::Code ? event.exit_code : event.signal) = exit.number;
  publish(std::move(event));
}

void Publishing::runner_reached(const TargetId& target, BuildId build, Stage stage, Instant when) {
  const auto timing = ledger_.reached(target, build, stage, when);
  if (!timing) return;
  states_.set_timing(target, build, *timing, this_moment());
  const auto success = last_success_.find(target);
  if (success != last_success_.end() && success->second.id == build) {
    success->second.timing = timing;
    write_history(success->second);
  }
  arm();
}

void Publishing::freshness(const TargetId& target, const build::Verdict& verdict) {
  const state::Freshness freshness{.fresh = verdict.standing == build::Standing::Fresh,
                                   .dirty_clock = verdict.dirty_clock,
                                   .built_clock = verdict.built_clock};
  if (states_.set_freshness(target, freshness, this_moment())) {
    publish(state::FreshnessChanged{target, freshness});
  }
}

void Publishing::watch_changed(const state::WatchState& watch) {
  const bool news = watch.state != watch_.state || watch.reason != watch_.reason;
  watch_ = watch;
  for (const auto& target : states_.targets()) states_.set_watch(target, watch, this_moment());
  if (news) publish(state::WatchChanged{watch});
  arm();
}

void Publishing::configuration_refused(const std::vector<std::string>& problems) {
  publish(state::ConfigurationChanged{.applied = false, .problems = problems});
}

void Publishing::configuration_applied() {
  publish(state::ConfigurationChanged{.applied = true, .problems = {}});
}

void Publishing::paused(bool paused) {
  publish(state::PauseChanged{paused});
}

void Publishing::started(const std::string& version) {
  publish(state::DaemonStarted{::getpid(), version});
}

void Publishing::stopping(const std::string& reason) {
  publish(state::DaemonStopping{reason});
}

void Publishing::close() {
  if (history_) {
    if (const auto flushed = history_->flush(); !flushed) {
      log_warn("history: {}", flushed.error().message);
    }
  }
  states_.close(this_moment());
  flush();
  flushes_.reset();
  timer_.arm(std::nullopt);
}

std::uint64_t Publishing::next_build_id() {
  std::uint64_t next = states_.highest_build().value() + 1;
  if (history_) {
    if (const auto id = history_->next_build_id()) next = std::max(next, id->value());
  }
  return next;
}

void Publishing::set_fingerprint(const TargetId& target, const std::string& fingerprint) {
  const auto last = last_success(target);
  if (!last || last->fingerprint == fingerprint) return;
  if (const auto set = history_->set_fingerprint(last->id, fingerprint); !set) {
    log_warn("history: {}", set.error().message);
  }
}

std::optional<state::LastSuccess> Publishing::last_success(const TargetId& target) {
  if (!history_) return std::nullopt;
  auto last = history_->last_success(target);
  if (!last) {
    log_warn("history: {}", last.error().message);
    return std::nullopt;
  }
  return std::move(*last);
}

Result<state::TimingFigures> Publishing::timing_figures(const TargetId& target) {
  if (!history_) return fail(Errc::Unavailable, "there is no history; the daemon's log says why");
  const auto timings = history_->timings(target, state::kTimedBuilds);
  if (!timings) return fail(timings.error(), "history");
  return state::figures_of(*timings);
}

void Publishing::make_safe(const std::filesystem::path& file,
                           const std::function<void(const Result<void>&, state::Moment)>& done) {
  disk_.run([file] { return sync_file(file); },
            [this, done](const Result<void>& made) {
              done(made, this_moment());
              arm();
            });
}

void Publishing::publish(state::EventBody body) {
  bus_.publish(std::move(body), wall_now());
  arm();
}

void Publishing::flush() {
  flushes_.reset();
  states_.on_time(this_moment());
  bus_.flush(now());
  if (const auto why = degraded(); why != degraded_) {
    if (!why.empty() && degraded_.empty()) log_warn("degraded: {}", why);
    if (why.empty()) log_info("everything can be written again");
    degraded_ = why;
    publish(state::StateDegraded{why});
  }
  call_those_who_wait();
  arm();
}

void Publishing::when_written(const TargetId& target, std::function<void()> then) {
  when_written_.emplace_back(target, std::move(then));
  if (!flushes_) flushes_ = loop_.at(now(), "answering", [this] { flush(); });
}

void Publishing::call_those_who_wait() {
  const auto first = std::stable_partition(
      when_written_.begin(), when_written_.end(),
      [this](const auto& waiting) { return states_.is_behind(waiting.first); });
  // Others may begin to wait meanwhile.
  std::vector called(std::make_move_iterator(first), std::make_move_iterator(when_written_.end()));
  when_written_.erase(first, when_written_.end());
  for (const auto& [target, then] : called) then();
}

std::string Publishing::degraded() const {
  if (const auto& behind = states_.degraded()) return *behind;
  const auto& trouble = bus_.journal().trouble();
  return trouble.empty() ? std::string() : "events are kept in memory only: " + trouble;
}

void Publishing::arm() {
  auto next = states_.deadline();
  if (const auto retry = bus_.journal().deadline()) next = std::min(next.value_or(*retry), *retry);
  timer_.arm(next);
}

}  // namespace poltergeist::daemon
