// SPDX-License-Identifier: MIT
// The part of a Watcher that works when nothing has happened: it reads files, so that what is
// written with the same bytes can be told, and compares all, for what nothing tells of.
#include <algorithm>

#include "sys/clock.h"
#include "watch/watcher_core.h"

namespace poltergeist::watch {

namespace {

// Some microseconds each, a tenth of the time while it lasts, so that nobody waits for it.
constexpr std::size_t kReadsInASlice = 128;
constexpr int kReadPause = 9;
constexpr Milliseconds kLeastReadPause{10};

// An audit takes a twentieth of the time while it lasts.
constexpr std::size_t kAuditedInASlice = 50;
constexpr int kAuditPause = 19;
constexpr Milliseconds kLeastAuditPause{20};
// What is being written will be told of.
constexpr Milliseconds kWritingPause{500};

}  // namespace

void Watcher::Core::learn(Instant now) {
  if (crawler_.unlearnt() == 0 || now < learn_at_) return;
  const auto began = poltergeist::now();
  crawler_.learn(kReadsInASlice);
  const Duration took = poltergeist::now() - began;
  learn_at_ = now + took + std::max<Duration>(kReadPause * took, kLeastReadPause);
}

void Watcher::Core::put_off_audit(Instant now) {
  crawler_.end_audit();
  audit_at_ = now + options_.audit_interval;
}

void Watcher::Core::audit(Instant now) {
  if (options_.audit_interval == Duration::zero() || now < audit_at_ || !root_trouble_.empty()) {
    return;
  }
  if (!writing_.empty()) {
    audit_at_ = now + kWritingPause;
    return;
  }
  const auto began = poltergeist::now();
  const auto noted = crawler_.ledger().noted();
  const bool over = crawler_.audit(kAuditedInASlice);
  settle_boundaries();
  const auto found = crawler_.ledger().noted() - noted;
  if (found > 0) {
    // What happened a moment ago is found before it is told.
    if (drain(now)) {
      settle(now, Force::No);
    } else {
      counters_.unheard += found;
    }
  }
  const Duration took = poltergeist::now() - began;
  const Duration pause = std::max<Duration>(kAuditPause * took, kLeastAuditPause);
  audit_at_ = now + took + (over ? options_.audit_interval : pause);
}

}  // namespace poltergeist::watch
