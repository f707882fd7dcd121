// SPDX-License-Identifier: MIT
#include "config/target_checks.h"

#include <map>
#include <string>

#include "base/text.h"
#include "config/names.h"

namespace poltergeist::config {

namespace {

using Targets = std::vector<ReadTarget>;

const std::string& name_of(const ReadTarget& read) {
  return read.target.name.value();
}

void check_names(const Targets& targets, Reading& reading) {
  std::vector<PlacedName> names;
  names.reserve(targets.size());
  for (const auto& read : targets) names.push_back({name_of(read), read.target.place});
  check_distinct("target", names, reading);
}

// The log of a channel is called <target>-<channel>, which can be what another target is called.
void check_log_names(const Targets& targets, Reading& reading) {
  std::map<std::string, const ReadTarget*> by_name;
  for (const auto& read : targets) by_name.emplace(name_of(read), &read);
  const auto check = [&](const ReadTarget& read, std::string_view channel, Place place) {
    const auto other = by_name.find(name_of(read) + "-" + std::string(channel));
    if (other == by_name.end()) return;
    reading.problem(place, "channel {} of target {} would log into the file of target {}",
                    in_quotes(channel), in_quotes(name_of(read)),
                    in_quotes(name_of(*other->second)));
  };
  for (const auto& read : targets) {
    if (read.target.auto_run) check(read, "runner", read.target.place);
    if (!read.target.post_build.empty()) check(read, "hook", read.target.place);
    for (std::size_t i = 0; i < read.target.log_channels.size(); ++i) {
      check(read, read.target.log_channels[i], read.log_channels[i]);
    }
  }
}

// Walks the dependencies depth first, without recursion: their number is the file's to decide.
class Dependencies {
 public:
  Dependencies(const Targets& targets, Reading& reading) : targets_(targets), reading_(reading) {
    for (std::size_t i = 0; i < targets.size(); ++i) by_name_.emplace(name_of(targets[i]), i);
    visits_.resize(targets.size(), Visit::None);
  }

  void check() {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (visits_[i] == Visit::None) walk_from(i);
    }
  }

 private:
  enum class Visit { None, OnPath, Done };
  struct Step {
    std::size_t target = 0;
    std::size_t next = 0;  // of its dependencies
  };

  void walk_from(std::size_t start) {
    enter(start);
    while (!path_.empty()) {
      auto& step = path_.back();
      const auto& read = targets_[step.target];
      if (step.next == read.target.depends_on.size()) {
        visits_[step.target] = Visit::Done;
        path_.pop_back();
        continue;
      }
      const std::size_t index = step.next++;
      follow(read, read.target.depends_on[index], read.depends_on[index]);
    }
  }

  void enter(std::size_t target) {
    visits_[target] = Visit::OnPath;
    path_.push_back({target, 0});
  }

  void follow(const ReadTarget& from, const TargetId& to, Place place) {
    const auto found = by_name_.find(to.value());
    if (found == by_name_.end()) {
      return reading_.problem(place, "there is no target {}{}", in_quotes(to.value()),
                              reading_.full() ? std::string() : did_you_mean(to.value(), names()));
    }
    const auto& dependency = targets_[found->second].target;
    if (from.target.enabled && !dependency.enabled) {
      reading_.note(place, "{} is not enabled: it is built only when {} needs it",
                    in_quotes(to.value()), in_quotes(name_of(from)));
    }
    if (visits_[found->second] == Visit::OnPath) return report_cycle(found->second, place);
    if (visits_[found->second] == Visit::None) enter(found->second);
  }

  void report_cycle(std::size_t first, Place place) {
    std::string circle;
    bool inside = false;
    for (const auto& step : path_) {
      inside |= step.target == first;
      if (inside) circle += name_of(targets_[step.target]) + " → ";
    }
    reading_.problem(place, "these dependencies form a cycle: {}{}", circle,
                     name_of(targets_[first]));
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, index] : by_name_) names.push_back(name);
    return names;
  }

  const Targets& targets_;
  Reading& reading_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<Visit> visits_;
  std::vector<Step> path_;
};

}  // namespace

void check_targets(const std::vector<ReadTarget>& targets, Reading& reading) {
  check_names(targets, reading);
  check_log_names(targets, reading);
  Dependencies(targets, reading).check();
}

}  // namespace poltergeist::config
