// SPDX-License-Identifier: MIT
#include "process/orphanage.h"

#include <sys/epoll.h>

#include <algorithm>
#include <csignal>

#include "base/log.h"
#include "process/containment.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

// A build that leaves a process behind each time must not use up our descriptors: beyond this many,
// the oldest writer finds its pipe closed.
constexpr std::size_t kMostLatePipes = 32;
constexpr Milliseconds kShepherdsLeastLife{100};
constexpr Milliseconds kLongestPause{10'000};

}  // namespace

Result<std::unique_ptr<Orphanage>> Orphanage::create(Loop& loop,
                                                     const Result<std::filesystem::path>& cgroup) {
  // Whoever started us may have had it ignored: our children would be reaped by nobody, and their
  // ends not be told.
  ::signal(SIGCHLD, SIG_DFL);
  if (auto made = become_subreaper(); !made) return fail(made.error());
  std::unique_ptr<Orphanage> orphanage(new Orphanage(loop, cgroup.and_then(CgroupBranch::create)));
  if (auto started = orphanage->start_shepherd(); !started) return fail(started.error());
  auto source = SignalSource::create(loop, {SIGCHLD}, [self = orphanage.get()](ArrivedSignal) {
    reap_orphans(self->branch_ ? self->branch_->get() : nullptr);
  });
  if (!source) return fail(source.error());
  orphanage->child_died_ = std::move(*source);
  return orphanage;
}

Result<void> Orphanage::start_shepherd() {
  auto shepherd = Shepherd::start(branch_ ? (*branch_)->path() : std::filesystem::path());
  if (!shepherd) return fail(shepherd.error());
  shepherd_.emplace(std::move(*shepherd));
  shepherd_began_ = now();
  auto ends = loop_.watch(shepherd_->pidfd(), EPOLLIN, "the shepherd",
                          [this](std::uint32_t) { on_shepherd_gone(); });
  if (!ends) return fail(ends.error());
  shepherd_ends_ = std::move(*ends);
  return {};
}

void Orphanage::on_shepherd_gone() {
  shepherd_ends_.reset();
  const pid_t pid = shepherd_->pid();
  shepherd_.reset();
  log_warn("the shepherd (pid {}) was killed; another one takes its place", pid);
  if (now() - shepherd_began_ >= kShepherdsLeastLife) shepherd_pause_ = {};
  replace_shepherd();
}

// At once, and where nothing of its kind lives for long, ever later.
void Orphanage::replace_shepherd() {
  const auto pause = shepherd_pause_;
  shepherd_pause_ = std::clamp(2 * pause, kShepherdsLeastLife, kLongestPause);
  const auto start = [this] {
    const auto started = start_shepherd();
    if (started) return;
    log_error("what is started from here on may outlive us: {}", started.error().message);
    replace_shepherd();
  };
  if (pause == Milliseconds(0)) return start();
  shepherd_follows_ = loop_.at(now() + pause, "another shepherd", start);
}

Result<std::filesystem::path> Orphanage::cgroup() const {
  if (!branch_) return fail(branch_.error());
  const auto& branch = **branch_;
  if (!branch.trouble().empty()) return fail(Errc::Unavailable, "{}", branch.trouble());
  return branch.path();
}

void Orphanage::keep_reading(UniqueFd pipe) {
  if (late_.size() == kMostLatePipes) late_.pop_front();
  const auto place = late_.insert(late_.end(), nullptr);
  auto pump = OutputPump::start(
      loop_, std::move(pipe), [](std::string_view) {}, [this, place] { late_.erase(place); });
  if (pump) {
    *place = std::move(*pump);
  } else {
    late_.erase(place);
  }
}

}  // namespace poltergeist::process
