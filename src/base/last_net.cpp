// SPDX-License-Identifier: MIT
#include "base/last_net.h"

#include <exception>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/text.h"

namespace poltergeist {

namespace {

int caught(std::string_view what, const std::function<void(std::string_view message)>& say) {
  say(fmt::format(
      "this is a bug of ours: {}\nPlease report it, with the output of `poltergeist version`, the "
      "configuration and what you did.",
      for_terminal(what)));
  return to_int(ExitCode::OurBug);
}

}  // namespace

int with_last_net(const std::function<int()>& act,
                  const std::function<void(std::string_view message)>& say) {
  try {
    return act();
  } catch (const std::exception& error) {
    return caught(error.what(), say);
  } catch (...) {
    return caught("something was thrown that says nothing", say);
  }
}

}  // namespace poltergeist
