// SPDX-License-Identifier: MIT
// Why a verb cannot go on: what the user is told, and the exit code that says the same to a script
// (docs/cli.md). Every step of a verb that can end it returns an Attempt.
#pragma once

#include <string>
#include <utility>

#include <fmt/core.h>
#include <tl/expected.hpp>

#include "base/exit_code.h"
#include "base/result.h"

namespace poltergeist::cli {

struct Refusal {
  ExitCode code = ExitCode::CannotAnswer;
  std::string message;  // "poltergeist: " goes before it
  // Whole lines that stand before the message as they are: located problems, "file:1:2: …".
  std::string details;

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

template <typename T>
using Attempt = tl::expected<T, Refusal>;

template <typename... Args>
[[nodiscard]] tl::unexpected<Refusal> refuse(ExitCode code, fmt::format_string<Args...> format,
                                             Args&&... args) {
  return tl::unexpected<Refusal>(
      Refusal{code, fmt::format(format, std::forward<Args>(args)...), {}});
}
[[nodiscard]] inline tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected<Refusal>(std::move(refusal));
}

// The exit code for an error whose meaning is that of its Errc: what is wrong in the call or the
// configuration is 2, what did not come in time 124, everything else leaves the question open: 3.
[[nodiscard]] ExitCode exit_code_for(Errc code);

}  // namespace poltergeist::cli
