// SPDX-License-Identifier: MIT
// A pane of a real tmux, typed into by hand.
#pragma once

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/test_project.h"

namespace poltergeist::test {

inline constexpr const char* kPanesPrompt = "ready>";

// A tmux server of the test's own, without anybody's configuration, with a shell in one pane.
class Pane {
 public:
  explicit Pane(const TestProject& project) : project_(project) {
    tmux({"new-session", "-d", "-x", "100", "-y", "30",
          std::string("PS1='") + kPanesPrompt + " ' exec /bin/sh"});
    REQUIRE(await_prompt());
  }
  Pane(const Pane&) = delete;
  Pane& operator=(const Pane&) = delete;
  ~Pane() { tmux({"kill-server"}); }

  static bool is_there() {
    if (run({.argv = {"/bin/sh", "-c", "command -v tmux"}}).code == 0) return true;
    WARN("tmux is not installed: nothing was tested (scripts/setup installs it)");
    return false;
  }

  Ran tmux(std::vector<std::string> args) const {
    auto call = project_.polter({});
    call.env["TMUX_TMPDIR"] = project_.root().parent_path().string();
    args.insert(args.begin(), {"tmux", "-L", "test", "-f", "/dev/null"});
    call.argv = std::move(args);
    return run(call);
  }
  void type(const std::string& line) const {
    tmux({"send-keys", "-l", line});
    press("Enter");
  }
  void press(const std::string& key) const { tmux({"send-keys", key}); }
  // All that the pane has shown.
  [[nodiscard]] std::string shown() const { return tmux({"capture-pane", "-p", "-S", "-"}).out; }
  [[nodiscard]] std::size_t count(const std::string& text) const {
    const auto all = shown();
    std::size_t found = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++found;
    return found;
  }
  [[nodiscard]] bool await_shown(const std::string& text, std::size_t times = 1) const {
    return await([&] { return count(text) >= times; });
  }
  // The shell waits for the next line.
  [[nodiscard]] bool await_prompt() const {
    return await([&] {
      auto all = shown();
      all.erase(all.find_last_not_of(" \n") + 1);
      return all.ends_with(kPanesPrompt);
    });
  }
  // Until the program is up for the n-th time; its pid.
  [[nodiscard]] pid_t await_up(std::size_t times) const {
    REQUIRE(await_shown("up ", times));
    const auto all = shown();
    return std::stoi(all.substr(all.rfind("up ") + 3));
  }

 private:
  const TestProject& project_;
};

}  // namespace poltergeist::test
