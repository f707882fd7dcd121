// SPDX-License-Identifier: MIT
// The last net below both programs: an exception that nobody expected ends as exit code 70 and a
// message that says what to do about it, never as an abort.
#pragma once

#include <functional>
#include <string_view>

namespace poltergeist {

// What `act` returns; if it throws, ExitCode::OurBug, after `say` was given the message.
[[nodiscard]] int with_last_net(const std::function<int()>& act,
                                const std::function<void(std::string_view message)>& say);

}  // namespace poltergeist
