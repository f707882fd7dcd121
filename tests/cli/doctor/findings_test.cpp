// SPDX-License-Identifier: MIT
// Each thing that doctor looks at, when it is well and when it is not.
#include "cli/doctor/findings.h"

#include <functional>

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::doctor;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kGiB = 1 << 30;

FileSystem local() {
  return {.type = "ext4",
          .mount = "/",
          .has_figures = true,
          .free_bytes = 50 * kGiB,
          .total_bytes = 100 * kGiB,
          .free_files = 1'000'000,
          .total_files = 2'000'000};
}

WatchFacts watching() {
  return {.state = "ok",
          .backend = "inotify",
          .files = 100,
          .directories = 10,
          .watches_needed = 13,
          .watches = 10};
}

DaemonFacts alive() {
  return {.life = DaemonFacts::Life::Alive,
          .pid = 4711,
          .version = "0.1.0",
          .uptime = 65s,
          .memory = 9 << 20,
          .socket = "/tmp/poltergeist/p-12345678.sock"};
}

// A project, its daemon and a system with which all is well.
Facts well() {
  Facts facts;
  facts.root = "/home/me/p";
  facts.version = "0.1.0";
  facts.configuration = {.file = "/home/me/p/poltergeist.config.json", .targets = 2};
  facts.file_system = local();
  facts.probe = {.heard = true, .not_tried = {}};
  facts.watch = watching();
  facts.limits = {.watches = {.value = 65'536, .key = "fs.inotify.max_user_watches"},
                  .instances = {.value = 128, .key = "fs.inotify.max_user_instances"},
                  .use = {.instances = 3, .watches = 500},
                  .daemons = {.instances = 1, .watches = 13},
                  .queued_events = 16'384,
                  .open_files_soft = 1024,
                  .open_files_hard = 4096,
                  .open_files = 20};
  facts.state = {.directory = "/tmp/poltergeist",
                 .is_there = true,
                 .owner = 1000,
                 .mode = 0700,
                 .file_system = local()};
  facts.daemon = alive();
  facts.cgroup = {.cgroup = "/sys/fs/cgroup/a", .trouble = {}};
  facts.shell = {.path = "/bin/sh", .real = "/usr/bin/dash"};
  facts.tools = {{.name = "git",
                  .file = "/usr/bin/git",
                  .answer = ToolFacts::Answer::Version,
                  .text = "git version 2.39.5"}};
  return facts;
}

// The one finding of a name; a second one is a mistake of the test.
Finding named(const Facts& facts, Section section, const std::string& name) {
  std::vector<Finding> found;
  for (const auto& finding : findings_for(facts)) {
    if (finding.section == section && finding.name == name) found.push_back(finding);
  }
  INFO(name);
  REQUIRE(found.size() == 1);
  return found.front();
}

Facts but(const std::function<void(Facts&)>& change) {
  auto facts = well();
  change(facts);
  return facts;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Case {
  Section section;
  std::string name;
  Level level;
  std::string found;    // a part of it
  std::string command;  // whole
  std::function<void(Facts&)> change;
};

void check(const std::vector<Case>& cases) {
  for (const auto& one : cases) {
    const auto finding = named(but(one.change), one.section, one.name);
    CAPTURE(one.name, one.found, finding.found, finding.advice);
    CHECK(name_in(kLevels, finding.level) == name_in(kLevels, one.level));
    CHECK(contains(finding.found, one.found));
    CHECK(finding.command == one.command);
    CHECK(finding.advice.empty() == (one.level == Level::Ok));
  }
}

}  // namespace

TEST_CASE("where all is well, nothing is to be done") {
  for (const auto& finding : findings_for(well())) {
    CAPTURE(finding.name, finding.found);
    CHECK(finding.level == Level::Ok);
    CHECK_FALSE(finding.found.empty());
    CHECK(finding.advice.empty());
    CHECK(finding.command.empty());
  }
  CHECK(worst_of(findings_for(well())) == Level::Ok);
  CHECK(worst_of({}) == Level::Ok);
}

TEST_CASE("the worst finding is the verdict") {
  std::vector<Finding> findings(3);
  findings[1].level = Level::Warning;
  findings[2].level = Level::Note;
  CHECK(worst_of(findings) == Level::Warning);
}

TEST_CASE("doctor judges the project") {
  check({
      {Section::Project, "configuration", Level::Problem, "is refused\np.json:1:2: no",
       "poltergeist validate",
       [](Facts& facts) {
         facts.configuration.trouble = "it is refused";
         facts.configuration.problems = {"p.json:1:2: no"};
       }},
      {Section::Project, "programs", Level::Problem, "needs npm", "poltergeist restart",
       [](Facts& facts) { facts.configuration.missing_programs = {"target \"a\" needs npm"}; }},
      {Section::Project, "room", Level::Warning, "512.0 MiB of 100.0 GiB free",
       "du -xh / | sort -h | tail", [](Facts& facts) { facts.file_system.free_bytes = kGiB / 2; }},
      {Section::Project, "room", Level::Problem, "1.0 KiB of", "du -xh / | sort -h | tail",
       [](Facts& facts) { facts.file_system.free_bytes = 1024; }},
      {Section::Project, "room", Level::Problem, "room for 0 files", "du -xh / | sort -h | tail",
       [](Facts& facts) { facts.file_system.free_files = 0; }},
      {Section::Project, "room", Level::Ok, "free (btrfs", "",
       [](Facts& facts) {  // which has no limit of its own
         facts.file_system.type = "btrfs";
         facts.file_system.free_files = facts.file_system.total_files = 0;
       }},
      {Section::Project, "writable", Level::Note, "/ is mounted read-only", "",
       [](Facts& facts) { facts.file_system.read_only = true; }},
  });
}

TEST_CASE("doctor judges the back end, its events and the tree") {
  check({
      {Section::Watching, "back end", Level::Note, "poll: /home/me/p is on NFS", "",
       [](Facts& facts) {
         facts.watch->backend = "poll";
         facts.watch->choice = "/home/me/p is on NFS";
       }},
      {Section::Watching, "back end", Level::Warning, "poll: no inotify instance is left", "",
       [](Facts& facts) {
         facts.watch->backend = "poll";
         facts.watch->shortfall = "no inotify instance is left";
       }},
      {Section::Watching, "events", Level::Warning, "was not heard of (ext4)", "",
       [](Facts& facts) { facts.probe.heard = false; }},
      {Section::Watching, "events", Level::Note, "was not heard of (nfs4)", "",
       [](Facts& facts) {
         facts.probe.heard = false;
         facts.watch->backend = "poll";
         facts.file_system.type = "nfs4";
       }},
      {Section::Watching, "events", Level::Note, "not tried: Read-only file system", "",
       [](Facts& facts) { facts.probe = {.heard = false, .not_tried = "Read-only file system"}; }},
      {Section::Watching, "tree", Level::Warning, "degraded: 100 files in 10 directories; x may",
       "",
       [](Facts& facts) {
         facts.watch->state = "degraded";
         facts.watch->reason = "x may not be read";
       }},
      {Section::Watching, "tree", Level::Problem, "the root is gone", "",
       [](Facts& facts) {
         facts.watch->state = "failed";
         facts.watch->reason = "the root is gone";
       }},
      {Section::Watching, "tree", Level::Note, "rescanning: ", "",
       [](Facts& facts) { facts.watch->state = "rescanning"; }},
      {Section::Watching, "history", Level::Note,
       "7 hints, 2 overflows, 3 comparisons of the whole tree, 4 files",
       "sudo sysctl fs.inotify.max_queued_events=65536",
       [](Facts& facts) {
         facts.watch->hints = 7;
         facts.watch->overflows = 2;
         facts.watch->rescans = 3;
         facts.watch->rewritten = 4;
       }},
      {Section::Watching, "history", Level::Warning, "; 5 changes were found that no event told of",
       "", [](Facts& facts) { facts.watch->unheard = 5; }},
  });
}

TEST_CASE("doctor judges the limits by what the others leave to this project") {
  check({
      {Section::Limits, "inotify watches", Level::Ok,
       "at least 500 are taken; this project needs 13", "", [](Facts&) {}},
      {Section::Limits, "inotify watches", Level::Warning, "20, of which at least 13 are taken",
       "sudo sysctl user.max_inotify_watches=524288",
       [](Facts& facts) {
         facts.limits.watches = {.value = 20, .key = "user.max_inotify_watches"};
         facts.limits.use.watches = 13;
         facts.watch->watches_needed = 104;
       }},
      {Section::Limits, "inotify watches", Level::Warning, "needs 600",
       "sudo sysctl fs.inotify.max_user_watches=524288",
       [](Facts& facts) {  // 1000, of which the others have 487
         facts.limits.watches.value = 1000;
         facts.watch->watches_needed = 600;
       }},
      {Section::Limits, "inotify watches", Level::Ok, "needs 13", "",
       [](Facts& facts) {  // the others have nothing: what is taken is our own daemon's
         facts.limits.watches.value = 100;
         facts.limits.use.watches = 13;
       }},
      {Section::Limits, "inotify watches", Level::Note, "needs 13",
       "sudo sysctl fs.inotify.max_user_watches=524288",
       [](Facts& facts) { facts.limits.watches.value = 600; }},
      {Section::Limits, "inotify watches", Level::Warning, "needs 13",
       "sudo sysctl fs.inotify.max_user_watches=524288",
       [](Facts& facts) { facts.watch->polled = 1; }},
      {Section::Limits, "inotify watches", Level::Ok, "not watched by inotify", "",
       [](Facts& facts) {
         facts.watch->backend = "poll";
         facts.watch->polled = 10;
         facts.limits.watches.value = 500;
       }},
      {Section::Limits, "inotify watches", Level::Warning, "needs 1000000",
       "sudo sysctl fs.inotify.max_user_watches=2097152",
       [](Facts& facts) { facts.watch->watches_needed = 1'000'000; }},
      {Section::Limits, "inotify instances", Level::Warning, "128, of which at least 129 are taken",
       "sudo sysctl fs.inotify.max_user_instances=1024",
       [](Facts& facts) { facts.limits.use.instances = 129; }},
      {Section::Limits, "inotify instances", Level::Note, "at least 110 are taken",
       "sudo sysctl fs.inotify.max_user_instances=1024",
       [](Facts& facts) { facts.limits.use.instances = 110; }},
      {Section::Limits, "inotify instances", Level::Warning, "0, of which at least 0",
       "sudo sysctl fs.inotify.max_user_instances=1024",
       [](Facts& facts) {
         facts.limits.instances.value = 0;
         facts.limits.use.instances = facts.limits.daemons.instances = 0;
       }},
      {Section::Limits, "inotify queue", Level::Note, "64 events",
       "sudo sysctl fs.inotify.max_queued_events=16384",
       [](Facts& facts) { facts.limits.queued_events = 64; }},
      {Section::Limits, "inotify queue", Level::Ok, "not known", "",
       [](Facts& facts) { facts.limits.queued_events.reset(); }},
      {Section::Limits, "open files", Level::Warning,
       "1024 (at most 4096 on demand), 1000 are open", "ulimit -n 4096 && poltergeist restart",
       [](Facts& facts) { facts.limits.open_files = 1000; }},
      {Section::Limits, "open files", Level::Warning, "64 (at most 100",
       "ulimit -n 100 && poltergeist restart",
       [](Facts& facts) {
         facts.limits.open_files_soft = 64;
         facts.limits.open_files_hard = 100;
       }},
  });
}

TEST_CASE("doctor judges the daemon") {
  check({
      {Section::Daemon, "daemon", Level::Ok, "pid 4711, for 1m 5s, 9.0 MiB", "", [](Facts&) {}},
      {Section::Daemon, "daemon", Level::Note, "none is running", "poltergeist haunt",
       [](Facts& facts) { facts.daemon->life = DaemonFacts::Life::Gone; }},
      {Section::Daemon, "daemon", Level::Note, "killed (pid 4711) left its socket behind",
       "poltergeist haunt",
       [](Facts& facts) {
         facts.daemon->life = DaemonFacts::Life::Gone;
         facts.daemon->left_socket = facts.daemon->left_file = true;
       }},
      {Section::Daemon, "daemon", Level::Problem, "does not answer",
       "kill -CONT 4711 || kill -9 4711; poltergeist haunt",
       [](Facts& facts) {
         facts.daemon->life = DaemonFacts::Life::Silent;
         facts.daemon->trouble = "the daemon does not answer";
       }},
      {Section::Daemon, "daemon", Level::Warning, "no method \"doctor\"", "poltergeist restart",
       [](Facts& facts) { facts.daemon->trouble = "no method \"doctor\""; }},
      {Section::Daemon, "version", Level::Warning, "0.0.9, but this program is 0.1.0",
       "poltergeist restart", [](Facts& facts) { facts.daemon->version = "0.0.9"; }},
      {Section::Daemon, "socket", Level::Ok, "p-12345678.sock (32 of at most 107 bytes)", "",
       [](Facts&) {}},
      {Section::Daemon, "containment", Level::Ok, "cgroups below /sys/fs/cgroup/a", "",
       [](Facts&) {}},
      {Section::Daemon, "containment", Level::Note, "without cgroups: Permission denied",
       "poltergeist stop; systemd-run --user --scope -p Delegate=yes poltergeist haunt",
       [](Facts& facts) { facts.cgroup = {.cgroup = {}, .trouble = "Permission denied"}; }},
      {Section::Daemon, "writing", Level::Warning, "cannot write its state: No space left", "",
       [](Facts& facts) { facts.daemon->degraded = "No space left"; }},
  });
}

TEST_CASE("doctor judges the state directory") {
  const std::string elsewhere = "export POLTERGEIST_STATE_DIR=\"$HOME/.local/state/poltergeist\"";
  check({
      {Section::State, "directory", Level::Ok, "/tmp/poltergeist (mode 0700, user 1000, ext4)", "",
       [](Facts&) {}},
      {Section::State, "directory", Level::Problem, "can be written by others", elsewhere,
       [](Facts& facts) { facts.state.trouble = "it can be written by others"; }},
      {Section::State, "directory", Level::Warning, "nfs4",
       "export POLTERGEIST_STATE_DIR=\"${XDG_RUNTIME_DIR:-/tmp}/poltergeist\"",
       [](Facts& facts) { facts.state.file_system.type = "nfs4"; }},
      {Section::State, "room", Level::Warning, "8.0 MiB of", "du -xh / | sort -h | tail",
       [](Facts& facts) { facts.state.file_system.free_bytes = 8 << 20; }},
      {Section::State, "room", Level::Problem, "512 bytes of", "du -xh / | sort -h | tail",
       [](Facts& facts) { facts.state.file_system.free_bytes = 512; }},
      {Section::State, "leftovers", Level::Note, "1 temporary file of writers that were killed",
       "poltergeist restart",
       [](Facts& facts) { facts.state.leftovers = {"/tmp/poltergeist/.x.1.tmp"}; }},
  });
}

TEST_CASE("doctor judges the shell and the tools") {
  const auto tool = [](ToolFacts facts) { return [facts](Facts& all) { all.tools = {facts}; }; };
  using Answer = ToolFacts::Answer;
  check({
      {Section::Tools, "shell", Level::Ok, "/bin/sh (/usr/bin/dash)", "", [](Facts&) {}},
      {Section::Tools, "shell", Level::Problem, "/bin/sh is not there", "",
       [](Facts& facts) { facts.shell.real.clear(); }},
      {Section::Tools, "git", Level::Ok, "git version 2.39.5 (/usr/bin/git)", "", [](Facts&) {}},
      {Section::Tools, "git", Level::Ok, "not needed", "", tool({.name = "git"})},
      {Section::Tools, "sh", Level::Ok, "tells no version", "",
       tool({.name = "sh", .file = "/bin/sh", .answer = Answer::Nothing})},
      {Section::Tools, "cc", Level::Warning, "/opt/a b/cc did not tell its version within 2.0s",
       "'/opt/a b/cc' --version",
       tool({.name = "cc", .file = "/opt/a b/cc", .answer = Answer::Silent})},
      {Section::Tools, "cc", Level::Warning, "starting cc: Exec format error", "",
       tool({.name = "cc",
             .file = "/bin/cc",
             .answer = Answer::Unusable,
             .text = "starting cc: Exec format error"})},
      {Section::Tools, "cc", Level::Warning, "not there, and target app is built with it", "",
       tool({.name = "cc", .used_by = "app"})},
      {Section::Tools, "watchman", Level::Warning, "`watcher.backend` asks for it", "",
       [](Facts& facts) {
         facts.wants_watchman = true;
         facts.tools = {{.name = "watchman"}};
       }},
  });
}

TEST_CASE("what is not known is left out") {
  const auto names_of = [](const std::vector<Finding>& findings) {
    std::vector<std::string> names;
    for (const auto& finding : findings) names.push_back(finding.name);
    return names;
  };
  using Names = std::vector<std::string>;
  const auto facts = but([](Facts& all) {
    all.watch.reset();
    all.daemon.reset();
    all.state.is_there = false;
  });
  CHECK(names_of(watching_findings(facts)) == Names{"events"});
  CHECK(names_of(daemon_findings(facts)) == Names{});
  CHECK(names_of(state_findings(facts)) == Names{"directory"});
}

TEST_CASE("sizes are told in the unit that fits") {
  CHECK(size_text(0) == "0 bytes");
  CHECK(size_text(1023) == "1023 bytes");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(3 * kGiB) == "3.0 GiB");
}
