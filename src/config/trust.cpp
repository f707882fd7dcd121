// SPDX-License-Identifier: MIT
#include "config/trust.h"

#include <sys/stat.h>

#include "base/text.h"

namespace poltergeist::config {

namespace {

constexpr uid_t kRoot = 0;

bool is_ours(Ownership of, uid_t us) {
  return of.owner == us || of.owner == kRoot;
}
bool is_world_writable(Ownership of) {
  return (of.mode & S_IWOTH) != 0;
}

// The reason stands first, the command that mends it last, on a line of its own to be copied.
Failure foreign(const std::filesystem::path& what, uid_t owner,
                const std::filesystem::path& directory) {
  return fail(
      Errc::Denied,
      "{} belongs to another user (uid {}), and the commands in it would run as you; if you "
      "trust them: poltergeist trust {}",
      what.string(), owner, shell_quoted(directory.string()));
}

Failure writable(const std::filesystem::path& what) {
  return fail(Errc::Denied,
              "everybody can write {}, and what they write would run as you; mend it: chmod o-w {}",
              what.string(), shell_quoted(what.string()));
}

}  // namespace

TrustedDirectories parse_trusted(std::string_view text) {
  TrustedDirectories directories;
  for (const auto line : lines_of(text)) {
    if (line.starts_with('/')) directories.emplace(line);
  }
  return directories;
}

bool can_be_listed(const std::filesystem::path& directory) {
  const auto& text = directory.native();
  return text.starts_with('/') && text.find_first_of("\r\n") == std::string::npos;
}

std::string to_text(const TrustedDirectories& directories) {
  std::string text =
      "# Directories whose poltergeist.config.json is run although others could write it.\n";
  for (const auto& directory : directories) {
    if (can_be_listed(directory)) text += directory.native() + '\n';
  }
  return text;
}

Result<void> trust_of(const std::filesystem::path& file, Ownership of_file, Ownership of_directory,
                      uid_t us, const TrustedDirectories& trusted) {
  const auto directory = file.parent_path();
  if (trusted.contains(directory)) return {};
  if (!is_ours(of_directory, us)) return foreign(directory, of_directory.owner, directory);
  if (!is_ours(of_file, us)) return foreign(file, of_file.owner, directory);
  if (is_world_writable(of_directory)) return writable(directory);
  if (is_world_writable(of_file)) return writable(file);
  return {};
}

}  // namespace poltergeist::config
