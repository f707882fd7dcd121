// SPDX-License-Identifier: MIT
#include "daemon/watching.h"

#include <sys/epoll.h>

#include "base/log.h"
#include "sys/clock.h"
#include "watch/default_exclusions.h"
#include "watch/git_places.h"

namespace poltergeist::daemon {

namespace {

constexpr std::string_view kConfigurationName = "(configuration)";

watch::Ecosystem ecosystem_of(config::ProjectType type) {
  // The names are the same in both tables (watch/default_exclusions.h).
  return value_in(watch::kEcosystems, name_in(config::kProjectTypes, type))
      .value_or(watch::Ecosystem::Mixed);
}

watch::Backend backend_of(config::WatchBackend backend) {
  return value_in(watch::kBackends, name_in(config::kWatchBackends, backend))
      .value_or(watch::Backend::Auto);
}

watch::TargetOptions options_for(const config::Target& target) {
  watch::TargetOptions options{
      .name = target.name.value(), .watch_paths = target.watch_paths, .outputs = {}};
  if (!target.output_path.empty()) options.outputs.push_back(target.output_path);
  if (const auto* npm = std::get_if<config::NpmKind>(&target.kind)) {
    options.outputs.insert(options.outputs.end(), npm->output_paths.begin(),
                           npm->output_paths.end());
  }
  return options;
}

}  // namespace

Watching::Watching(Loop& loop, state::ProjectPaths paths, Listener listener)
    : loop_(loop),
      paths_(std::move(paths)),
      listener_(std::move(listener)),
      timer_(loop_, "watching", [this] { take_ready(); }) {}

Result<std::unique_ptr<Watching>> Watching::create(Loop& loop, const config::Project& project,
                                                   const state::ProjectPaths& paths,
                                                   Listener listener) {
  std::unique_ptr<Watching> watching(new Watching(loop, paths, std::move(listener)));
  auto opened = watch::open_source(project.root, backend_of(project.watcher.backend));
  if (!opened.choice.empty()) log_warn("{}", opened.choice);
  watching->choice_ = std::move(opened.choice);
  auto watcher = watch::Watcher::create(project.root, watching->options_for(project),
                                        std::move(opened.source), now());
  if (!watcher) return fail(watcher.error());
  watching->watcher_ = std::move(*watcher);
  watching->told_state_ = watching->watcher_->state();
  watching->wait_again();
  return watching;
}

watch::Options Watching::options_for(const config::Project& project) {
  watch::Options options;
  targets_.clear();
  for (const auto& target : project.targets) {
    targets_.push_back(target.name);
    options.targets.push_back(daemon::options_for(target));
  }
  // The configuration is one more thing that is watched, by the same means.
  if (const auto file = RelPath::below(project.root, project.file)) {
    options.targets.push_back(
        {.name = std::string(kConfigurationName), .watch_paths = {file->text()}, .outputs = {}});
  }
  const auto& watcher = project.watcher;
  for (const auto& rule : watcher.rules) {
    if (!rule.enabled) continue;
    options.rules.push_back({.pattern = rule.pattern,
                             .reason = rule.reason,
                             .place = fmt::format("{}:{}:{}", project.file.filename().string(),
                                                  rule.place.line, rule.place.column)});
  }
  options.exclude_dirs = watcher.exclude_dirs;
  if (watcher.use_default_exclusions) {
    options.default_exclusions = watch::default_exclusions_for(ecosystem_of(project.type));
  }
  options.gitignore = watcher.gitignore;
  if (watcher.gitignore) {
    options.global_excludes = watch::find_global_excludes().value_or(std::filesystem::path());
  }
  options.never = {paths_.state_dir()};
  if (!project.logging.file.empty()) {
    options.never.push_back((project.root / project.logging.file).lexically_normal());
  }
  return options;
}

void Watching::sync() {
  report(watcher_->sync(now()));
}

void Watching::take_ready() {
  report(watcher_->apply(now()));
}

Result<void> Watching::configure(const config::Project& project) {
  const auto targets_before = targets_;
  auto batch = watcher_->configure(options_for(project), now());
  if (!batch) {
    targets_ = targets_before;
    return fail(batch.error());
  }
  report(*batch);
  return {};
}

void Watching::report(const watch::Batch& batch) {
  if (batch.overflowed) log_warn("the kernel's queue of events was full: the tree was compared");
  wait_again();

  const auto state = watcher_->state();
  if (state != told_state_) {
    told_state_ = state;
    log_info("watching: {} {}", name_in(watch::kWatchStates, state.kind), state.reason);
    listener_.on_state(this->state());
  }
  // Before the changes: a window that they open must know that git holds it.
  if (const bool git = watcher_->git_operation_running(); git != told_git_) {
    told_git_ = git;
    listener_.on_git_operation(git);
  }

  std::vector<build::Touched> touched(targets_.size());
  bool configuration = false;
  for (const auto& change : batch.changes) {
    for (const auto index : change.targets.indexes()) {
      if (index >= targets_.size()) {
        configuration = true;
        continue;
      }
      auto& target = touched[index];
      ++target.total;
      if (target.paths.size() < build::kTriggerPaths) target.paths.push_back(change.path);
    }
  }
  for (std::size_t i = 0; i < touched.size(); ++i) {
    touched[i].target = targets_[i];
    touched[i].noticed = batch.hinted;
  }
  std::erase_if(touched, [](const build::Touched& target) { return target.total == 0; });
  if (!touched.empty()) listener_.on_touched(touched, batch.clock);
  if (configuration) listener_.on_configuration();
}

void Watching::wait_again() {
  timer_.arm(watcher_->deadline());
  if (watcher_->fd() == watched_fd_ && readable_) return;
  watched_fd_ = watcher_->fd();
  readable_.reset();
  if (watched_fd_ < 0) return;
  auto readable =
      loop_.watch(watched_fd_, EPOLLIN, "watching", [this](std::uint32_t) { take_ready(); });
  if (!readable) {
    log_error("watching: {}", readable.error().message);
    return;
  }
  readable_ = std::move(*readable);
}

state::WatchState Watching::state() const {
  const auto state = watcher_->state();
  return {.state = value_in(state::kWatchStatuses, name_in(watch::kWatchStates, state.kind))
                       .value_or(state::WatchStatus::Failed),
          .reason = state.reason,
          .clock = watcher_->clock()};
}

std::size_t Watching::index_of(const TargetId& target) const {
  const auto found = std::find(targets_.begin(), targets_.end(), target);
  return static_cast<std::size_t>(found - targets_.begin());
}

std::string Watching::fingerprint(const TargetId& target) const {
  const auto index = index_of(target);
  return index == targets_.size() ? std::string() : watcher_->fingerprint(index).to_hex();
}

std::size_t Watching::file_count(const TargetId& target) const {
  const auto index = index_of(target);
  return index == targets_.size() ? 0 : watcher_->file_count(index);
}

const TargetId* Watching::target_at(std::size_t index) const {
  return index < targets_.size() ? &targets_[index] : nullptr;
}

}  // namespace poltergeist::daemon
