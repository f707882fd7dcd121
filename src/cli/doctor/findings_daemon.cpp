// SPDX-License-Identifier: MIT
// The part of the judgement that is about the daemon.
#include <fmt/format.h>

#include "cli/doctor/findings.h"
#include "sys/unix_socket.h"

namespace poltergeist::cli::doctor {

namespace {

std::string life_text(const DaemonFacts& daemon) {
  auto text = fmt::format("pid {}", daemon.pid);
  if (daemon.uptime) text += fmt::format(", for {}", format_duration(*daemon.uptime));
  if (daemon.memory) text += fmt::format(", {}", size_text(*daemon.memory));
  return text;
}

void judge_absent(const DaemonFacts& daemon, Finding& finding) {
  finding.level = Level::Note;
  finding.found = "none is running";
  finding.advice = "this starts one:";
  finding.command = "poltergeist haunt";
  if (!daemon.left_file && !daemon.left_socket) return;
  const auto who = daemon.pid > 0 ? fmt::format(" (pid {})", daemon.pid) : std::string();
  finding.found += fmt::format("; one that was killed{} left its {} behind", who,
                               daemon.left_socket ? "socket" : "file");
  finding.advice = "a daemon that starts takes its place:";
}

void judge_silent(const DaemonFacts& daemon, Finding& finding) {
  finding.level = Level::Problem;
  finding.found = daemon.trouble;
  finding.advice = "wake it if it is stopped, else end it and start another";
  if (daemon.pid > 0) {
    finding.command = fmt::format("kill -CONT {0} || kill -9 {0}; poltergeist haunt", daemon.pid);
  }
}

void judge_alive(const DaemonFacts& daemon, Finding& finding) {
  finding.found = life_text(daemon);
  finding.figures["pid"] = static_cast<std::uint64_t>(daemon.pid);
  if (daemon.memory) finding.figures["memoryBytes"] = *daemon.memory;
  if (daemon.uptime) {
    finding.figures["uptimeMs"] = static_cast<std::uint64_t>(daemon.uptime->count());
  }
  if (daemon.trouble.empty()) return;
  finding.level = Level::Warning;
  finding.found += "; it cannot be asked how it is: " + daemon.trouble;
  finding.advice = "start it again, with this version of the program";
  finding.command = "poltergeist restart";
}

Finding life_finding(const DaemonFacts& daemon) {
  Finding finding{.section = Section::Daemon, .name = "daemon"};
  switch (daemon.life) {
    case DaemonFacts::Life::Gone:
      judge_absent(daemon, finding);
      break;
    case DaemonFacts::Life::Silent:
      judge_silent(daemon, finding);
      break;
    case DaemonFacts::Life::Alive:
      judge_alive(daemon, finding);
      break;
  }
  return finding;
}

Finding version_finding(const DaemonFacts& daemon, const std::string& ours) {
  Finding finding{.section = Section::Daemon, .name = "version"};
  finding.found = fmt::format("{}, as this program", daemon.version);
  if (daemon.version == ours && !daemon.replaced) return finding;
  finding.level = Level::Warning;
  finding.found = daemon.version == ours
                      ? daemon.version + ", but the file of its program was replaced since it began"
                      : fmt::format("{}, but this program is {}", daemon.version, ours);
  finding.advice = "start it again, with this version of the program";
  finding.command = "poltergeist restart";
  return finding;
}

Finding environment_finding(const DaemonFacts& daemon) {
  Finding finding{.section = Section::Daemon, .name = "environment", .found = "as in this shell"};
  if (daemon.environment.empty()) return finding;
  finding.level = Level::Note;
  finding.found = "not as in this shell: " + daemon.environment;
  finding.advice = "builds have the daemon's; to give it these:";
  finding.command = "poltergeist restart";
  return finding;
}

Finding socket_finding(const DaemonFacts& daemon) {
  const auto length = daemon.socket.string().size();
  return {.section = Section::Daemon,
          .name = "socket",
          .found = fmt::format("{} ({} of at most {} bytes)", daemon.socket.string(), length,
                               kLongestSocketPath),
          .figures = {{"bytes", length}, {"mostBytes", kLongestSocketPath}}};
}

Finding containment_finding(const CgroupFacts& facts) {
  Finding finding{.section = Section::Daemon, .name = "containment"};
  if (facts.trouble.empty()) {
    finding.found = fmt::format("cgroups below {}", facts.cgroup.string());
    return finding;
  }
  finding.level = Level::Note;
  finding.found = "by group, session and mark; without cgroups: " + facts.trouble;
  finding.advice = "a scope of systemd's user manager may make them:";
  finding.command =
      "poltergeist stop; systemd-run --user --scope -p Delegate=yes poltergeist haunt";
  return finding;
}

}  // namespace

std::vector<Finding> daemon_findings(const Facts& facts) {
  if (!facts.daemon) return {};
  const auto& daemon = *facts.daemon;
  std::vector<Finding> findings{life_finding(daemon)};
  if (daemon.life == DaemonFacts::Life::Alive) {
    findings.push_back(version_finding(daemon, facts.version));
    findings.push_back(environment_finding(daemon));
  }
  findings.push_back(socket_finding(daemon));
  if (facts.cgroup) findings.push_back(containment_finding(*facts.cgroup));
  if (!daemon.degraded.empty()) {
    findings.push_back({.section = Section::Daemon,
                        .name = "writing",
                        .level = Level::Warning,
                        .found = "it cannot write its state: " + daemon.degraded,
                        .advice = "make room or give back the rights; it goes on by itself then"});
  }
  return findings;
}

}  // namespace poltergeist::cli::doctor
