// SPDX-License-Identifier: MIT
#include "process/orphanage.h"

#include <csignal>

#include "process/containment.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

// A build that leaves a process behind each time must not use up our descriptors: beyond this many,
// the oldest writer finds its pipe closed.
constexpr std::size_t kMostLatePipes = 32;

}  // namespace

Result<std::unique_ptr<Orphanage>> Orphanage::create(Loop& loop) {
  if (auto made = become_subreaper(); !made) return fail(made.error());
  std::unique_ptr<Orphanage> orphanage(new Orphanage(loop));
  auto source = SignalSource::create(loop, {SIGCHLD}, [](ArrivedSignal) { reap_orphans(); });
  if (!source) return fail(source.error());
  orphanage->child_died_ = std::move(*source);
  return orphanage;
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
