// SPDX-License-Identifier: MIT
#include "watch/watcher.h"

#include <sys/stat.h>

#include <algorithm>

#include "watch/watcher_core.h"

namespace poltergeist::watch {

Result<std::unique_ptr<Watcher>> Watcher::create(std::filesystem::path root, Options options,
                                                 std::unique_ptr<ChangeSource> source,
                                                 Instant now) {
  auto rules = Rules::compile(root, options);
  if (!rules) return fail(rules.error());
  auto core = std::make_unique<Core>(std::move(root), std::move(options), std::move(*rules),
                                     std::move(source));
  core->begin(now);
  return std::unique_ptr<Watcher>(new Watcher(std::move(core)));
}

Watcher::Watcher(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Watcher::~Watcher() = default;

int Watcher::fd() const {
  return core_->source().fd();
}
std::optional<Instant> Watcher::deadline() const {
  return core_->deadline();
}
int Watcher::mounts_fd() const {
  return core_->mounts().fd();
}
void Watcher::note_mounts() {
  core_->note_mounts();
}
Batch Watcher::apply(Instant now) {
  return core_->apply(now);
}
Batch Watcher::sync(Instant now) {
  return core_->sync(now);
}
Result<Batch> Watcher::configure(Options options, Instant now) {
  return core_->configure(std::move(options), now);
}
void Watcher::begin_build(std::size_t target) {
  core_->begin_build(target);
}
Batch Watcher::end_build(Instant now) {
  return core_->end_build(now);
}
Clock Watcher::clock() const {
  return core_->clock();
}
const Fingerprint& Watcher::fingerprint(std::size_t target) const {
  return core_->tree().fingerprint(target);
}
std::size_t Watcher::file_count(std::size_t target) const {
  return core_->tree().file_count(target);
}
WatchState Watcher::state() const {
  return core_->state();
}
std::string_view Watcher::backend() const {
  return core_->source().name();
}
Explanation Watcher::why(const RelPath& path) const {
  return core_->why(path);
}
bool Watcher::git_operation_running() const {
  return core_->git().since().has_value();
}
std::optional<Instant> Watcher::git_operation_since() const {
  return core_->git().since();
}
std::optional<std::filesystem::path> Watcher::git_lock_path() const {
  if (core_->git().lock().empty()) return std::nullopt;
  return core_->git().lock();
}
Counters Watcher::counters() const {
  return core_->counters();
}
std::vector<PastHint> Watcher::past_hints() const {
  return core_->past_hints();
}

bool Explanation::counts() const {
  return std::any_of(claims.begin(), claims.end(), [](const Claim& claim) { return claim.counts; });
}

Explanation Watcher::Core::why(const RelPath& path) const {
  Explanation answer;
  struct stat status {};
  answer.exists = ::lstat(path.under(root_).c_str(), &status) == 0;
  const auto& rules = crawler_.rules();

  // Down from the root: the first directory that is ignored speaks for all below it.
  std::string_view rest = path.text();
  for (RelPath directory; !rest.empty() && !answer.ignored;) {
    const auto slash = rest.find('/');
    const bool last = slash == std::string_view::npos;
    const auto name = rest.substr(0, slash);
    rest = last ? std::string_view{} : rest.substr(slash + 1);
    const bool is_directory = !last || (answer.exists && S_ISDIR(status.st_mode));
    const auto entry = is_directory ? IgnoreFile::Entry::Directory : IgnoreFile::Entry::File;
    answer.ignored = rules.within(directory, Rules::Access::Full).ignored(name, entry);
    directory = directory.child(name);
    if (!answer.ignored && is_directory && crawler_.is_boundary(directory)) {
      answer.ignored = IgnoredBy{.authority = Authority::Boundary,
                                 .path = directory,
                                 .pattern = directory.child(".git").text(),
                                 .reason = "is another repository, which no pattern names"};
    }
  }

  const auto& selections = rules.selections();
  for (std::size_t target = 0; target < selections.size(); ++target) {
    const auto pattern = selections[target].claims(path);
    if (!pattern) continue;
    const bool counts = !answer.ignored || selections[target].names_exactly(path);
    answer.claims.push_back({target, std::string(*pattern), counts});
  }
  return answer;
}

}  // namespace poltergeist::watch
