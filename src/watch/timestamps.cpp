// SPDX-License-Identifier: MIT
#include "watch/timestamps.h"

#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <utility>

#include "base/text.h"

namespace poltergeist::watch {

namespace {

constexpr std::pair<std::uint64_t, std::uint64_t> kMultigrain{6, 13};
constexpr unsigned long kXfs = 0x58465342;  // in no header

bool has_multigrain(std::string_view kernel) {
  const auto point = kernel.find('.');
  if (point == std::string_view::npos) return false;
  const auto rest = kernel.substr(point + 1);
  const auto major = parse_number(kernel.substr(0, point));
  const auto minor = parse_number(rest.substr(0, rest.find_first_not_of("0123456789")));
  return major && minor && std::pair(*major, *minor) >= kMultigrain;
}

bool takes_part(unsigned long file_system) {
  return file_system == EXT4_SUPER_MAGIC || file_system == BTRFS_SUPER_MAGIC ||
         file_system == TMPFS_MAGIC || file_system == kXfs;
}

}  // namespace

Duration timestamp_grain(unsigned long file_system, std::string_view kernel) {
  if (!takes_part(file_system)) return Seconds(2);
  return has_multigrain(kernel) ? Duration::zero() : Milliseconds(100);
}

Duration timestamp_grain_of_type(std::string_view type) {
  struct utsname system {};
  const bool known = type == "ext4" || type == "btrfs" || type == "tmpfs" || type == "xfs";
  if (!known || ::uname(&system) != 0) return Seconds(2);
  return timestamp_grain(TMPFS_MAGIC, system.release);
}

Duration timestamp_grain(const std::filesystem::path& root) {
  struct statfs status {};
  struct utsname system {};
  if (::statfs(root.c_str(), &status) != 0 || ::uname(&system) != 0) return Seconds(2);
  return timestamp_grain(static_cast<unsigned long>(status.f_type), system.release);
}

}  // namespace poltergeist::watch
