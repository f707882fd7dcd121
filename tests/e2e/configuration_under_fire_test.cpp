// SPDX-License-Identifier: MIT
// A configuration that is saved half-typed and damaged in every way, again and again, while builds
// and programs run.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <regex>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/editors.h"
#include "support/rounds.h"
#include "support/test_project.h"
#include "sys/unique_fd.h"

using namespace poltergeist::test;
using poltergeist::api::Client;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// "busy" builds until its gate is opened; "server" is a program that runs and is none of its
// business.
struct BusyProject : TestProject {
  BusyProject() {
    fs::create_directories(outside());
    REQUIRE(::mkfifo((root() / "gate").c_str(), 0600) == 0);
    write("busy.txt", "first");
    write("server.sh",
          "#!/bin/sh\ntrap 'exit 0' INT TERM\necho up >> alive\nwhile :; do sleep 300 & wait $!; "
          "done\n");
    auto server = TestProject::copying_target("server", "server.sh", "server");
    server["autoRun"] = {{"enabled", true}, {"restartDelayMs", 0}};
    configure({{"targets",
                {{{"name", "busy"},
                  {"type", "custom"},
                  {"buildCommand",
                   "cp busy.txt built; echo begun >> busy.builds; read go < gate; [ -n \"$go\" ]"},
                  {"watchPaths", {"busy.txt"}}},
                 server}}});
    good = read(kName);
    REQUIRE(run_poltergeist({"haunt"}).code == 0);
    REQUIRE(let_build_end());
    REQUIRE(run_poltergeist({"wait"}).code == 0);
    REQUIRE(await([&] { return read("alive") == "up\n"; }));
  }
  [[nodiscard]] fs::path outside() const { return root().parent_path() / "outside"; }
  [[nodiscard]] fs::path file() const { return root() / kName; }
  // Not for ever, where no build stands before it.
  [[nodiscard]] bool let_build_end() const {
    poltergeist::UniqueFd gate;
    return await([&] {
             gate = poltergeist::UniqueFd(
                 ::open((root() / "gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
             return static_cast<bool>(gate);
           }) &&
           ::write(gate.get(), "go\n", 3) == 3;
  }

  static constexpr const char* kName = "poltergeist.config.json";
  std::string good;
};

// What somebody may leave of `good` in the file: never a configuration.
std::string damaged(const std::string& good, std::mt19937& random) {
  const auto at = [&] { return random() % (good.size() - 2); };
  while (true) {
    auto text = good;
    switch (random() % 4) {
      case 0:
        text.resize(at());
        break;
      case 1:
        text.erase(at(), 1 + random() % 40);
        break;
      case 2: {  // a key that there is none of
        const auto key = text.find("watchPaths", random() % 2 == 0 ? 0 : good.size() / 2);
        text[key + random() % 10] = '_';
        return text;
      }
      default:
        for (auto count = 1 + random() % 3; count > 0; --count) {
          text[at()] = static_cast<char>(random());
        }
    }
    if (!Json::accept(text)) return text;
  }
}

// What the daemon says of its configuration, with all in view that was saved before.
Json configuration_of(Client& client) {
  REQUIRE(client.call("sync"));
  const auto status = client.call("status");
  REQUIRE(status);
  return status->at("configuration");
}

}  // namespace

TEST_CASE("no damage to a configuration stops anything, and all is well when it is whole again") {
  const BusyProject project;
  auto client = std::move(*Client::connect(project.socket()));
  const auto daemon = project.daemon_pid();
  const auto server = project.status()["server"]["runner"]["pid"];
  const std::regex located("poltergeist\\.config\\.json:[0-9]+:[0-9]+: .");
  std::mt19937 random(20260131);
  std::chrono::steady_clock::duration slowest{};
  int refused = 0;
  const int saves = rounds(30, 1'000);
  for (int i = 0; i < saves; ++i) {
    const auto& editor = editors()[static_cast<std::size_t>(i) % editors().size()];
    INFO("round " << i << ", " << editor.name);
    const auto builds = project.builds_of("busy");
    const auto version = std::to_string(i);
    project.write("busy.txt", version);
    REQUIRE(await([&] { return project.builds_of("busy") > builds; }));

    editor.save(project.file(), project.outside(), damaged(project.good, random));
    const auto text = project.read(BusyProject::kName);
    INFO(text);
    const auto said = configuration_of(client);
    REQUIRE(said.at("valid") == (text == project.good));
    if (text != project.good) {
      ++refused;
      const auto problem = said.at("problems").at(0).get<std::string>();
      INFO(problem);
      REQUIRE(std::regex_search(problem, located));
    }
    // The one before holds: the build goes on by it, and so does the next.
    REQUIRE(project.let_build_end());
    const auto waited = client.call("wait", {{"target", "busy"}});
    REQUIRE(waited);
    REQUIRE(waited->at("targets").at(0).at("answer") == "fresh");
    REQUIRE(project.read("built") == version);

    const auto begin = std::chrono::steady_clock::now();
    editor.save(project.file(), project.outside(), project.good);
    if (project.read(BusyProject::kName) != project.good) {
      project.write(BusyProject::kName, project.good);  // one that cannot
    }
    REQUIRE(await([&] {
      const auto status = client.call("status");
      return status && status->at("configuration").at("valid") == true;
    }));
    slowest = std::max(slowest, std::chrono::steady_clock::now() - begin);
    REQUIRE(project.builds_of("busy") == builds + 1);
  }
  WARN(refused << " refused; the slowest return to a good one took "
               << std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count() << " ms");
  CHECK(refused > saves * 3 / 4);
  CHECK(project.daemon_pid() == daemon);
  CHECK(project.status()["server"]["runner"]["pid"] == server);
  CHECK(project.read("alive") == "up\n");
}
