// SPDX-License-Identifier: MIT
#include "cli/doctor/rehearsal.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>

#include "daemon/watch_options.h"
#include "sys/clock.h"
#include "sys/unique_fd.h"
#include "watch/backend.h"
#include "watch/watcher.h"

namespace poltergeist::cli::doctor {

namespace {

// Takes every directory that inotify would take, has as many watches as are wanted, and is silent.
class RehearsalSource final : public watch::ChangeSource {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return "rehearsal"; }
  [[nodiscard]] Result<void> sync() override { return {}; }
  [[nodiscard]] Result<watch::WatchToken> add(const std::string& directory,
                                              watch::Interest) override {
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) return fail_errno("{}", directory);
    const auto next = static_cast<std::int32_t>(tokens_.size());
    const auto [known, is_new] = tokens_.try_emplace({status.st_dev, status.st_ino}, next);
    return static_cast<watch::WatchToken>(known->second);
  }
  void remove(watch::WatchToken) override {}
  [[nodiscard]] Result<bool> read(std::vector<watch::Hint>&, Instant) override { return false; }

 private:
  std::map<std::pair<dev_t, ino_t>, std::int32_t> tokens_;
};

}  // namespace

std::optional<WatchFacts> rehearse_watching(const config::Project& project,
                                            const std::filesystem::path& state_dir) {
  const auto opened = watch::open_source(project.root, daemon::watch_backend_for(project));
  const auto watcher =
      watch::Watcher::create(project.root, daemon::watch_options_for(project, state_dir),
                             std::make_unique<RehearsalSource>(), now());
  if (!watcher) return std::nullopt;
  const auto state = (*watcher)->state();
  const auto counters = (*watcher)->counters();
  return WatchFacts{.state = std::string(name_in(watch::kWatchStates, state.kind)),
                    .reason = state.reason,
                    .backend = std::string(opened.source->name()),
                    .choice = opened.choice,
                    .shortfall = opened.source->shortfall(),
                    .files = counters.files,
                    .directories = counters.directories,
                    .watches_needed = counters.watches_needed};
}

}  // namespace poltergeist::cli::doctor
