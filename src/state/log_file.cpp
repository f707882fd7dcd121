// SPDX-License-Identifier: MIT
#include "state/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "state/state_dir.h"

namespace poltergeist::state {

namespace {

// Ours, and no other name leads to it: nobody planted it to have somebody else's file written.
Result<std::uint64_t> size_if_ours(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("{}", path.string());
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || status.st_nlink > 1) {
    return fail(Errc::Denied, "{}: not a file of ours; remove it", path.string());
  }
  return static_cast<std::uint64_t>(status.st_size);
}

bool ends_within_line(int fd, std::uint64_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
}

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

LogFile::LogFile(std::filesystem::path path, Begin begin) : path_(std::move(path)), begin_(begin) {
  open(begin);
}

void LogFile::open(Begin begin) {
  begin_ = begin;
  fd_.reset();
  size_ = 0;
  if (begin == Begin::Anew && ::rename(path_.c_str(), old_log_file(path_).c_str()) != 0 &&
      errno != ENOENT) {
    trouble_ = fail_errno("moving {} away", path_.string()).value();
    return;
  }
  // Non-blocking, so that opening a FIFO cannot wait for its reader.
  const int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                    (begin == Begin::Anew ? O_EXCL : 0);
  UniqueFd fd(::open(path_.c_str(), flags, S_IRUSR | S_IWUSR));
  if (!fd) {
    trouble_ = fail_errno("{}", path_.string()).value();
    return;
  }
  const auto size = size_if_ours(fd.get(), path_);
  if (!size) {
    trouble_ = size.error();
    return;
  }
  size_ = *size;
  torn_ = ends_within_line(fd.get(), size_);
  fd_ = std::move(fd);
  if (unsaid_lines_ == 0) trouble_.reset();
}

void LogFile::append(std::string_view text) {
  if (text.empty()) return;
  // Not for each line: a full disk would cost a build more than its log.
  constexpr std::uint64_t kLinesBetweenTries = 100;
  if (!fd_ && unsaid_lines_ % kLinesBetweenTries == kLinesBetweenTries - 1) open(begin_);
  if (!fd_ || !mend()) return lose(text);
  lose(text.substr(write(text)));
}

bool LogFile::mend() {
  if (torn_ && write("\n") == 0) return false;
  if (unsaid_lines_ == 0) return true;
  const auto said = fmt::format("[poltergeist: {} lines lost: {}]\n", unsaid_lines_,
                                trouble_ ? trouble_->message : "not written");
  if (write(said) < said.size()) return false;
  unsaid_lines_ = 0;
  trouble_.reset();
  return true;
}

std::size_t LogFile::write(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(fd_.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      trouble_ = fail_errno("writing {}", path_.string()).value();
      break;
    }
    done += static_cast<std::size_t>(count);
    torn_ = text[done - 1] != '\n';
  }
  size_ += done;
  return done;
}

void LogFile::lose(std::string_view text) {
  lost_lines_ += lines_in(text);
  unsaid_lines_ += lines_in(text);
}

void LogFile::rotate() {
  open(Begin::Anew);
}

}  // namespace poltergeist::state
