// SPDX-License-Identifier: MIT
#include "support/editors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <system_error>

#include "sys/unique_fd.h"

namespace poltergeist::test {

namespace {

namespace fs = std::filesystem;

void must(bool done, const fs::path& path) {
  if (!done) throw std::system_error(errno, std::generic_category(), path.string());
}

void write_at(const fs::path& path, std::string_view text, int flags) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | flags, 0644));
  must(fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
       path);
}

fs::path beside(const fs::path& file, std::string_view name) {
  return file.parent_path() / name;
}

fs::path plus(const fs::path& file, std::string_view end) {
  return file.string().append(end);
}

void save_in_place(const fs::path& file, const fs::path&, const std::string& text) {
  write_at(file, text, O_TRUNC);
}

void save_after_a_gap(const fs::path& file, const fs::path&, const std::string& text) {
  must(::truncate(file.c_str(), 0) == 0, file);
  write_at(file, text, 0);
}

void save_by_rename(const fs::path& file, const fs::path&, const std::string& text) {
  write_at(beside(file, "sedAbCdEf"), text, O_TRUNC);
  fs::rename(beside(file, "sedAbCdEf"), file);
}

void save_as_vim(const fs::path& file, const fs::path&, const std::string& text) {
  write_at(beside(file, "4913"), "", O_TRUNC);
  fs::remove(beside(file, "4913"));
  fs::rename(file, plus(file, "~"));
  write_at(file, text, O_TRUNC);
  must(::chmod(file.c_str(), 0644) == 0, file);
  fs::remove(plus(file, "~"));
}

void save_as_emacs(const fs::path& file, const fs::path&, const std::string& text) {
  const auto lock = beside(file, ".#" + file.filename().string());
  fs::create_symlink("user@host.1", lock);
  fs::remove(plus(file, "~"));
  fs::rename(file, plus(file, "~"));
  write_at(file, text, O_TRUNC);
  fs::remove(lock);
}

void save_as_jetbrains(const fs::path& file, const fs::path&, const std::string& text) {
  write_at(beside(file, "___jb_tmp___"), text, O_TRUNC);
  fs::rename(file, beside(file, "___jb_old___"));
  fs::rename(beside(file, "___jb_tmp___"), file);
  fs::remove(beside(file, "___jb_old___"));
}

void save_anew(const fs::path& file, const fs::path&, const std::string& text) {
  fs::remove(file);
  write_at(file, text, O_TRUNC);
}

void save_by_tmpfile(const fs::path& file, const fs::path& outside, const std::string& text) {
  const UniqueFd fd(::open(file.parent_path().c_str(), O_TMPFILE | O_WRONLY, 0644));
  if (!fd) return save_anew(file, outside, text);  // not every file system can
  must(::write(fd.get(), text.data(), text.size()) > 0, file);
  fs::remove(file);
  const auto link = "/proc/self/fd/" + std::to_string(fd.get());
  must(::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, file.c_str(), AT_SYMLINK_FOLLOW) == 0, file);
}

void save_by_hard_link(const fs::path& file, const fs::path& outside, const std::string& text) {
  write_at(outside / "new", text, O_TRUNC);
  fs::remove(file);
  fs::create_hard_link(outside / "new", file);
  fs::remove(outside / "new");
}

void save_by_exchange(const fs::path& file, const fs::path&, const std::string& text) {
  write_at(plus(file, ".tmp"), text, O_TRUNC);
  must(::renameat2(AT_FDCWD, plus(file, ".tmp").c_str(), AT_FDCWD, file.c_str(), RENAME_EXCHANGE) ==
           0,
       file);
  fs::remove(plus(file, ".tmp"));
}

void save_by_length(const fs::path& file, const fs::path&, const std::string& text) {
  must(::truncate(file.c_str(), static_cast<off_t>(text.size())) == 0, file);
}

void save_mapped(const fs::path& file, const fs::path&, const std::string& text) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR));
  must(fd && ::ftruncate(fd.get(), static_cast<off_t>(text.size())) == 0, file);
  void* map = ::mmap(nullptr, text.size(), PROT_WRITE, MAP_SHARED, fd.get(), 0);
  must(map != MAP_FAILED, file);
  std::memcpy(map, text.data(), text.size());
  ::munmap(map, text.size());
}

void save_keeping_time_and_size(const fs::path& file, const fs::path&, const std::string& text) {
  const auto time = fs::last_write_time(file);
  const auto size = fs::file_size(file);
  auto same_size = text;
  same_size.resize(size, 'x');
  write_at(file, same_size, 0);
  fs::last_write_time(file, time);
}

}  // namespace

const std::vector<Editor>& editors() {
  static const std::vector<Editor> all = {
      {"in place", save_in_place},
      {"truncate, then write later", save_after_a_gap},
      {"rename over", save_by_rename},
      {"vim", save_as_vim},
      {"emacs", save_as_emacs},
      {"JetBrains", save_as_jetbrains},
      {"unlink and create", save_anew},
      {"O_TMPFILE and linkat", save_by_tmpfile},
      {"hard link in", save_by_hard_link},
      {"exchange", save_by_exchange},
      {"truncate only", save_by_length},
      {"mapped", save_mapped},
      {"kept mtime, same size", save_keeping_time_and_size},
  };
  return all;
}

}  // namespace poltergeist::test
