// SPDX-License-Identifier: MIT
#include "process/unit.h"

#include <sys/epoll.h>

#include <csignal>

#include "base/log.h"
#include "process/pidfd.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

constexpr Milliseconds kLookAgain{50};
constexpr int kKilledCode = Exit::by_signal(SIGKILL).shell_code();

}  // namespace

Result<std::unique_ptr<Unit>> Unit::start(Orphanage& orphanage, const SpawnPlan& plan,
                                          Leftovers leftovers, std::string name,
                                          UnitEvents events) {
  auto child = spawn(plan, plan.in_cgroup ? orphanage.lend_leaf() : CgroupLeaf());
  if (!child) return fail(child.error());
  std::unique_ptr<Unit> unit(
      new Unit(orphanage, std::move(*child), leftovers, std::move(name), std::move(events)));
  if (auto watched = unit->watch(); !watched) return fail(watched.error());
  return unit;
}

Unit::Unit(Orphanage& orphanage, Child child, Leftovers leftovers, std::string name,
           UnitEvents events)
    : orphanage_(orphanage),
      loop_(orphanage.loop()),
      child_(std::move(child)),
      leftovers_(leftovers),
      name_(std::move(name)),
      events_(std::move(events)),
      memory_kills_before_(orphanage.memory_kills().lately(now())) {}

Unit::~Unit() {
  if (!is_over_) log_debug("{} (pid {}) is given up", name_, pid());
}

Result<void> Unit::watch() {
  if (auto out = pump(child_.take_out(), Source::Out); !out) return out;
  if (auto err = pump(child_.take_err(), Source::Err); !err) return err;
  auto exits =
      loop_.watch(child_.pidfd(), EPOLLIN, name_, [this](std::uint32_t) { on_leader_exit(); });
  if (!exits) return fail(exits.error());
  leader_exits_ = std::move(*exits);
  return {};
}

Result<void> Unit::pump(UniqueFd pipe, Source source) {
  if (!pipe) return {};
  auto pump = OutputPump::start(
      loop_, std::move(pipe), [this, source](std::string_view bytes) { take_bytes(source, bytes); },
      [this] { settle_soon(); });
  if (!pump) return fail(pump.error());
  (source == Source::Out ? out_ : err_).pump = std::move(*pump);
  return {};
}

void Unit::take_bytes(Source source, std::string_view bytes) {
  if (events_.bytes) events_.bytes(source, bytes);
  if (!events_.line) return;
  auto& lines = (source == Source::Out ? out_ : err_).lines;
  lines.feed(bytes, [&](const Line& line) { events_.line(source, line); });
}

void Unit::on_leader_exit() {
  exit_ = child_.peek();
  if (!exit_) return;
  if (!is_killed_ && exit_->shell_code() == kKilledCode) {
    exit_->killer = killer_of(*exit_, memory_kills_before_, orphanage_.memory_kills().count());
  }
  leader_exits_.reset();
  if (walk_) perform(walk_->on_leader_exited());
  settle_soon();
  if (leftovers_ == Leftovers::Keep) {
    for (auto* output : {&out_, &err_}) {
      if (output->pump) output->pump->finish_by(now() + kLateOutput);
    }
  } else if (events_.exited) {
    const auto exited = std::move(events_.exited);
    exited(*exit_);  // may destroy this
  }
}

void Unit::signal_all(int signal) {
  if (is_over_) return;
  if (signal == SIGKILL) return kill_all();
  if (exit_ && child_.containment().is_empty()) return;  // the usual end: nobody is left to be told
  child_.containment().signal_all(signal);
}

void Unit::kill_all() {
  if (is_over_) return;
  is_stopped_ = is_killed_ = true;
  child_.containment().kill_all();
  settle_soon();
}

void Unit::stop(StopLadder ladder) {
  if (is_over_) return;
  StopWalk walk(std::move(ladder), now());
  if (walk_ && walk_->kills_at() <= walk.kills_at()) return;
  is_stopped_ = true;
  // The usual end of a command: it left nothing that could be told.
  if (exit_ && child_.containment().is_empty()) return settle_soon();
  walk_ = std::move(walk);
  perform(walk_->on_started(now()));
  settle_soon();
}

void Unit::perform(const std::vector<StopAction>& actions) {
  for (const auto& action : actions) {
    if (const auto* signal = std::get_if<SignalAll>(&action)) {
      signal_all(signal->signal);
    } else if (std::holds_alternative<KillAll>(action)) {
      kill_all();
    } else {
      for (const auto& member : child_.containment().members()) {
        log_warn("{}: process {} ({}) is still there after SIGKILL", name_, member.id.pid,
                 member.name);
      }
    }
  }
  arm_ladder();
}

void Unit::arm_ladder() {
  ladder_due_.reset();
  if (!walk_ || !walk_->deadline()) return;
  ladder_due_ = loop_.at(*walk_->deadline(), name_, [this] { perform(walk_->on_time(now())); });
}

bool Unit::must_be_empty() const {
  return leftovers_ == Leftovers::Kill || is_stopped_;
}

// False as long as something of the unit lives; then settle() comes again when that has changed.
bool Unit::await_members() {
  auto& unit = child_.containment();
  while (!unit.is_empty()) {
    if (is_killed_) unit.kill_all();  // somebody was forked while the others were killed
    for (const auto& member : unit.members()) {
      if (!await_exit(member.id.pid)) continue;
      return false;
    }
  }
  return true;
}

// Looks again when `pid` exits; false if it is gone already.
bool Unit::await_exit(pid_t pid) {
  auto pidfd = open_pidfd(pid);
  if (!pidfd && pidfd.error().code == Errc::NotFound) return false;
  if (pidfd) {
    auto exits =
        loop_.watch(pidfd->get(), EPOLLIN, name_, [this](std::uint32_t) { settle_soon(); });
    if (exits) {
      awaited_ = std::move(*pidfd);
      awaited_exits_ = std::move(*exits);
      return true;
    }
  }
  // Out of descriptors: the one case in which we look from time to time.
  settles_ = loop_.at(now() + kLookAgain, name_, [this] { settle(); });
  return true;
}

bool Unit::await_output() {
  bool is_read = true;
  for (auto* output : {&out_, &err_}) {
    if (!output->pump || output->pump->has_ended()) continue;
    // Nothing of the unit is left to write: whoever holds the pipe now is none of it.
    if (must_be_empty()) output->pump->finish_by(now());
    is_read = false;
  }
  return is_read;
}

// Never at once: the caller may stand in the middle of something, and the owner's calls come from
// the loop.
void Unit::settle_soon() {
  awaited_exits_.reset();
  awaited_.reset();
  settles_ = loop_.at(now(), name_, [this] { settle(); });
}

void Unit::settle() {
  if (is_over_ || !exit_) return;
  if (must_be_empty() && !await_members()) return;
  if (!await_output()) return;
  finish();
}

void Unit::finish() {
  is_over_ = true;
  ladder_due_.reset();
  for (auto* output : {&out_, &err_}) {
    const auto source = output == &out_ ? Source::Out : Source::Err;
    if (events_.line) {
      output->lines.finish([&](const Line& line) { events_.line(source, line); });
    }
    if (!output->pump) continue;
    if (auto pipe = output->pump->take_pipe()) orphanage_.keep_reading(std::move(pipe));
  }
  child_.reap();
  if (leftovers_ == Leftovers::Keep) {
    const auto exited = std::move(events_.exited);
    if (exited) exited(*exit_);  // may destroy this
  } else {
    const auto gone = std::move(events_.gone);
    if (gone) gone();  // may destroy this
  }
}

}  // namespace poltergeist::process
