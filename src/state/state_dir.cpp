// SPDX-License-Identifier: MIT
#include "state/state_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.h"
#include "sys/digest.h"
#include "sys/files.h"
#include "sys/unix_socket.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestTarget = 100;
constexpr std::size_t kLongestName = 60;
constexpr std::size_t kUpstreamHashDigits = 6;  // the original's pause flag alone

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::string with_dashes(std::string_view text) {
  std::string part(text);
  std::replace_if(
      part.begin(), part.end(), [](char c) { return !is_plain(c); }, '-');
  return part;
}

// "~" is no plain byte, so what is marked with it never equals a name that stands for itself.
std::string marked(std::string_view name) {
  return with_dashes(name.substr(0, kLongestTarget)) + "~" + sha256(name).substr(0, kHashDigits);
}

// Names whose log would be another file of ours: the daemon's own, or "app-runner", which is the
// channel of "app".
bool is_taken_log(std::string_view part) {
  static constexpr std::array<std::string_view, 3> kChannels = {"-runner", "-post-run", "-hook"};
  return part == "daemon" || std::any_of(kChannels.begin(), kChannels.end(),
                                         [&](auto ending) { return part.ends_with(ending); });
}

std::string log_part(const TargetId& target) {
  return is_taken_log(target.value()) ? marked(target.value()) : target_part(target);
}

Result<void> create_with_parents(const fs::path& directory) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) == 0) return {};
  if (directory.has_parent_path() && directory != directory.parent_path()) {
    if (auto parent = create_with_parents(directory.parent_path()); !parent) return parent;
  }
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("creating {}", directory.string());
  }
  return {};
}

// The nearest directory above in which anybody may replace what is ours: everybody may write there,
// it is not sticky, and others can get there. Empty: there is none.
fs::path replaceable_above(const fs::path& directory) {
  fs::path found;
  for (auto above = directory.parent_path();; above = above.parent_path()) {
    struct stat status {};
    // One that is not there yet will be ours, in one that is.
    if (::stat(above.c_str(), &status) != 0) status.st_mode = S_IRWXU | S_IXOTH;
    const bool others_get_there = (status.st_mode & S_IXOTH) != 0;
    const bool anybody_writes = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (!others_get_there) {
      found.clear();
    } else if (anybody_writes && found.empty()) {
      found = above;
    }
    if (above == above.parent_path()) return found;
  }
}

// What is checked now must still be there when it is used.
Result<void> check_stays(const fs::path& directory) {
  const auto above = replaceable_above(directory);
  if (above.empty()) return {};
  return fail(Errc::Denied,
              "{}: anybody may put another directory in its place; chmod +t {} mends it",
              directory.string(), shell_quoted(above.string()));
}

Result<void> ensure_private_and_staying(const fs::path& directory) {
  if (auto stays = check_stays(directory); !stays) return stays;
  return ensure_private_directory(directory);
}

// Less strict than a directory that we choose ourselves: others may look, as the user says so, but
// nobody else may put anything there.
Result<void> check_given(const fs::path& directory) {
  const auto name = directory.string();
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && (errno == ELOOP || errno == ENOTDIR)) {
    return fail(Errc::Denied, "{} is a symbolic link or no directory; name a real directory", name);
  }
  if (!fd) return fail_errno("{}", name);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", name);
  if (status.st_uid != ::geteuid()) {
    return fail(Errc::Denied, "{} belongs to user {}, not to us; name a directory of your own",
                name, status.st_uid);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Errc::Denied, "{} can be written by others (mode {:04o}); chmod 700 {} mends it",
                name, status.st_mode & 07777, shell_quoted(name));
  }
  return {};
}

Result<fs::path> given_dir(const fs::path& given) {
  std::error_code error;
  auto directory = fs::absolute(given, error).lexically_normal();
  if (error) return fail(Errc::Io, "POLTERGEIST_STATE_DIR: {}", error.message());
  if (!directory.has_filename()) directory = directory.parent_path();  // "dir/": O_NOFOLLOW
  auto usable = check_stays(directory);
  if (usable) usable = create_with_parents(directory);
  if (usable) usable = check_given(directory);
  if (!usable) return fail(usable.error(), "POLTERGEIST_STATE_DIR");
  return directory;
}

}  // namespace

Result<fs::path> state_dir(const fs::path& given, const fs::path& temporary) {
  if (!given.empty()) return given_dir(given);
  const auto shared = temporary / "poltergeist";
  const auto first = ensure_private_and_staying(shared);
  if (first) return shared;
  const auto own = temporary / fmt::format("poltergeist-{}", ::geteuid());
  const auto second = ensure_private_and_staying(own);
  if (second) return own;
  return fail(second.error().code,
              "no place for state: {}; {}; set POLTERGEIST_STATE_DIR to a directory of your own",
              first.error().message, second.error().message);
}

Result<fs::path> state_dir_from_environment() {
  const char* given = std::getenv("POLTERGEIST_STATE_DIR");
  return state_dir(given != nullptr ? given : "");
}

Result<void> check_writable(const fs::path& state_dir) {
  if (::faccessat(AT_FDCWD, state_dir.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fail_errno("the state directory {} cannot be written", state_dir.string());
}

std::string path_hash(const fs::path& root) {
  return sha256(root.string()).substr(0, kHashDigits);
}

std::string channel_part(std::string_view channel) {
  return channel.empty() ? "channel" : with_dashes(channel);
}

std::string target_part(const TargetId& target) {
  const auto& name = target.value();
  const bool stands_for_itself = !name.empty() && name.size() <= kLongestTarget &&
                                 std::all_of(name.begin(), name.end(), is_plain);
  return stands_for_itself ? name : marked(name);
}

ProjectPaths::ProjectPaths(fs::path state_dir, fs::path root)
    : state_dir_(std::move(state_dir)), root_(std::move(root)), hash_(sha256(root_.string())) {
  auto name = with_dashes(root_.filename().string()).substr(0, kLongestName);
  if (name.empty()) name = "root";
  key_ = name + "-" + hash_.substr(0, kHashDigits);
}

Result<ProjectPaths> ProjectPaths::create(const fs::path& state_dir, const fs::path& root) {
  std::error_code error;
  auto real = fs::canonical(root, error);
  if (error == std::errc::no_such_file_or_directory) {
    return fail(Errc::NotFound, "{}: no such directory", root.string());
  }
  if (error) return fail(Errc::Io, "{}: {}", root.string(), error.message());
  ProjectPaths paths(state_dir, std::move(real));
  const auto socket = paths.socket().string();
  if (socket.size() > kLongestSocketPath) {
    return fail(Errc::Invalid,
                "{}: {} bytes are too many for a socket (at most {}); set POLTERGEIST_STATE_DIR to "
                "a shorter path",
                socket, socket.size(), kLongestSocketPath);
  }
  return paths;
}

std::string ProjectPaths::project_name() const {
  return root_.filename().string();
}

fs::path ProjectPaths::file(std::string_view rest) const {
  return state_dir_ / fmt::format("{}{}", key_, rest);
}

fs::path ProjectPaths::state_file(const TargetId& target) const {
  return file(fmt::format("-{}.state", target_part(target)));
}

fs::path ProjectPaths::log_file(const TargetId& target) const {
  return file(fmt::format("-{}.log", log_part(target)));
}

fs::path ProjectPaths::log_file(const TargetId& target, std::string_view channel) const {
  if (channel == "build") return log_file(target);
  return file(fmt::format("-{}-{}.log", target_part(target), channel_part(channel.substr(0, 100))));
}

fs::path ProjectPaths::upstream_paused() const {
  return state_dir_ / fmt::format("{}-{}.paused", root_.filename().string(),
                                  hash_.substr(0, kUpstreamHashDigits));
}

fs::path old_log_file(const fs::path& log) {
  return log.string() + ".1";
}

}  // namespace poltergeist::state
