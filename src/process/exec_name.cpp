// SPDX-License-Identifier: MIT
#include "process/exec_name.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::process {

namespace {

// Of processes that are no more: each has its directory, called by its number.
void sweep_names(const std::filesystem::path& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = parse_number(entry->path().filename().string());
    const bool is_left = pid && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH;
    std::error_code ignored;
    if (is_left) std::filesystem::remove_all(entry->path(), ignored);
  }
}

}  // namespace

Result<ExecName> ExecName::create(const std::filesystem::path& directory, const std::string& name,
                                  int fd) {
  if (auto made = ensure_private_directory(directory); !made) return fail(made.error());
  sweep_names(directory);
  const auto own = directory / std::to_string(::getpid());
  // An earlier process of our number may have left it, with whatever is in it.
  std::error_code error;
  std::filesystem::remove_all(own, error);
  if (auto made = ensure_private_directory(own); !made) return fail(made.error());
  ExecName created(own / name);
  const auto target = fmt::format("/proc/{}/fd/{}", ::getpid(), fd);
  if (::symlink(target.c_str(), created.path_.c_str()) != 0) {
    return fail_errno("{}", created.path_.string());
  }
  return created;
}

ExecName::ExecName(ExecName&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ExecName::~ExecName() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  std::filesystem::remove(path_.parent_path(), ignored);
}

}  // namespace poltergeist::process
