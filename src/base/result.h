// SPDX-License-Identifier: MIT
// Result<T>: a value, or an Error with a code to branch on and a message to read.
// Each caller that passes an error on says what it was doing: fail(error, "loading {}", path).
// Only what tl::expected and std::expected share is used, so that the alias can change one day.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <tl/expected.hpp>

namespace poltergeist {

enum class Errc {
  NotFound,     // a file, program, target that is not there
  Busy,         // somebody else holds it
  Timeout,      // it took longer than allowed
  Invalid,      // input that breaks its rules
  Protocol,     // the other side of a connection broke its rules, or went away
  Denied,       // permission, ownership, trust
  Unavailable,  // cannot answer now: no daemon, no such service
  Io            // everything else the system said
};

struct Error {
  Errc code = Errc::Io;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

// A new error.
template <typename... Args>
[[nodiscard]] Failure fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// An error passed on: "<what we were doing>: <what it said>"; the code survives.
template <typename... Args>
[[nodiscard]] Failure fail(const Error& cause, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(
      Error{cause.code, fmt::format(format, std::forward<Args>(args)...) + ": " + cause.message});
}
[[nodiscard]] inline Failure fail(Error cause) {
  return Failure(std::move(cause));
}

// The code that fits an errno value.
[[nodiscard]] Errc errc_for_errno(int number);

// An error from a system call that set errno: "<what we were doing>: Permission denied".
template <typename... Args>
[[nodiscard]] Failure fail_errno(fmt::format_string<Args...> format, Args&&... args) {
  const int number = errno;
  return Failure(Error{errc_for_errno(number), fmt::format(format, std::forward<Args>(args)...) +
                                                   ": " + std::strerror(number)});
}

}  // namespace poltergeist
