// SPDX-License-Identifier: MIT
// The figures of the whole product, each as a ratio to what stands beside it on the same machine in
// the same run: rounds are interleaved and medians compared, because machines are noisy. Prints one
// table.
//
//   whole [ROUNDS] [IDLE_SECONDS]     defaults: 200 rounds, 30 s
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "figures.h"

namespace {

using namespace poltergeist::bench;
using poltergeist::test::Call;
using poltergeist::test::TestProject;

void edit_to_command(int rounds) {
  const auto times = edits_without_window({.files = 10, .directories = 1}, rounds);
  row("edit → build command, settlingDelay 0, p50", fmt::format("{:.2f} ms", median(times.ours)),
      fmt::format("{:.2f} ms bare inotify loop", median(times.bare)),
      fmt::format("{:.2f} ×", median(times.ours) / median(times.bare)), "≤ 1.5 ×");
  const auto p99 = percentile(times.ours, 0.99);
  const auto bare_p99 = percentile(times.bare, 0.99);
  row("the same, p99", fmt::format("{:.2f} ms", p99), fmt::format("{:.2f} ms", bare_p99),
      fmt::format("{:.2f} ×", p99 / bare_p99), "≤ 1.5 ×");

  const auto settled = edits_with_window(std::max(rounds / 4, 20));
  row("the same with the default window of 20 ms, p50", fmt::format("{:.2f} ms", median(settled)),
      fmt::format("{:.2f} ms + 20 ms", median(times.ours)),
      fmt::format("+ {:.2f} ms", median(settled) - median(times.ours)), "+ 20 ms");
}

void commands(int rounds) {
  TestProject project;
  project.write("app.c", "int main(void) { return 0; }\n");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "cc app.c -o app"},
                        {"outputPath", "app"},
                        {"watchPaths", {"app.c"}}}}}});
  project.haunt();
  std::vector<double> direct;
  std::vector<double> polter;
  std::vector<double> status;
  std::vector<double> version;
  const Call bare{.argv = {(project.root() / "app").string()}, .cwd = project.root()};
  for (int round = 0; round < rounds; ++round) {
    direct.push_back(milliseconds_of(bare));
    polter.push_back(milliseconds_of(project.polter({"app"})));
    status.push_back(milliseconds_of(project.poltergeist({"status"})));
    version.push_back(milliseconds_of(project.poltergeist({"version"})));
  }
  row("`polter app` on a fresh target", fmt::format("{:.2f} ms", median(polter)),
      fmt::format("{:.2f} ms executed directly", median(direct)),
      fmt::format("+ {:.2f} ms", median(polter) - median(direct)), "+ ≤ 3 ms");
  row("`poltergeist status`", fmt::format("{:.2f} ms", median(status)), "", "", "≤ 5 ms");
  row("`poltergeist version`", fmt::format("{:.2f} ms", median(version)), "", "", "≤ 5 ms");
}

void cold_start() {
  constexpr TreeSize kSize{.files = 20'000, .directories = 2'000};
  TestProject project;
  make_tree(project, kSize);
  const auto start = cold_start_of(project, 7);
  row(fmt::format("`haunt` until it watches, {}", text_of(kSize)),
      fmt::format("{:.0f} ms", start.ours),
      fmt::format("{:.0f} ms bare walk with watches", start.bare),
      fmt::format("{:.2f} ×", start.ours / start.bare), "≤ 1.5 ×");
  row(fmt::format("memory of that daemon (RSS), {} files", kSize.files),
      fmt::format("{:.1f} MB", static_cast<double>(start.memory_kib) / 1024), "", "",
      "≤ 6 MB + 150 B a file");
}

void idle(int seconds) {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto pid = project.daemon_pid();
  row(fmt::format("wake-ups of an idle daemon in {} s", seconds),
      std::to_string(wake_ups_of(pid, seconds)), "", "", "0");
  row("memory of the daemon of a small project (RSS)",
      fmt::format("{:.1f} MB", static_cast<double>(memory_kib(pid)) / 1024), "", "", "≤ 6 MB");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(20, std::atoi(argv[1])) : 200;
  const int idle_seconds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 30;
  head();
  edit_to_command(rounds);
  commands(rounds);
  cold_start();
  idle(idle_seconds);
}
