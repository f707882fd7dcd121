// SPDX-License-Identifier: MIT
// `{port}` in the settings of a runner: where it stands, and what takes its place. `${port}` is a
// variable of a shell, and none of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/project.h"

namespace poltergeist::runners {

[[nodiscard]] bool mentions_port(std::string_view text);
// Every {port} replaced; without a port the text as it is.
[[nodiscard]] std::string with_port(std::string_view text, std::optional<int> port);

// Whether a port has to be chosen for the program: it is told one, or somebody beside it has to
// know one that the program does not choose by itself.
[[nodiscard]] bool needs_port(const config::AutoRun& settings);
// The port that `listen` names, of several the first, which is the program's then: nothing is
// chosen. Nothing if one has to be: `port` says from where, or an address has {port}.
[[nodiscard]] std::optional<int> listened_port(const config::AutoRun& settings);

}  // namespace poltergeist::runners
