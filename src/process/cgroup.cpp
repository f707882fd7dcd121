// SPDX-License-Identifier: MIT
#include "process/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sys/files.h"
#include "sys/mount_table.h"

namespace poltergeist::process {

namespace fs = std::filesystem;

namespace {

constexpr nlink_t kLinksWithoutChildren = 2;

// A cgroup that the others below it are in as well, the deepest first.
std::vector<fs::path> directories_below(const fs::path& path) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) found.push_back(entry->path());
  }
  std::reverse(found.begin(), found.end());
  return found;
}

bool has_children(int directory) {
  struct stat status {};
  return ::fstat(directory, &status) == 0 && status.st_nlink > kLinksWithoutChildren;
}

void append_members(const fs::path& cgroup, std::vector<pid_t>& members) {
  const auto text = read_file(cgroup / "cgroup.procs");
  if (!text) return;
  for (const auto line : lines_of(*text)) {
    // 0 is one of another pid namespace, whom we could not name.
    const auto pid = parse_number(line);
    if (pid && *pid > 0) members.push_back(static_cast<pid_t>(*pid));
  }
}

// What of the tree of cgroups `path` is, seen from `root`; nothing if it is not below that.
std::optional<std::string_view> below(std::string_view path, std::string_view root) {
  if (root == "/") return path;
  if (!path.starts_with(root)) return std::nullopt;
  path.remove_prefix(root.size());
  if (!path.empty() && !path.starts_with('/')) return std::nullopt;
  return path;
}

}  // namespace

Result<Cgroup> Cgroup::open(fs::path path) {
  Cgroup cgroup;
  cgroup.directory_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup.directory_) return fail_errno("the cgroup {}", path.string());
  struct statfs status {};
  if (::fstatfs(cgroup.fd(), &status) != 0 || status.f_type != CGROUP2_SUPER_MAGIC) {
    return fail(Errc::Invalid, "{} is no cgroup", path.string());
  }
  cgroup.events_ = UniqueFd(::openat(cgroup.fd(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  cgroup.path_ = std::move(path);
  return cgroup;
}

Result<Cgroup> Cgroup::create(fs::path path) {
  if (::mkdir(path.c_str(), 0755) != 0) return fail_errno("making the cgroup {}", path.string());
  auto cgroup = open(path);
  if (!cgroup) ::rmdir(path.c_str());
  return cgroup;
}

std::string Cgroup::events() const {
  std::array<char, 256> text{};
  const auto count = ::pread(events_.get(), text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

bool Cgroup::is_populated() const {
  return events().find("populated 1") != std::string::npos;
}

bool Cgroup::is_as_new() const {
  const auto text = events();
  return text.find("populated 0") != std::string::npos &&
         text.find("frozen 1") == std::string::npos && !has_children(fd());
}

std::optional<Duration> Cgroup::processor_time() const {
  const auto text = read_file(path_ / "cpu.stat");
  return text ? processor_time_in(*text) : std::nullopt;
}

std::optional<Duration> processor_time_in(std::string_view cpu_stat) {
  constexpr std::string_view kName = "usage_usec ";
  for (const auto line : lines_of(cpu_stat)) {
    if (!line.starts_with(kName)) continue;
    const auto used = parse_number(line.substr(kName.size()));
    if (used) return Microseconds(*used);
  }
  return std::nullopt;
}

std::vector<pid_t> Cgroup::members() const {
  std::vector<pid_t> members;
  append_members(path_, members);
  if (has_children(fd())) {
    for (const auto& cgroup : directories_below(path_)) append_members(cgroup, members);
  }
  return members;
}

bool Cgroup::kill() const {
  const UniqueFd file(::openat(fd(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), "1", 1) == 1;
}

bool Cgroup::remove() {
  if (::rmdir(path_.c_str()) == 0 || errno == ENOENT) return true;
  if (is_populated()) return false;
  for (const auto& cgroup : directories_below(path_)) ::rmdir(cgroup.c_str());
  return ::rmdir(path_.c_str()) == 0;
}

Result<fs::path> cgroup_in(std::string_view mountinfo, std::string_view cgroup) {
  constexpr std::string_view kVersion2 = "0::";
  std::optional<std::string_view> path;
  for (const auto line : lines_of(cgroup)) {
    if (line.starts_with(kVersion2)) path = line.substr(kVersion2.size());
  }
  if (!path) return fail(Errc::Unavailable, "this kernel has no cgroup v2");
  std::optional<fs::path> found;
  bool is_mounted = false;
  for (const auto& mount : parse_mountinfo(mountinfo)) {
    if (mount.type != "cgroup2") continue;
    is_mounted = true;
    // One that is mounted later may hide an earlier one.
    if (const auto rest = below(*path, mount.root)) found = mount.place + std::string(*rest);
  }
  if (!is_mounted) return fail(Errc::Unavailable, "no cgroup v2 file system is mounted");
  if (!found || path->starts_with("/..")) {
    return fail(Errc::Unavailable, "our own cgroup {} is not below what is mounted of them", *path);
  }
  return found->lexically_normal();
}

Result<fs::path> own_cgroup() {
  const auto mountinfo = read_file("/proc/self/mountinfo");
  if (!mountinfo) return fail(mountinfo.error());
  const auto cgroup = read_file("/proc/self/cgroup");
  if (!cgroup) return fail(cgroup.error());
  return cgroup_in(*mountinfo, *cgroup);
}

}  // namespace poltergeist::process
