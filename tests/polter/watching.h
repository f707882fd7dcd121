// SPDX-License-Identifier: MIT
// polter on a terminal of its own, watching a program that behaves as its arguments say
// (probe.cpp).
#pragma once

#include <termios.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "polter/project.h"

namespace poltergeist::test {

inline constexpr std::string_view kCtrlC = "\x03";
inline constexpr std::string_view kCtrlZ = "\x1a";

// The number behind the last `text`.
inline pid_t number_behind(std::string_view text, const std::string& output) {
  return std::stoi(output.substr(output.rfind(text) + text.size()));
}

inline int count_in(std::string_view all, std::string_view text) {
  int found = 0;
  for (auto at = all.find(text); at != std::string_view::npos; at = all.find(text, at + 1)) ++found;
  return found;
}

class Watching {
 public:
  Watching(const Project& project, std::vector<std::string> args)
      : program_(plan(project, std::move(args))) {}

  static Call plan(const Project& project, std::vector<std::string> args) {
    args.insert(args.begin(), {"app", "--watch"});
    auto plan = project.plan(std::move(args));
    plan.streams = Call::Streams::Terminal;
    return plan;
  }

  Program* operator->() { return &program_; }

  // Until the program is up; its pid.
  pid_t await_up() {
    if (!program_.await_output("up ") || !program_.await_output("\n")) {
      throw std::runtime_error("no program: " + program_.output());
    }
    return number_behind("up ", program_.output());
  }
  [[nodiscard]] int count(std::string_view text) const { return count_in(program_.output(), text); }

 private:
  Program program_;
};

// An interactive shell on a terminal of its own: what starts, stops and continues jobs.
class Shell {
 public:
  static constexpr const char* kPrompt = "ready> ";

  explicit Shell(const Project& project) : program_(plan(project)) {
    if (!await_prompt()) throw std::runtime_error("no shell: " + program_.output());
  }

  Program* operator->() { return &program_; }
  void say(const std::string& line) { program_.type(line + "\n"); }
  // Only then it listens.
  [[nodiscard]] bool await_prompt() { return program_.await_output(kPrompt); }
  // Its only job, once it is polter.
  [[nodiscard]] pid_t await_job() const {
    pid_t job = 0;
    const auto is_polter = [&] {
      const auto jobs = children_of(program_.pid());
      if (jobs.empty()) return false;
      job = jobs.front();
      return name_of(job) == "polter";
    };
    if (!await(is_polter)) throw std::runtime_error("no job: " + program_.output());
    return job;
  }

 private:
  static Call plan(const Project& project) {
    auto plan = project.plan({});
    plan.argv = {"/bin/bash", "--norc", "--noprofile", "--noediting", "-i"};
    plan.streams = Call::Streams::Terminal;
    plan.env["PS1"] = kPrompt;
    return plan;
  }

  Program program_;
};

// Until polter has started a program; its pid.
inline pid_t await_program(pid_t polter) {
  pid_t program = 0;
  const auto is_there = [&] {
    for (const pid_t child : children_of(polter)) {
      if (name_of(child) == "polter_probe") program = child;
    }
    return program != 0;
  };
  if (!await(is_there)) throw std::runtime_error("no program");
  return program;
}

inline api::TargetAnswer quick(api::TargetAnswer answer,
                               Milliseconds stop_timeout = Milliseconds(5000)) {
  answer.restart = api::RestartSettings{SIGINT, Milliseconds(0), stop_timeout};
  return answer;
}

// A program that is launched from where it lies, under a lease.
inline void run_from_path(const Project& project) {
  (void)project.write("p/poltergeist.config.json",
                      R"({"version": "1.0", "projectType": "mixed", "targets": [
                           {"name": "app", "type": "executable", "buildCommand": "true",
                            "outputPath": "bin/app", "watchPaths": ["src"],
                            "autoRun": {"launchImage": false}}]})");
}

// Until the feed waits for a build after this one.
inline bool await_feed(Project& project, std::uint64_t build) {
  return project.daemon().await_resting(
      [&](const api::WaitParams& wait) { return wait.after == BuildId(build); });
}

inline termios settings_of(int terminal) {
  termios settings{};
  ::tcgetattr(terminal, &settings);
  return settings;
}

inline bool same(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_lflag == b.c_lflag &&
         a.c_cflag == b.c_cflag && std::memcmp(a.c_cc, b.c_cc, sizeof a.c_cc) == 0;
}

}  // namespace poltergeist::test
