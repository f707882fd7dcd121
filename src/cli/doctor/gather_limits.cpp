// SPDX-License-Identifier: MIT
#include "cli/doctor/gather_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <iterator>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

std::optional<std::uint64_t> queued_events() {
  const auto text = read_file("/proc/sys/fs/inotify/max_queued_events");
  return text ? parse_number(trimmed(*text)) : std::nullopt;
}

// False if there is no such process, or it is not ours.
bool look_at_open_files(pid_t process, LimitFacts& facts) {
  rlimit limit{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) != 0) return false;
  facts.open_files_soft = limit.rlim_cur;
  facts.open_files_hard = limit.rlim_max;
  std::error_code error;
  const fs::directory_iterator open(fmt::format("/proc/{}/fd", process), error);
  if (!error) facts.open_files = std::distance(begin(open), end(open));
  return true;
}

}  // namespace

LimitFacts look_at_limits(const std::optional<DaemonFacts>& daemon) {
  LimitFacts facts{.watches = watch::inotify_limit(watch::InotifyResource::Watches),
                   .instances = watch::inotify_limit(watch::InotifyResource::Instances),
                   .use = inotify_use(::geteuid()),
                   .queued_events = queued_events()};
  const bool lives = daemon && daemon->life != DaemonFacts::Life::Gone && daemon->pid > 0;
  if (lives) facts.daemons = inotify_use_of(daemon->pid);
  if (!lives || !look_at_open_files(daemon->pid, facts)) look_at_open_files(::getpid(), facts);
  return facts;
}

}  // namespace poltergeist::cli::doctor
