// SPDX-License-Identifier: MIT
// `poltergeist doctor` on real trouble: what it finds, what it says to do, and that it ends.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Diagnosis {
  Ran ran;
  Json json;

  // The one finding of that name.
  [[nodiscard]] Json finding(const std::string& section, const std::string& name) const {
    std::vector<Json> found;
    for (const auto& one : json.at("findings")) {
      if (one.at("section") == section && one.at("name") == name) found.push_back(one);
    }
    INFO(json.dump(2));
    REQUIRE(found.size() == 1);
    return found.front();
  }
  [[nodiscard]] std::string found(const std::string& section, const std::string& name) const {
    return finding(section, name).at("found");
  }
};

Diagnosis diagnose(const TestProject& project, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"doctor", "--json"});
  auto ran = project.run_poltergeist(options);
  INFO(ran.err);
  auto json = Json::parse(ran.out);
  return {std::move(ran), std::move(json)};
}

void make_simple(const TestProject& project) {
  project.write("src/a", "first");
  project.configure({{"targets", {TestProject::copying_target("app", "src/a", "app")}}});
}

std::vector<std::string> everything_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    names.push_back(entry.path().lexically_relative(directory));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("without a daemon doctor says what one would do, and leaves nothing behind") {
  const TestProject project;
  make_simple(project);
  fs::create_directories(project.root() / "src/deep/deeper");
  const auto before = everything_in(project.root());
  const auto diagnosis = diagnose(project);

  CHECK(diagnosis.finding("daemon", "daemon").at("level") == "note");
  CHECK(diagnosis.finding("daemon", "daemon").at("command") == "poltergeist haunt");
  CHECK(diagnosis.found("watching", "back end") == "inotify");
  CHECK(contains(diagnosis.found("watching", "events"), "was heard of"));
  CHECK(diagnosis.json.at("events").empty());
  CHECK(everything_in(project.root()) == before);
  // What it says that a daemon would need is what the daemon needs.
  const auto foretold = diagnosis.finding("limits", "inotify watches").at("figures").at("needed");
  project.haunt();
  const auto needed =
      diagnose(project).finding("limits", "inotify watches").at("figures").at("needed");
  CHECK(foretold == needed);
}

TEST_CASE("with a daemon doctor says how it is, and what it heard of last") {
  const TestProject project;
  make_simple(project);
  project.haunt();
  project.write("src/a", "second");
  project.run_poltergeist({"wait"});
  // A name that is not UTF-8.
  project.write("src/a\xff", "x");
  fs::create_directory(project.root() / "new");
  const auto diagnosis = diagnose(project);

  const auto daemon = diagnosis.finding("daemon", "daemon");
  CHECK(daemon.at("level") == "ok");
  CHECK(daemon.at("figures").at("pid") == project.daemon_pid());
  CHECK(daemon.at("figures").at("memoryBytes") > 0);
  CHECK(diagnosis.finding("daemon", "version").at("level") == "ok");
  CHECK(diagnosis.finding("watching", "history").at("figures").at("hints") > 0);
  CHECK(diagnosis.finding("watching", "tree").at("figures").at("files") == 2);
  const auto limits = diagnosis.finding("limits", "inotify watches").at("figures");
  CHECK(limits.at("used") >= limits.at("needed"));

  const auto heard = [&](const std::string& kind, const std::string& path) {
    const auto& events = diagnosis.json.at("events");
    return std::any_of(events.begin(), events.end(), [&](const Json& event) {
      return event.at("kind") == kind && event.at("path") == path;
    });
  };
  INFO(diagnosis.json.at("events").dump(2));
  CHECK(heard("changed", "src/a"));
  CHECK(heard("changed", "src/a\uFFFD"));
  CHECK(heard("directory-appeared", "new"));
  const auto text = project.run_poltergeist({"doctor", "--events"}).out;
  CHECK(contains(text, "  directory-appeared  new\n"));
  CHECK_FALSE(contains(project.run_poltergeist({"doctor"}).out, "\nevents\n"));
}

TEST_CASE("no more than the last 256 events are kept, the newest last") {
  const TestProject project;
  make_simple(project);
  project.haunt();
  for (int i = 0; i < 300; ++i) project.write("f" + std::to_string(i), "");
  const auto events = diagnose(project).json.at("events");
  CHECK(events.size() == 256);
  CHECK(events.back().at("path") == "f299");
  CHECK(events.front().at("time") <= events.back().at("time"));
}

TEST_CASE("the longest names fit into the answer, the oldest events left out") {
  const TestProject project;
  project.write("src/a", "");
  auto target = TestProject::copying_target("app", "src/a", "app");
  target["watchPaths"] = {"src"};
  project.configure({{"targets", {target}}});
  // Each byte of a name becomes six in JSON.
  std::string deep = "src/";
  for (int i = 0; i < 14; ++i) deep.append(250, '\x01').append("/");
  fs::create_directories(project.root() / deep);
  project.haunt();
  for (int i = 0; i < 300; ++i) project.write(deep + std::to_string(i), "");
  const auto diagnosis = diagnose(project);
  const auto events = diagnosis.json.at("events");
  CHECK(diagnosis.finding("daemon", "daemon").at("level") == "ok");
  CHECK(events.size() > 10);
  CHECK(events.size() < 256);
  // Behind it there may be what a build wrote meanwhile.
  CHECK(std::any_of(events.begin(), events.end(), [](const Json& event) {
    return event.at("path").get<std::string>().ends_with("/299");
  }));
}

TEST_CASE("a daemon that is stopped does not stop doctor") {
  const TestProject project;
  make_simple(project);
  project.haunt();
  const auto pid = project.daemon_pid();
  REQUIRE(::kill(pid, SIGSTOP) == 0);
  const auto diagnosis = diagnose(project);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  CHECK(diagnosis.ran.code == 1);
  const auto daemon = diagnosis.finding("daemon", "daemon");
  CHECK(daemon.at("level") == "problem");
  CHECK(contains(daemon.at("command"), "kill -CONT " + std::to_string(pid)));
  CHECK(diagnosis.found("watching", "back end") == "inotify");
}

TEST_CASE("a state directory that cannot be used is said with what to do, and the rest is seen") {
  TestProject project;
  make_simple(project);
  struct Case {
    std::string name;
    std::string says;
  };
  fs::create_directory(project.state_dir() / "open");
  fs::permissions(project.state_dir() / "open", fs::perms::all);
  std::ofstream(project.state_dir() / "file") << "x";
  const Case cases[] = {{"open", "can be written by others"}, {"file", "no directory"}};
  for (const auto& [name, says] : cases) {
    INFO(name);
    project.env["POLTERGEIST_STATE_DIR"] = project.state_dir() / name;
    const auto diagnosis = diagnose(project);
    CHECK(diagnosis.ran.code == 1);
    const auto directory = diagnosis.finding("state", "directory");
    CHECK(directory.at("level") == "problem");
    CHECK(contains(directory.at("found"), says));
    CHECK(contains(directory.at("command"), "POLTERGEIST_STATE_DIR="));
    CHECK(diagnosis.finding("watching", "tree").at("level") == "ok");
  }
  project.env.erase("POLTERGEIST_STATE_DIR");
}

TEST_CASE("a state directory that is read-only is said, too") {
  if (::geteuid() == 0) return;  // who may write everywhere
  TestProject project;
  make_simple(project);
  fs::permissions(project.state_dir(), fs::perms::owner_read | fs::perms::owner_exec);
  const auto diagnosis = diagnose(project);
  fs::permissions(project.state_dir(), fs::perms::owner_all);
  CHECK(diagnosis.ran.code == 1);
  CHECK(contains(diagnosis.found("state", "directory"), "cannot be written"));
}

TEST_CASE("temporary files of dead writers are counted") {
  const TestProject project;
  make_simple(project);
  const auto dead = ::fork();
  if (dead == 0) ::_exit(0);
  REQUIRE(::waitpid(dead, nullptr, 0) == dead);
  std::ofstream(project.state_dir() / (".x.state." + std::to_string(dead) + ".tmp")) << "half";
  const auto leftovers = diagnose(project).finding("state", "leftovers");
  CHECK(leftovers.at("level") == "note");
  CHECK(leftovers.at("figures").at("files") == 1);
  project.haunt();
  CHECK(diagnose(project).finding("state", "leftovers").at("level") == "ok");
}

TEST_CASE("a tool that hangs is said not to answer, and doctor ends") {
  TestProject project;
  const auto bin = project.state_dir().parent_path() / "bin";
  fs::create_directory(bin);
  const auto fifo = bin / "endless";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::ofstream(bin / "hangs") << "#!/bin/sh\nread line < " << fifo.string() << "\n";
  fs::permissions(bin / "hangs", fs::perms::owner_all);
  project.env["PATH"] = bin.string() + ":" + std::getenv("PATH");
  project.write("src/a", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "hangs && absent-tool"},
                        {"outputPath", "app"},
                        {"watchPaths", {"src"}}}}}});
  const auto diagnosis = diagnose(project);
  CHECK(diagnosis.ran.code == 1);
  CHECK(diagnosis.finding("tools", "hangs").at("level") == "warning");
  CHECK(contains(diagnosis.found("tools", "hangs"), "did not tell its version"));
  CHECK(diagnosis.finding("tools", "hangs").at("command") ==
        (bin / "hangs").string() + " --version");
  CHECK(diagnosis.finding("tools", "absent-tool").at("level") == "warning");
  CHECK(processes_mentioning(fifo.string()).empty());
}

TEST_CASE("a configuration that cannot be read is one finding of many") {
  const TestProject project;
  project.write("poltergeist.config.json", "{ \"version\": ");
  const auto diagnosis = diagnose(project);
  CHECK(diagnosis.ran.code == 1);
  CHECK(diagnosis.json.at("level") == "problem");
  const auto configuration = diagnosis.finding("project", "configuration");
  CHECK(configuration.at("level") == "problem");
  CHECK(contains(configuration.at("found"), "poltergeist.config.json:"));
  CHECK(contains(diagnosis.found("watching", "events"), "was heard of"));
}

TEST_CASE("a back end that is asked for and not the usual one is named, with the reason") {
  const TestProject project;
  project.write("src/a", "");
  project.configure({{"targets", {TestProject::copying_target("app", "src/a", "app")}},
                     {"watcher", {{"backend", "poll"}}}});
  const auto before = diagnose(project);
  CHECK(before.found("watching", "back end") == "poll");
  CHECK(contains(before.found("limits", "inotify watches"), "not watched by inotify"));
  project.haunt();
  CHECK(diagnose(project).found("watching", "back end") == "poll");
}
