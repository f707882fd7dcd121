// SPDX-License-Identifier: MIT
// Random histories of a daemon's life, each from one seed, played to a Core, and an account of the
// world that is kept beside it and knows nothing of clocks: which edits an artifact contains, and
// which builds of its dependencies. Whatever contradicts the promises is a complaint.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build/core.h"
#include "build/stages.h"
#include "support/dice.h"

namespace poltergeist::build {

using test::Dice;

class Simulator {
 public:
  explicit Simulator(std::uint64_t seed);

  // Plays one history to its end; the first complaint, or nothing.
  std::optional<std::string> play();
  [[nodiscard]] const std::vector<std::string>& story() const { return story_; }
  [[nodiscard]] int builds() const { return builds_; }
  void tell_story() { telling_ = true; }

 private:
  // What an artifact was made from: the edits of its own files, and the builds of its dependencies.
  struct Inputs {
    int content = 0;  // kMixed: nobody can say
    int definition = 0;
    std::map<int, int> dependencies;

    friend bool operator==(const Inputs&, const Inputs&) = default;
  };
  struct Job {
    BuildId id;
    Inputs inputs;
    StageClock stages;
    Instant started;
    bool cancelled = false;
    bool obsolete = false;   // the target was removed meanwhile
    bool disturbed = false;  // its files were something else meanwhile, for a moment at least
    bool rewritten = false;  // by somebody else, with the same bytes
    bool wrote_itself = false;
  };
  struct World {
    bool configured = false;
    bool is_new = false;  // since the last reload: only then may it be found fresh
    TargetSettings settings;
    int content = 0;
    std::optional<int> base;     // what the last build began with, as whoever watches knows
    bool rewrites = false;       // its builds write one of its files, each time with the same bytes
    bool was_rewritten = false;  // by somebody else, while the last build ran
    bool wrote_itself = false;   // so did that build
    bool doubted = false;        // it may be up to date, but who would know
    int definition = 0;
    int generation = 0;              // counts successful builds
    std::optional<Inputs> artifact;  // what the last build that was let through read
    bool failed = false;
    bool wanted = false;  // somebody requested it, or what depends on it, and it did not settle
    std::optional<Job> job;
    std::optional<Instant> queued;  // since others alone hold its build
  };
  struct HeldLease {
    LeaseId id;
    int target;
    Instant expires;
  };

  void configure_anew(bool first);
  void random_event();
  void edit();
  [[nodiscard]] std::optional<Touched> touch(int target, bool from_build);
  void end_build(bool for_good);
  void advance(Duration duration);
  void calm_down();
  void perform(const Actions& actions);
  void on_start(const StartBuild& start);
  void on_cancel(const CancelBuild& cancel);
  void report_end(int target, Outcome outcome);
  void check_all();
  void check_patience(int started);
  StageClock begin_stages(const StartBuild& start);
  void check_stages(Job job, Outcome outcome);
  void check_rest();
  [[nodiscard]] Inputs inputs_now(int target) const;
  [[nodiscard]] bool is_up_to_date(int target) const;
  [[nodiscard]] bool is_within_lease(int target) const;
  [[nodiscard]] bool depends_on(int target, int other) const;
  void want(int target);
  [[nodiscard]] int running() const;
  [[nodiscard]] std::vector<int> running_targets() const;
  [[nodiscard]] int index_of(const TargetId& id) const;
  void complain(const std::string& text);
  void tell(const std::string& text);

  static constexpr int kMost = 5;
  static constexpr int kMixed = -1;
  Dice dice_;
  Core core_;
  Instant now_ = Instant{} + std::chrono::hours(1);
  Clock clock_ = 0;
  int contents_ = 0;  // that there have been
  int targets_ = 0;
  Duration pace_{};
  config::BuildScheduling scheduling_;
  std::array<World, kMost> world_;
  std::vector<HeldLease> leases_;
  std::optional<Instant> git_since_;
  bool paused_ = false;
  bool telling_ = false;
  int builds_ = 0;
  std::optional<std::string> complaint_;
  std::vector<std::string> story_;
};

}  // namespace poltergeist::build
