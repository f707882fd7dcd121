// SPDX-License-Identifier: MIT
#include "process/launch_image.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <vector>

namespace poltergeist::process {

namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kReadAndExecute = 0500;  // by us: what can be executed now stays so

enum class ProgramKind { Other, Whole, Partial };

// What the kernel would map of it must be there. Of another word size than ours nothing is checked.
bool has_all_segments(int fd, const ElfW(Ehdr) & header, off_t size) {
  if (header.e_phentsize != sizeof(ElfW(Phdr))) return true;
  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  const auto bytes = segments.size() * sizeof(ElfW(Phdr));
  if (::pread(fd, segments.data(), bytes, static_cast<off_t>(header.e_phoff)) !=
      static_cast<ssize_t>(bytes)) {
    return false;
  }
  for (const auto& segment : segments) {
    const auto end = segment.p_offset + segment.p_filesz;
    const bool is_beyond = end < segment.p_offset || end > static_cast<ElfW(Off)>(size);
    if (segment.p_type == PT_LOAD && is_beyond) return false;
  }
  return true;
}

ProgramKind kind_of(int fd, off_t size) {
  constexpr unsigned char kOwnClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  ElfW(Ehdr) header{};
  const auto count = ::pread(fd, &header, sizeof(header), 0);
  if (count < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return ProgramKind::Other;
  if (count < static_cast<ssize_t>(sizeof(header))) return ProgramKind::Partial;
  if (header.e_ident[EI_CLASS] != kOwnClass) return ProgramKind::Whole;
  return has_all_segments(fd, header, size) ? ProgramKind::Whole : ProgramKind::Partial;
}

bool has_capabilities(int fd) {
  return ::fgetxattr(fd, "security.capability", nullptr, 0) > 0;
}

// False if somebody has it open for writing. A file system without leases, or a file of another
// user, tells nothing.
bool lease(int fd) {
  // Whoever wants to write makes the kernel send this; nothing happens then, he waits.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return true;  // the preset one would kill us
  return ::fcntl(fd, F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN;
}

// Where the file lies that a path leads to, through whatever links.
Result<std::filesystem::path> directory_of(int fd) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error);
  if (error) return fail(Errc::Unavailable, "/proc/self/fd: {}", error.message());
  return path.parent_path();
}

}  // namespace

LaunchImage::LaunchImage(std::filesystem::path artifact, UniqueFd source,
                         const struct ::stat& before, UniqueFd copy)
    : artifact_(std::move(artifact)),
      source_(std::move(source)),
      before_(before),
      copy_(std::move(copy)) {}

Result<std::optional<LaunchImage>> LaunchImage::begin(const std::filesystem::path& artifact) {
  if (::access(artifact.c_str(), X_OK) != 0) return std::nullopt;
  UniqueFd source(::open(artifact.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!source) return fail_errno("reading {}", artifact.string());
  const bool is_written = !lease(source.get());
  struct ::stat before {};
  if (::fstat(source.get(), &before) != 0) return fail_errno("{}", artifact.string());
  if (!S_ISREG(before.st_mode)) return std::nullopt;
  const auto kind = kind_of(source.get(), before.st_size);
  // One that is being written may become a program.
  if (is_written && (kind != ProgramKind::Other || before.st_size == 0)) {
    return fail(Errc::Busy, "{} is still being written", artifact.string());
  }
  if (kind == ProgramKind::Other) return std::nullopt;
  if (kind == ProgramKind::Partial) {
    return fail(Errc::Busy, "{} is not complete", artifact.string());
  }
  if ((before.st_mode & (S_ISUID | S_ISGID)) != 0 || has_capabilities(source.get())) {
    return fail(Errc::Invalid, "{} has privileges that a copy would not have", artifact.string());
  }
  const auto directory = directory_of(source.get());
  if (!directory) return fail(directory.error());
  UniqueFd copy(::open(directory->c_str(), O_TMPFILE | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRWXU));
  if (!copy) return fail_errno("a file without a name in {}", directory->string());
  return LaunchImage(artifact, std::move(source), before, std::move(copy));
}

Result<void> LaunchImage::copy() {
  if (auto filled = fill(); !filled) return filled;
  const mode_t mode = (before_.st_mode & kPermissions) | kReadAndExecute;
  if (::fchmod(copy_.get(), mode) != 0) return fail_errno("the mode of the copy");
  if (!is_as_before()) {
    return fail(Errc::Busy, "{} was changed while it was copied", artifact_.string());
  }
  source_.reset();
  // Nothing that is open for writing can be executed.
  UniqueFd readable(
      ::open(fmt::format("/proc/self/fd/{}", copy_.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable) return fail_errno("opening the copy of {}", artifact_.string());
  copy_ = std::move(readable);
  return {};
}

// The call shares blocks where it can.
Result<void> LaunchImage::fill() {
  for (off_t left = before_.st_size; left > 0;) {
    const auto count = ::copy_file_range(source_.get(), nullptr, copy_.get(), nullptr,
                                         static_cast<std::size_t>(left), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("copying {}", artifact_.string());
    if (count == 0) break;  // it became shorter
    left -= count;
  }
  return {};
}

bool LaunchImage::is_as_before() const {
  struct ::stat after {};
  return ::fstat(source_.get(), &after) == 0 && after.st_size == before_.st_size &&
         after.st_mtim.tv_sec == before_.st_mtim.tv_sec &&
         after.st_mtim.tv_nsec == before_.st_mtim.tv_nsec;
}

}  // namespace poltergeist::process
