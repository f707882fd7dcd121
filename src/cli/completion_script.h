// SPDX-License-Identifier: MIT
// Shell completions made of the table of verbs. Targets are asked for when they are needed, with
// `poltergeist list --names`. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_names.h"

namespace poltergeist::cli {

enum class Shell { Bash, Zsh, Fish };
inline constexpr auto kShells = std::to_array<EnumName<Shell>>({
    {Shell::Bash, "bash"},
    {Shell::Zsh, "zsh"},
    {Shell::Fish, "fish"},
});

[[nodiscard]] std::string completion_script(Shell shell);

}  // namespace poltergeist::cli
