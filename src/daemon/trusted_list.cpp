// SPDX-License-Identifier: MIT
#include "daemon/trusted_list.h"

#include <sys/stat.h>

#include <cstdlib>
#include <string_view>

#include "sys/files.h"

namespace poltergeist::daemon {

namespace fs = std::filesystem;

namespace {

// The value of a variable that must hold an absolute path (the XDG specification says to ignore
// any other).
fs::path absolute_from(const char* variable) {
  const char* value = std::getenv(variable);
  const fs::path path = value == nullptr ? "" : value;
  return path.is_absolute() ? path : fs::path();
}

Result<void> make_directory(const fs::path& directory) {
  if (directory.has_parent_path() && !fs::exists(directory.parent_path())) {
    if (auto above = make_directory(directory.parent_path()); !above) return above;
  }
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("creating {}", directory.string());
  }
  return {};
}

}  // namespace

Result<fs::path> trusted_list_file() {
  auto base = absolute_from("XDG_CONFIG_HOME");
  if (base.empty()) {
    const auto home = absolute_from("HOME");
    if (home.empty()) return fail(Errc::Unavailable, "HOME is not set");
    base = home / ".config";
  }
  return base / "poltergeist" / "trusted";
}

Result<config::TrustedDirectories> read_trusted_list() {
  const auto file = trusted_list_file();
  if (!file) return config::TrustedDirectories{};
  const auto text = read_file(*file);
  if (text) return config::parse_trusted(*text);
  if (text.error().code == Errc::NotFound) return config::TrustedDirectories{};
  return fail(text.error(), "reading the trusted directories");
}

Result<void> write_trusted_list(const config::TrustedDirectories& trusted) {
  const auto file = trusted_list_file();
  if (!file) return fail(file.error());
  if (auto made = make_directory(file->parent_path()); !made) return made;
  return write_file(*file, config::to_text(trusted), Sync::Yes);
}

}  // namespace poltergeist::daemon
