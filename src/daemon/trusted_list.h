// SPDX-License-Identifier: MIT
// The file of directories whose configurations are trusted although others could write them:
// $XDG_CONFIG_HOME/poltergeist/trusted, else ~/.config/poltergeist/trusted.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "config/trust.h"

namespace poltergeist::daemon {

// Errc::Unavailable without a home directory.
[[nodiscard]] Result<std::filesystem::path> trusted_list_file();
// Empty if there is no file, or no place for one.
[[nodiscard]] Result<config::TrustedDirectories> read_trusted_list();
// Creates the directories above it (0700).
[[nodiscard]] Result<void> write_trusted_list(const config::TrustedDirectories& trusted);

}  // namespace poltergeist::daemon
