// SPDX-License-Identifier: MIT
#include "state/input_file.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::state {

namespace {

constexpr std::string_view kMark = "-input-";
constexpr std::string_view kEnding = ".json";

// The process that made the file; 0 for a file of another kind.
pid_t writer_of(std::string_view file, const std::string& key) {
  const auto beginning = key + std::string(kMark);
  if (!file.starts_with(beginning) || !file.ends_with(kEnding)) return 0;
  file.remove_prefix(beginning.size());
  const auto pid = parse_number(file.substr(0, file.find('-')));
  return pid ? static_cast<pid_t>(*pid) : 0;
}

bool is_alive(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace

Result<InputFile> InputFile::create(const ProjectPaths& paths, std::string_view name,
                                    std::string_view text) {
  InputFile file(paths.state_dir() /
                 fmt::format("{}{}{}-{}{}", paths.key(), kMark, ::getpid(), name, kEnding));
  if (auto written = write_file(file.path_, text); !written) return fail(written.error());
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  return *this;
}

InputFile::~InputFile() {
  remove();
}

void InputFile::remove() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::size_t sweep_input_files(const ProjectPaths& paths) {
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(paths.state_dir(), error)) {
    const auto pid = writer_of(entry.path().filename().string(), paths.key());
    if (pid <= 0 || is_alive(pid)) continue;
    removed += ::unlink(entry.path().c_str()) == 0 ? 1 : 0;
  }
  return removed;
}

}  // namespace poltergeist::state
