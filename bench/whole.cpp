// SPDX-License-Identifier: MIT
// The figures of the whole product, each as a ratio to what stands beside it on the same machine in
// the same run: rounds are interleaved and medians compared, because machines are noisy. Prints one
// table.
//
//   whole [ROUNDS] [IDLE_SECONDS]     defaults: 200 rounds, 30 s
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "measure.h"
#include "support/test_project.h"

namespace {

using poltergeist::bench::median;
using poltergeist::bench::monotonic_ns;
using poltergeist::bench::percentile;
using poltergeist::bench::Stamps;
using poltergeist::test::Call;
using poltergeist::test::Program;
using poltergeist::test::TestProject;
using Json = nlohmann::json;
namespace fs = std::filesystem;

void row(const std::string& what, const std::string& ours, const std::string& beside,
         const std::string& verdict, const std::string& goal) {
  poltergeist::bench::row({what, ours, beside, verdict, goal});
}

Json stamping_project(const Stamps& stamps, int settling) {
  return {{"watcher", {{"settlingDelay", settling}}},
          {"targets",
           {{{"name", "app"},
             {"type", "custom"},
             {"buildCommand", stamps.command()},
             {"watchPaths", {"src/*.c"}}}}}};
}

// Saves as most editors do, complete under another name first: one event, whoever watches.
std::int64_t save(const TestProject& project, const std::string& text) {
  const auto fresh = project.write("saved.tmp", text);
  const auto since = monotonic_ns();
  fs::rename(fresh, project.root() / "src/a.c");
  return since;
}

std::vector<double> edits(const TestProject& project, const Stamps& stamps, int rounds,
                          const std::function<void()>& between) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(stamps.next_after(save(project, std::to_string(round))));
    // The build's end must be over, or the next edit would wait for it.
    project.run_poltergeist({"wait"});
    between();
  }
  return times;
}

void edit_to_command(int rounds) {
  TestProject project;
  const Stamps ours(project.root() / "ours.fifo");
  project.write("src/a.c", "before");
  project.configure(stamping_project(ours, 0));
  const auto started = monotonic_ns();
  project.haunt();
  (void)ours.next_after(started);

  TestProject beside;
  const Stamps bare(beside.root() / "bare.fifo");
  beside.write("src/a.c", "0");
  Program loop({.argv = {BARE_LOOP_PROGRAM, (beside.root() / "src").string(), bare.command()},
                .cwd = beside.root()});
  std::vector<double> bare_times;
  const auto beside_round = [&] { bare_times.push_back(bare.next_after(save(beside, "x"))); };
  if (!loop.await_output("ready")) std::exit(1);
  const auto times = edits(project, ours, rounds, beside_round);
  row("edit → build command, settlingDelay 0, p50", fmt::format("{:.2f} ms", median(times)),
      fmt::format("{:.2f} ms bare inotify loop", median(bare_times)),
      fmt::format("{:.2f} ×", median(times) / median(bare_times)), "≤ 1.5 ×");
  row("the same, p99", fmt::format("{:.2f} ms", percentile(times, 0.99)),
      fmt::format("{:.2f} ms", percentile(bare_times, 0.99)),
      fmt::format("{:.2f} ×", percentile(times, 0.99) / percentile(bare_times, 0.99)), "");

  project.configure(stamping_project(ours, 20));
  project.run_poltergeist({"wait"});
  const auto settled = edits(project, ours, std::max(rounds / 4, 20), [] {});
  row("the same with the default window of 20 ms, p50", fmt::format("{:.2f} ms", median(settled)),
      fmt::format("{:.2f} ms + 20 ms", median(times)),
      fmt::format("+ {:.2f} ms", median(settled) - median(times)), "+ 20 ms");
}

double seconds_of(const Call& call) {
  const auto since = monotonic_ns();
  const auto ran = poltergeist::test::run(call);
  if (ran.code != 0) {
    fmt::print(stderr, "{} failed: {}{}\n", call.argv.front(), ran.out, ran.err);
    std::exit(1);
  }
  return static_cast<double>(monotonic_ns() - since) / 1e6;
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
    direct.push_back(seconds_of(bare));
    polter.push_back(seconds_of(project.polter({"app"})));
    status.push_back(seconds_of(project.poltergeist({"status"})));
    version.push_back(seconds_of(project.poltergeist({"version"})));
  }
  row("`polter app` on a fresh target", fmt::format("{:.2f} ms", median(polter)),
      fmt::format("{:.2f} ms executed directly", median(direct)),
      fmt::format("+ {:.2f} ms", median(polter) - median(direct)), "+ ≤ 3 ms");
  row("`poltergeist status`", fmt::format("{:.2f} ms", median(status)), "", "", "≤ 5 ms");
  row("`poltergeist version`", fmt::format("{:.2f} ms", median(version)), "", "", "≤ 5 ms");
}

void cold_start(int directories, int files_each) {
  TestProject project;
  for (int d = 0; d < directories; ++d) {
    const auto directory = fmt::format("src/d{}/e{}", d / 50, d % 50);
    for (int f = 0; f < files_each; ++f) project.write(fmt::format("{}/f{}.c", directory, f), "x");
  }
  project.configure({{"targets",
                      {{{"name", "all"},
                        {"type", "custom"},
                        {"buildCommand", "true"},
                        {"watchPaths", {"src/**/*.c"}}}}}});
  std::vector<double> ours;
  std::vector<double> bare;
  long memory = 0;
  const Call walk{.argv = {BARE_WALK_PROGRAM, (project.root() / "src").string()},
                  .cwd = project.root()};
  for (int round = 0; round < 7; ++round) {
    bare.push_back(seconds_of(walk));
    ours.push_back(seconds_of(project.poltergeist({"haunt"})));
    std::ifstream status(fmt::format("/proc/{}/status", project.daemon_pid()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) memory = std::strtol(line.c_str() + 6, nullptr, 10);
    }
    project.run_poltergeist({"stop"});
  }
  const int files = directories * files_each;
  row(fmt::format("`haunt` until it watches, {} files in {} directories", files, directories),
      fmt::format("{:.0f} ms", median(ours)),
      fmt::format("{:.0f} ms bare walk with watches", median(bare)),
      fmt::format("{:.2f} ×", median(ours) / median(bare)), "≤ 1.5 ×");
  row(fmt::format("memory of that daemon (RSS), {} files", files),
      fmt::format("{:.1f} MB", static_cast<double>(memory) / 1024), "", "",
      "≤ 6 MB + 150 B a file");
}

long voluntary_switches(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("voluntary_ctxt_switches:"))
      return std::strtol(line.c_str() + 24, nullptr, 10);
  }
  return -1;
}

void idle(int seconds) {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto pid = project.daemon_pid();
  // Whatever the last request left to do is done when nothing more happens for a second.
  long before = voluntary_switches(pid);
  for (long last = -1; last != before;) {
    last = before;
    ::poll(nullptr, 0, 1000);
    before = voluntary_switches(pid);
  }
  ::poll(nullptr, 0, seconds * 1000);
  const long after = voluntary_switches(pid);
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  long memory = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) memory = std::strtol(line.c_str() + 6, nullptr, 10);
  }
  row(fmt::format("wake-ups of an idle daemon in {} s", seconds), std::to_string(after - before),
      "", "", "0");
  row("memory of the daemon of a small project (RSS)",
      fmt::format("{:.1f} MB", static_cast<double>(memory) / 1024), "", "", "≤ 6 MB");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(20, std::atoi(argv[1])) : 200;
  const int idle_seconds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 30;
  fmt::print("| | Poltergeist | beside it | ratio | goal |\n|---|---|---|---|---|\n");
  edit_to_command(rounds);
  commands(rounds);
  cold_start(2000, 10);
  idle(idle_seconds);
}
