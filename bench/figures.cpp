// SPDX-License-Identifier: MIT
#include "figures.h"

#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace poltergeist::bench {

using test::Call;
using test::Program;
using test::TestProject;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr int kDirectoriesInOne = 100;

long status_of(pid_t pid, std::string_view key) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::strtol(line.c_str() + key.size(), nullptr, 10);
  }
  return -1;
}

Json stamping_project(const Stamps& stamps, int settling) {
  return {{"watcher", {{"settlingDelay", settling}}},
          {"targets",
           {{{"name", "app"},
             {"type", "custom"},
             {"buildCommand", stamps.command()},
             {"watchPaths", {"src/**/*.c"}}}}}};
}

// Saves as most editors do, complete under another name first: one event, whoever watches.
std::int64_t save(const TestProject& project, const std::string& text) {
  const auto fresh = project.write("saved.tmp", text);
  const auto since = monotonic_ns();
  fs::rename(fresh, project.root() / tree_directory(0) / "f0.c");
  return since;
}

double edit(const TestProject& project, const Stamps& stamps, const std::string& text) {
  const auto time = stamps.next_after(save(project, text));
  // The build's end must be over, or the next edit would wait for it.
  project.run_poltergeist({"wait"});
  return time;
}

void haunt_at_rest(const TestProject& project, const Stamps& stamps) {
  const auto started = monotonic_ns();
  project.haunt();
  (void)stamps.next_after(started);
  await_rest(project.daemon_pid());
}

}  // namespace

void head() {
  fmt::print("| | Poltergeist | beside it | ratio | goal |\n|---|---|---|---|---|\n");
}

void row(const std::string& what, const std::string& ours, const std::string& beside,
         const std::string& verdict, const std::string& goal) {
  row({what, ours, beside, verdict, goal});
}

double milliseconds_of(const Call& call) {
  const auto since = monotonic_ns();
  const auto ran = test::run(call);
  if (ran.code != 0) {
    fmt::print(stderr, "{} failed: {}{}\n", call.argv.front(), ran.out, ran.err);
    std::exit(1);
  }
  return static_cast<double>(monotonic_ns() - since) / 1e6;
}

long memory_kib(pid_t pid) {
  return status_of(pid, "VmRSS:");
}

long voluntary_switches(pid_t pid) {
  return status_of(pid, "voluntary_ctxt_switches:");
}

std::int64_t processor_ns(pid_t pid) {
  std::ifstream schedule(fmt::format("/proc/{}/schedstat", pid));
  std::int64_t time = 0;
  schedule >> time;
  return time;
}

void await_rest(pid_t pid) {
  for (long last = -1, now = voluntary_switches(pid); last != now;) {
    last = now;
    ::poll(nullptr, 0, 1000);
    now = voluntary_switches(pid);
  }
}

std::string text_of(TreeSize size) {
  return fmt::format("{} files in {} directories", size.files, size.directories);
}

std::string tree_directory(int number) {
  return fmt::format("src/d{}/e{}", number / kDirectoriesInOne, number % kDirectoriesInOne);
}

void make_tree(const TestProject& project, TreeSize size) {
  for (int d = 0; d < size.directories; ++d) {
    const auto directory = project.root() / tree_directory(d);
    fs::create_directories(directory);
    for (int f = 0; f < size.files / size.directories; ++f) {
      std::ofstream(directory / fmt::format("f{}.c", f)) << 'x';
    }
  }
}

ColdStart cold_start_of(const TestProject& project, int rounds) {
  project.configure({{"targets",
                      {{{"name", "all"},
                        {"type", "custom"},
                        {"buildCommand", "true"},
                        {"watchPaths", {"src/**/*.c"}}}}}});
  std::vector<double> ours;
  std::vector<double> bare;
  ColdStart start;
  const Call walk{.argv = {BARE_WALK_PROGRAM, (project.root() / "src").string()},
                  .cwd = project.root()};
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(milliseconds_of(walk));
    ours.push_back(milliseconds_of(project.poltergeist({"haunt"})));
    const auto daemon = project.daemon_pid();
    // What it reads of the files belongs to it.
    if (round + 1 == rounds) await_rest(daemon);
    start.memory_kib = memory_kib(daemon);
    project.run_poltergeist({"stop"});
  }
  start.ours = median(ours);
  start.bare = median(bare);
  return start;
}

long wake_ups_of(pid_t daemon, int seconds) {
  await_rest(daemon);
  const long before = voluntary_switches(daemon);
  ::poll(nullptr, 0, seconds * 1000);
  return voluntary_switches(daemon) - before;
}

EditTimes edits_without_window(TreeSize size, int rounds) {
  TestProject project;
  make_tree(project, size);
  const Stamps ours(project.root() / "ours.fifo");
  project.configure(stamping_project(ours, 0));
  haunt_at_rest(project, ours);

  TestProject beside;
  make_tree(beside, size);
  const Stamps bare(beside.root() / "bare.fifo");
  Program loop(
      {.argv = {BARE_LOOP_PROGRAM, (beside.root() / tree_directory(0)).string(), bare.command()},
       .cwd = beside.root()});
  if (!loop.await_output("ready")) std::exit(1);
  EditTimes times;
  for (int round = 0; round < rounds; ++round) {
    const auto text = std::to_string(round);
    times.ours.push_back(edit(project, ours, text));
    times.bare.push_back(bare.next_after(save(beside, text)));
  }
  return times;
}

std::vector<double> edits_with_window(int rounds) {
  TestProject project;
  make_tree(project, {.files = 10, .directories = 1});
  const Stamps stamps(project.root() / "ours.fifo");
  project.configure(stamping_project(stamps, 20));
  haunt_at_rest(project, stamps);
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(edit(project, stamps, std::to_string(round)));
  }
  return times;
}

}  // namespace poltergeist::bench
