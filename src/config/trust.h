// SPDX-License-Identifier: MIT
// A configuration is commands that somebody wrote. It is refused, before it is parsed, when
// somebody else than us could have written it: another owner, or a file or directory that everybody
// may write. `poltergeist trust <dir>` overrides that for one directory. Pure: the caller has done
// the stat calls and read the list.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace poltergeist::config {

// What fstat said: of the opened file, and of the directory it was opened in.
struct Ownership {
  uid_t owner = 0;
  mode_t mode = 0;
};

// `$XDG_CONFIG_HOME/poltergeist/trusted`: real paths of directories, one per line; blank lines and
// lines that start with "#" mean nothing. A directory is trusted alone, not what lies below it.
using TrustedDirectories = std::set<std::filesystem::path>;
[[nodiscard]] TrustedDirectories parse_trusted(std::string_view text);
// A path with a line break cannot be written down: false, and nothing is added.
[[nodiscard]] bool can_be_listed(const std::filesystem::path& directory);
[[nodiscard]] std::string to_text(const TrustedDirectories& directories);

// Success, or Denied with a message that names the reason and the command that mends it.
// `file` as load_project takes it. What root owns is trusted like our own.
[[nodiscard]] Result<void> trust_of(const std::filesystem::path& file, Ownership of_file,
                                    Ownership of_directory, uid_t us,
                                    const TrustedDirectories& trusted);

}  // namespace poltergeist::config
