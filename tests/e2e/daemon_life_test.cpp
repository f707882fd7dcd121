// SPDX-License-Identifier: MIT
// The daemon's own life: one of it, its end, what is left when it is killed, a configuration that
// changes.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

Json one_target() {
  return {{"targets", {TestProject::copying_target("app", "a.txt", "app")}}};
}

Json with_log(const Json& logging) {
  auto configuration = one_target();
  configuration["logging"] = logging;
  return configuration;
}

std::vector<std::string> lines_of_log(const TestProject& project) {
  const auto file = project.status().at("_daemon").at("logFile").get<std::string>();
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// How many of the lines from `first` on are objects, and how many are sentences.
struct Kinds {
  std::size_t objects = 0;
  std::size_t sentences = 0;
};
Kinds kinds_of(const std::vector<std::string>& lines, std::size_t first = 0) {
  Kinds kinds;
  for (std::size_t i = first; i < lines.size(); ++i) {
    const auto object = Json::parse(lines[i], nullptr, false);
    const bool whole = object.is_object() && object.contains("time") && object.contains("level") &&
                       object.contains("message");
    ++(whole ? kinds.objects : kinds.sentences);
  }
  return kinds;
}

}  // namespace

TEST_CASE("there is one daemon of a project, and the second haunt says so") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure(one_target());
  project.haunt();
  const auto pid = project.daemon_pid();
  const auto again = project.run_poltergeist({"haunt"});
  CHECK(again.code == 0);
  CHECK((again.out + again.err).find(std::to_string(pid)) != std::string::npos);
  CHECK(project.daemon_pid() == pid);
}

TEST_CASE("a killed daemon is noticed at once by whoever asks next, and haunt takes over") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure(one_target());
  project.haunt();
  ::kill(project.daemon_pid(), SIGKILL);
  CHECK(project.run_poltergeist({"wait"}).code == 3);
  const auto status = project.run_poltergeist({"status"});
  CHECK(status.code == 3);
  CHECK((status.out + status.err).find("haunt") != std::string::npos);
  project.haunt();
  CHECK(project.run_poltergeist({"status"}).code == 0);
  CHECK(project.builds_of("app") == 1);  // still fresh
}

TEST_CASE(
    "a daemon that was killed in the middle of a build never leaves a state that says building") {
  TestProject project;
  project.write("a", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "sleep 300"},
                        {"watchPaths", {"a"}}}}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] {
    const auto state = project.state_of("app");
    return state.contains("lastBuild") && state["lastBuild"]["status"] == "building";
  }));
  ::kill(project.daemon_pid(), SIGKILL);
  const auto status = project.run_poltergeist({"status", "--json"});
  CHECK(status.code == 3);
  CHECK(Json::parse(status.out)["app"]["lastBuild"]["status"] != "building");
}

TEST_CASE("a daemon whose files were removed is ended by the next one, and nothing runs twice") {
  TestProject project;
  project.write("app.sh",
                "#!/bin/sh\nexec flock -n alone sh -c 'echo $$ >> starts; read x < gate'\n");
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  auto configuration = Json{{"targets", {TestProject::copying_target("app", "app.sh", "app")}}};
  configuration["targets"][0]["autoRun"] = {{"enabled", true}};
  project.configure(configuration);
  const auto starts = [&] {
    const auto text = project.read("starts");
    return std::count(text.begin(), text.end(), '\n');
  };
  project.haunt();
  REQUIRE(await([&] { return starts() == 1; }));
  const auto first = project.daemon_pid();
  SECTION("all of the state directory") {
    for (const auto& entry : fs::directory_iterator(project.state_dir())) fs::remove(entry.path());
    CHECK(project.run_poltergeist({"haunt"}).code == 0);
  }
  SECTION("its lock") {
    fs::remove(fs::path(project.socket()).replace_extension(".lock"));
    CHECK(project.run_poltergeist({"haunt"}).code == 0);
  }
  SECTION("its socket") {
    fs::remove(project.socket());
    const auto ran = project.run_polter({"app"});
    CHECK(ran.code == 3);
    CHECK(ran.err.find("`poltergeist restart`") != std::string::npos);
    CHECK(project.run_poltergeist({"restart"}).code == 0);
  }
  REQUIRE(await([&] { return ::kill(first, 0) != 0; }));
  CHECK(project.daemon_pid() != first);
  REQUIRE(await([&] { return starts() == 2; }));  // and the second one had the lock
}

TEST_CASE("stop ends a daemon whose files were removed, and all that it started") {
  const TestProject project;
  project.write("app.sh", "#!/bin/sh\necho > up; exec sleep 1000\n");
  auto configuration = Json{{"targets", {TestProject::copying_target("app", "app.sh", "app")}}};
  configuration["targets"][0]["autoRun"] = {{"enabled", true}};
  project.configure(configuration);
  project.haunt();
  REQUIRE(await([&] { return fs::exists(project.root() / "up"); }));
  const auto pid = project.daemon_pid();
  const auto runner = project.state_of("app")["runner"]["pid"].get<pid_t>();
  const bool whole = GENERATE(true, false);
  if (whole) {
    for (const auto& entry : fs::directory_iterator(project.state_dir())) fs::remove(entry.path());
  } else {
    fs::remove(project.socket());
  }
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await([&] { return ::kill(pid, 0) != 0 && ::kill(runner, 0) != 0; }));
}

TEST_CASE("stop ends the daemon and everything that it started") {
  TestProject project;
  project.write("a", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "setsid sleep 300 & sleep 300"},
                        {"watchPaths", {"a"}}}}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] {
    return processes_mentioning("POLTERGEIST_PROJECT_ROOT=" + project.root().string()).size() >= 3;
  }));
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await([&] { return processes_mentioning(project.root().string()).empty(); },
              std::chrono::seconds(5)));
  CHECK(project.state_of("app")["process"]["isActive"] == false);
  CHECK(project.state_of("app")["lastBuild"]["status"] != "building");
}

TEST_CASE("a saved configuration is applied while running, whole") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\necho 1\n");
  project.write("b.txt", "#!/bin/sh\necho 1\n");
  project.configure(one_target());
  project.haunt();

  auto configuration = one_target();
  configuration["targets"].push_back(TestProject::copying_target("more", "b.txt", "more"));
  project.configure(configuration);
  CHECK(project.run_poltergeist({"wait", "more"}).code == 0);
  CHECK(project.builds_of("more") == 1);
  CHECK(project.builds_of("app") == 1);  // not touched by the change

  configuration["targets"].erase(0);
  project.configure(configuration);
  CHECK(project.run_poltergeist({"wait", "app"}).code == 4);
  CHECK(project.state_of("app") == nullptr);
  project.write("a.txt", "#!/bin/sh\necho 2\n");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 1);
}

TEST_CASE("a half-typed configuration changes nothing, and status says why") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\necho 1\n");
  project.configure(one_target());
  project.haunt();
  const auto good = project.read("poltergeist.config.json");
  project.write("poltergeist.config.json", good.substr(0, good.size() / 2));
  auto status = project.status();  // syncs nothing: the daemon may still be about to see it
  REQUIRE(await([&] {
    status = project.status();
    return status["_configuration"]["valid"] == false;
  }));
  CHECK(status["_configuration"]["problems"][0].get<std::string>().find(
            "poltergeist.config.json:") != std::string::npos);
  project.write("a.txt", "#!/bin/sh\necho 2\n");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.builds_of("app") == 2);
  project.write("poltergeist.config.json", good);
  REQUIRE(await([&] { return project.status()["_configuration"]["valid"] == true; }));
  CHECK(project.builds_of("app") == 2);
}

TEST_CASE("a project is found from a directory below it, and by another way to it") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\necho hello\n");
  project.write("deep/er/x", "");
  project.configure(one_target());
  project.haunt();
  auto below = project.polter({"app"});
  below.cwd = project.root() / "deep/er";
  CHECK(run(below).out == "hello\n");
  const auto link = project.root().parent_path() / "link";
  std::filesystem::create_directory_symlink(project.root(), link);
  auto beside = project.poltergeist({"status"});
  beside.cwd = link;
  beside.env["PWD"] = link.string();
  CHECK(run(beside).code == 0);
}

TEST_CASE("build works without a daemon, under the same lock, and remembers what it built") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\necho 1\n");
  project.configure(one_target());
  const auto built = project.run_poltergeist({"build", "app"});
  CHECK(built.code == 0);
  CHECK(project.builds_of("app") == 1);
  project.haunt();
  CHECK(project.builds_of("app") == 1);  // found fresh
}

TEST_CASE("the daemon's log has the form that the configuration asks for") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure(with_log({{"format", "json"}}));
  project.haunt();
  CHECK(kinds_of(lines_of_log(project)).objects > 0);
  CHECK(kinds_of(lines_of_log(project)).sentences == 0);
}

TEST_CASE("a saved configuration changes the form of the log, and what is important, at once") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure(with_log({{"level", "error"}}));
  project.haunt();
  CHECK(lines_of_log(project).empty());

  // Each configuration that is applied is a line of level info, unless it raises the level.
  project.configure(with_log({{"level", "info"}, {"format", "json"}}));
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  const auto lines = lines_of_log(project);
  CHECK(kinds_of(lines).objects > 0);
  CHECK(kinds_of(lines).sentences == 0);

  project.configure(with_log({{"level", "info"}, {"format", "text"}}));
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  const auto more = lines_of_log(project);
  CHECK(kinds_of(more, lines.size()).sentences > 0);
  CHECK(kinds_of(more, lines.size()).objects == 0);

  project.configure(with_log({{"level", "error"}, {"format", "text"}}));
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  CHECK(lines_of_log(project).size() == more.size());
}

TEST_CASE("a level that was asked for at the start outlives a change of the log's form") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure(with_log({{"level", "error"}}));
  REQUIRE(project.run_poltergeist({"haunt", "--log-level", "info"}).code == 0);
  const auto before = lines_of_log(project).size();
  CHECK(before > 0);
  project.configure(with_log({{"level", "error"}, {"format", "json"}}));
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  CHECK(kinds_of(lines_of_log(project), before).objects > 0);
}

TEST_CASE("the daemon logs where the configuration wants it, and its log is no change") {
  const TestProject project;
  project.write("app.c", "one");
  project.configure({{"logging", {{"file", "logs/ghost.log"}, {"level", "debug"}}},
                     {"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "echo x >> ../builds"},
                        {"watchPaths", {"**/*"}}}}}});
  project.haunt();
  const auto log = project.root() / "logs/ghost.log";
  CHECK(project.status()["_daemon"]["logFile"] == log.string());
  CHECK(project.read("logs/ghost.log").find("haunting") != std::string::npos);
  project.write("app.c", "two");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.read("../builds") == "x\nx\n");
}
