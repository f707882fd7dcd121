// SPDX-License-Identifier: MIT
#include "polter/launch.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "sys/clock.h"

namespace poltergeist::polter {

namespace {

constexpr Milliseconds kBusyPatience{1000};
constexpr int kBusyPauseMs = 5;

bool is_path(const std::string& program) {
  return program.find('/') != std::string::npos;
}

ExecFailure failure_for(int error, const std::string& program) {
  const auto with = [&](ExitCode code, std::string_view why) {
    return ExecFailure{code, fmt::format("{}: {}", program, why)};
  };
  std::error_code ignored;
  if (error == ENOENT && !is_path(program)) {
    return with(ExitCode::ProgramNotFound, "not found in PATH");
  }
  if (error == ENOENT && std::filesystem::exists(program, ignored)) {
    return with(ExitCode::ProgramNotFound, "the interpreter that it names is not there");
  }
  if (error == ENOENT || error == ENOTDIR) return with(ExitCode::ProgramNotFound, "not there");
  if (std::filesystem::is_directory(program, ignored)) {
    return with(ExitCode::CannotExecute, "a directory, no program");
  }
  if (error == ENOEXEC) {
    return with(ExitCode::CannotExecute, "no program of this system, and without a #! line");
  }
  return with(ExitCode::CannotExecute, std::strerror(error));
}

}  // namespace

ExecFailure exec_in_place(std::vector<std::string> argv) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (auto& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const Instant until = now() + kBusyPatience;
  while (true) {
    if (is_path(argv.front())) {
      ::execv(pointers.front(), pointers.data());
    } else {
      ::execvp(pointers.front(), pointers.data());
    }
    const int error = errno;
    if (error != ETXTBSY || now() >= until) return failure_for(error, argv.front());
    ::poll(nullptr, 0, kBusyPauseMs);  // nothing tells when the last writer has closed it
  }
}

}  // namespace poltergeist::polter
