// SPDX-License-Identifier: MIT
#include "sys/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace poltergeist {

namespace {

Result<UniqueFd> open_regular(const std::filesystem::path& path, struct stat& status) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail_errno("{}", path.string());
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", path.string());
  if (!S_ISREG(status.st_mode)) return fail(Errc::Invalid, "{}: not a regular file", path.string());
  return fd;
}

Result<std::string> read_all(int fd, const std::filesystem::path& path, std::size_t limit) {
  std::string text;
  constexpr std::size_t kLongestStep = 64 << 10;
  // Most are short, and what is read of the kernel is so all the time.
  std::size_t step = 4 << 10;
  while (true) {
    const std::size_t used = text.size();
    text.resize(used + step);
    const ssize_t count = ::read(fd, text.data() + used, step);
    if (count < 0 && errno == EINTR) {
      text.resize(used);
      continue;
    }
    if (count < 0) return fail_errno("reading {}", path.string());
    text.resize(used + static_cast<std::size_t>(count));
    if (count == 0) return text;
    step = std::min(2 * step, kLongestStep);
    if (text.size() > limit) {
      return fail(Errc::Invalid, "{}: larger than {} bytes", path.string(), limit);
    }
  }
}

Result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("writing");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::filesystem::path temporary_for(const std::filesystem::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
}

// A new file, whatever stands there: one that another process with our number left, or one that
// somebody planted so that we write into it.
UniqueFd create_anew(const std::filesystem::path& file) {
  const auto create = [&] {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    return UniqueFd(::open(file.c_str(), kFlags, S_IRUSR | S_IWUSR));
  };
  auto fd = create();
  if (!fd && errno == EEXIST && ::unlink(file.c_str()) == 0) fd = create();
  return fd;
}

Result<void> write_and_rename(const std::filesystem::path& temporary,
                              const std::filesystem::path& path, std::string_view text, Sync sync) {
  UniqueFd fd = create_anew(temporary);
  if (!fd) return fail_errno("{}", temporary.string());
  if (auto written = write_all(fd.get(), text); !written) {
    return fail(written.error(), "{}", temporary.string());
  }
  if (sync == Sync::Yes && ::fdatasync(fd.get()) != 0) {
    return fail_errno("{}: writing to the disk", temporary.string());
  }
  fd.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno("replacing {}", path.string());
  }
  return {};
}

// The pid in ".<name>.<pid>.tmp", if the file is named so.
std::optional<pid_t> writer_of(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(".tmp")) return std::nullopt;
  name.remove_suffix(4);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const auto pid = parse_number(name.substr(dot + 1));
  if (!pid || *pid == 0 || *pid > 0x7fffffff) return std::nullopt;
  return static_cast<pid_t>(*pid);
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  struct stat status {};
  const auto fd = open_regular(path, status);
  if (!fd) return fail(fd.error());
  return read_all(fd->get(), path, limit);
}

Result<std::string> read_tail(const std::filesystem::path& path, std::size_t limit) {
  struct stat status {};
  const auto fd = open_regular(path, status);
  if (!fd) return fail(fd.error());
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit && ::lseek(fd->get(), static_cast<off_t>(size - limit), SEEK_SET) < 0) {
    return fail_errno("reading {}", path.string());
  }
  // It may grow while it is read: the end is wherever it is then, up to twice the limit.
  return read_all(fd->get(), path, 2 * limit + 1);
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text, Sync sync) {
  const auto temporary = temporary_for(path);
  auto written = write_and_rename(temporary, path, text, sync);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<void> sync_file(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd || ::fdatasync(fd.get()) != 0)
    return fail_errno("{}: writing to the disk", path.string());
  return {};
}

std::vector<std::filesystem::path> leftover_temporaries(const std::filesystem::path& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  std::vector<std::filesystem::path> left;
  if (!open) return left;
  while (const dirent* entry = ::readdir(open.get())) {
    const auto writer = writer_of(entry->d_name);
    if (!writer || *writer == ::getpid()) continue;
    if (::kill(*writer, 0) != 0 && errno == ESRCH) left.push_back(directory / entry->d_name);
  }
  return left;
}

std::size_t sweep_temporaries(const std::filesystem::path& directory) {
  std::size_t swept = 0;
  for (const auto& file : leftover_temporaries(directory)) {
    if (::unlink(file.c_str()) == 0) ++swept;
  }
  return swept;
}

Result<void> ensure_private_directory(const std::filesystem::path& directory) {
  const auto name = directory.string();
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail_errno("creating {}", name);
  }
  // Looked at through a descriptor: what is checked is what is there, not what a name points to
  // next.
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    if (errno == ELOOP || errno == ENOTDIR) {
      return fail(Errc::Denied, "{}: a symbolic link or not a directory", name);
    }
    return fail_errno("{}", name);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", name);
  if (status.st_uid != ::geteuid()) {
    return fail(Errc::Denied, "{}: belongs to user {}, not to us", name, status.st_uid);
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::Denied, "{}: open to others (mode {:04o}); chmod 700 {} makes it private",
                name, status.st_mode & 07777, shell_quoted(name));
  }
  return {};
}

Result<UniqueFd> memory_file(const char* name, std::string_view text) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) return fail_errno("{}", name);
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail_errno("{}", name);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("{}", name);
  return fd;
}

Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("creating a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<std::filesystem::path> own_executable() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail(Errc::Io, "/proc/self/exe: {}", error.message());
  // The kernel appends this to the name of a program whose file was replaced or removed.
  constexpr std::string_view kGone = " (deleted)";
  std::string text = path.string();
  if (text.ends_with(kGone)) text.resize(text.size() - kGone.size());
  return std::filesystem::path(text);
}

bool is_replaced(const std::filesystem::path& place) {
  struct stat running {};
  struct stat there {};
  if (::stat("/proc/self/exe", &running) != 0 || ::stat(place.c_str(), &there) != 0) return false;
  return running.st_ino != there.st_ino || running.st_dev != there.st_dev;
}

}  // namespace poltergeist
