// SPDX-License-Identifier: MIT
// How it fares with large trees and many targets, beside bare programs that do what cannot be
// avoided. Prints one table. It takes some minutes, 2 GB of memory for the largest tree, and as
// many inotify watches as that has directories.
//
//   trees [ROUNDS] [IDLE_SECONDS] [PART]     defaults: 100 rounds, 60 s, all of edits, sync, start,
//                                            ignored, checkout and targets
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "api/client.h"
#include "figures.h"

namespace {

using namespace poltergeist::bench;
using poltergeist::test::Call;
using poltergeist::test::Program;
using poltergeist::test::TestProject;
using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr TreeSize kSmall{.files = 100, .directories = 10};
constexpr TreeSize kLarge{.files = 100'000, .directories = 10'000};

std::string milliseconds(double value) {
  return fmt::format("{:.2f} ms", value);
}
std::string times(double ratio) {
  return fmt::format("{:.2f} ×", ratio);
}

// ---- An edit

void edit_to_command(TreeSize size, int rounds) {
  const auto edits = edits_without_window(size, rounds);
  for (const double share : {0.5, 0.99}) {
    const auto ours = percentile(edits.ours, share);
    const auto bare = percentile(edits.bare, share);
    row(fmt::format("edit → command, settlingDelay 0, {}, p{:.0f}", text_of(size), 100 * share),
        milliseconds(ours), milliseconds(bare) + " bare inotify loop", times(ours / bare),
        "≤ 1.5 ×");
  }
}

// ---- sync

double sync(poltergeist::api::Client& client) {
  const auto since = monotonic_ns();
  if (!client.call("sync", Json::object(), poltergeist::Seconds(60))) std::exit(1);
  return static_cast<double>(monotonic_ns() - since) / 1e6;
}

void append_to_all(const TestProject& project, TreeSize size, int files) {
  for (int i = 0; i < files; ++i) {
    const auto name = fmt::format("f{}.c", i / size.directories);
    std::ofstream(project.root() / tree_directory(i % size.directories) / name, std::ios::app)
        << 'y';
  }
}

void syncs(int rounds) {
  constexpr TreeSize kSize{.files = 20'000, .directories = 1'000};
  constexpr int kEvents = 10'000;
  TestProject project;
  make_tree(project, kSize);
  project.configure({{"targets",
                      {{{"name", "all"},
                        {"type", "custom"},
                        {"enabled", false},
                        {"buildCommand", "true"},
                        {"watchPaths", {"src/**/*.c"}}}}}});
  project.haunt();
  auto client = poltergeist::api::Client::connect(project.socket());
  if (!client) std::exit(1);
  const auto daemon = project.daemon_pid();
  await_rest(daemon);
  std::vector<double> idle;
  for (int i = 0; i < 10 * rounds; ++i) idle.push_back(sync(*client));
  row("`sync` on an idle daemon, p99", milliseconds(percentile(idle, 0.99)),
      milliseconds(median(idle)) + " p50", "", "≤ 1 ms");
  std::vector<double> queued;
  for (int i = 0; i < std::max(rounds / 5, 5); ++i) {
    ::kill(daemon, SIGSTOP);
    append_to_all(project, kSize, kEvents / 2);  // written and closed: two events each
    ::kill(daemon, SIGCONT);
    queued.push_back(sync(*client));
  }
  row(fmt::format("`sync` with {} events queued, p99", kEvents),
      milliseconds(percentile(queued, 0.99)), milliseconds(median(queued)) + " p50", "", "≤ 20 ms");
}

// ---- The start

void cold_starts() {
  for (const auto& [size, rounds] :
       {std::pair<TreeSize, int>{{.files = 1'000, .directories = 100}, 11},
        {{.files = 10'000, .directories = 1'000}, 7},
        {kLarge, 5},
        {{.files = 1'000'000, .directories = 100'000}, 3}}) {
    TestProject project;
    make_tree(project, size);
    const auto start = cold_start_of(project, rounds);
    row(fmt::format("`haunt` until it watches, {}", text_of(size)),
        fmt::format("{:.1f} ms, {:.1f} µs a file", start.ours, 1000 * start.ours / size.files),
        fmt::format("{:.1f} ms bare walk", start.bare), times(start.ours / start.bare),
        size.files == kLarge.files ? "≤ 1.3 ×" : "");
    const double megabytes = static_cast<double>(start.memory_kib) / 1024;
    row(fmt::format("memory then (RSS), {}", text_of(size)), fmt::format("{:.1f} MB", megabytes),
        "", "", fmt::format("≤ {:.1f} MB", 5 + 150.0 * size.files / (1 << 20)));
  }
}

void ignored_directories() {
  constexpr int kIgnored = 20'000;
  TestProject with;
  TestProject without;
  for (const auto* project : {&with, &without})
    make_tree(*project, {.files = 10'000, .directories = 1'000});
  for (int i = 0; i < kIgnored; ++i) with.write(fmt::format("node_modules/m{}/index.js", i), "x");
  with.write(".gitignore", "node_modules/\n");
  without.write(".gitignore", "node_modules/\n");
  const auto ours = cold_start_of(with, 9);
  const auto less = cold_start_of(without, 9);
  row(fmt::format("`haunt` with {} ignored directories", kIgnored),
      fmt::format("{:.1f} ms", ours.ours), fmt::format("{:.1f} ms without them", less.ours),
      times(ours.ours / less.ours), "1 ×");
}

// ---- A checkout

void git(const TestProject& project, const std::string& command) {
  const auto ran = poltergeist::test::run(
      {.argv = {"/bin/sh", "-c", "git -c user.name=t -c user.email=t@t " + command},
       .cwd = project.root()});
  if (ran.code == 0) return;
  fmt::print(stderr, "git {}: {}\n", command, ran.err);
  std::exit(1);
}

void checkouts(int rounds) {
  constexpr TreeSize kSize{.files = 10'000, .directories = 1'000};
  TestProject project;
  make_tree(project, kSize);
  git(project, "init -q && git add src && git -c user.name=t -c user.email=t@t commit -qm one");
  append_to_all(project, kSize, kSize.files);
  git(project, "commit -qam two");
  project.configure({{"targets",
                      {{{"name", "all"},
                        {"type", "custom"},
                        {"buildCommand", "echo built >> all.builds"},
                        {"watchPaths", {"src/**/*.c"}}}}}});
  project.haunt();
  Program bare({.argv = {BARE_WALK_PROGRAM, (project.root() / "src").string(), "--stay"},
                .cwd = project.root()});
  if (!bare.await_output("directories")) std::exit(1);
  const auto daemon = project.daemon_pid();
  await_rest(daemon);
  std::vector<double> ours;
  std::vector<double> beside;
  const auto builds = project.builds_of("all");
  for (int round = 0; round < rounds; ++round) {
    const auto ours_before = processor_ns(daemon);
    const auto bare_before = processor_ns(bare.pid());
    git(project, round % 2 == 0 ? "checkout -q --detach HEAD~1" : "checkout -q -");
    project.run_poltergeist({"wait"});
    await_rest(daemon);
    ours.push_back(static_cast<double>(processor_ns(daemon) - ours_before) / 1e6);
    beside.push_back(static_cast<double>(processor_ns(bare.pid()) - bare_before) / 1e6);
  }
  row(fmt::format("builds for a checkout of {} files", kSize.files),
      fmt::format("{:.2f}", static_cast<double>(project.builds_of("all") - builds) / rounds), "",
      "", "1");
  row("processor time of the daemon for it", milliseconds(median(ours)),
      milliseconds(median(beside)) + " bare drain and stat", times(median(ours) / median(beside)),
      "≤ 2 ×");
}

// ---- Many targets

void many_targets(int seconds) {
  constexpr int kTargets = 100;
  TestProject project;
  make_tree(project, kLarge);
  Json targets = Json::array();
  for (int i = 0; i < kTargets; ++i) {
    targets.push_back({{"name", fmt::format("t{}", i)},
                       {"type", "custom"},
                       {"buildCommand", "true"},
                       {"watchPaths", {fmt::format("src/d{}/**/*.c", i)}}});
  }
  project.configure({{"targets", targets}});
  project.haunt();
  row(fmt::format("wake-ups in {} s, {} targets, {}", seconds, kTargets, text_of(kLarge)),
      std::to_string(wake_ups_of(project.daemon_pid(), seconds)), "", "", "0");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(20, std::atoi(argv[1])) : 100;
  const int idle_seconds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 60;
  const std::string_view part = argc > 3 ? argv[3] : "";
  const auto wanted = [&](std::string_view name) { return part.empty() || part == name; };
  head();
  if (wanted("edits")) edit_to_command(kSmall, rounds);
  if (wanted("edits")) edit_to_command(kLarge, rounds);
  if (wanted("sync")) syncs(rounds);
  if (wanted("start")) cold_starts();
  if (wanted("ignored")) ignored_directories();
  if (wanted("checkout")) checkouts(std::max(rounds / 10, 4));
  if (wanted("targets")) many_targets(idle_seconds);
}
