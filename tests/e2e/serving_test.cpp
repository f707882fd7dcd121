// SPDX-License-Identifier: MIT
// Clients that wait while the ground moves: the daemon stops, a target goes, builds are paused, the
// configuration changes. Whoever waits is answered or hears the end; nobody hangs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::api::Client;
using poltergeist::api::ErrorCode;
using poltergeist::api::RpcError;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// A build that begins and then waits until the test opens its gate.
struct Gate {
  explicit Gate(const TestProject& project, const std::string& name)
      : path(project.root() / (name + ".gate")) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  }
  // Ends the build that stands before it.
  void open() const {
    const poltergeist::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::write(fd.get(), "\n", 1) == 1);
  }
  fs::path path;
};

Json gated_target(const std::string& name) {
  return {{"name", name},
          {"type", "custom"},
          {"buildCommand", "echo begun >> " + name + ".begun; read go < " + name +
                               ".gate; echo done >> " + name + ".done"},
          {"watchPaths", {name + ".txt"}}};
}

bool await_begun(const TestProject& project, const std::string& name) {
  return await([&] { return !project.read(name + ".begun").empty(); });
}

// A daemon of `targets` that is building "app", one of them, until its gate is opened.
Gate begin_build(const TestProject& project, const std::vector<Json>& targets) {
  project.write("app.txt", "");
  Gate gate(project, "app");
  project.configure({{"targets", targets}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await_begun(project, "app"));
  return gate;
}

Client connect(const TestProject& project) {
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  return std::move(*client);
}

constexpr poltergeist::Milliseconds kPatience{20'000};

// The next answer that comes; an error where none does.
tl::expected<Json, RpcError> answer_to(Client& client) {
  const auto message = client.next_message(kPatience);
  if (!message) return tl::unexpected<RpcError>(poltergeist::api::to_rpc_error(message.error()));
  const auto* response = std::get_if<poltergeist::api::Response>(&*message);
  REQUIRE(response != nullptr);
  return response->outcome;
}

// The daemon knows of it when this returns: requests of one connection are taken in order.
void ask_to_wait(Client& client, const Json& params) {
  REQUIRE(client.send_request("wait", params));
  REQUIRE(client.send_request("sync"));
  const auto synced = answer_to(client);
  REQUIRE(synced);
  REQUIRE(synced->contains("clock"));
}

}  // namespace

TEST_CASE("clients that wait when the daemon is stopped hear the end of their connection") {
  TestProject project;
  const auto gate = begin_build(project, {gated_target("app")});
  auto client = connect(project);
  ask_to_wait(client, {{"target", "app"}});
  auto watcher = connect(project);
  REQUIRE(watcher.call("events"));
  auto builder = connect(project);
  REQUIRE(builder.send_request("build", {{"target", "app"}}));
  Program running(project.polter({"app"}));
  REQUIRE(running.await_error("app"));

  CHECK(project.run_poltergeist({"stop"}).code == 0);
  for (auto* waiting : {&client, &builder}) {
    const auto answer = answer_to(*waiting);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::Unavailable);
  }
  bool was_told = false;
  auto note = watcher.next_notification(kPatience);
  for (; note; note = watcher.next_notification(kPatience)) {
    was_told = was_told || note->params["type"] == "daemon_stopping";
  }
  CHECK(was_told);
  CHECK(note.error().code == poltergeist::Errc::Unavailable);
  CHECK(running.await_end().shell_code() == 3);
}

TEST_CASE("a daemon that is stopping begins nothing new") {
  TestProject project;
  project.write("app.txt",
                "#!/bin/sh\ntrap : TERM INT\necho up >> up\nwhile :; do sleep 1; done\n");
  project.write("b.txt", "");
  auto app = TestProject::copying_target("app", "app.txt", "app");
  auto other = TestProject::copying_target("other", "app.txt", "other");
  app["autoRun"] = {{"enabled", true}, {"stopTimeoutMs", 2000}};
  project.configure({{"targets", {app, other}}});
  project.haunt();
  REQUIRE(await([&] { return !project.read("up").empty(); }));
  auto client = connect(project);
  auto watcher = connect(project);
  REQUIRE(watcher.call("events"));
  Program stopping(project.poltergeist({"stop"}));
  auto note = watcher.next_notification(kPatience);
  while (note && note->params["type"] != "daemon_stopping") {
    note = watcher.next_notification(kPatience);
  }
  REQUIRE(note);
  SECTION("for a client") {
    REQUIRE(client.send_request("runner.restart", {{"target", "app"}}));
    const auto answer = answer_to(client);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::Unavailable);
  }
  SECTION("for a new configuration") {
    other["autoRun"] = app["autoRun"];
    project.configure({{"targets", {app, other}}});
    // It was read when this is answered.
    REQUIRE(client.send_request("sync"));
    CHECK_FALSE(answer_to(client));
  }
  CHECK(stopping.await_end().shell_code() == 0);
  CHECK(project.read("up") == "up\n");
  CHECK(await([&] { return processes_mentioning(project.root().string()).empty(); },
              std::chrono::seconds(5)));
}

TEST_CASE("who waits for a target that is removed is told that there is none, others go on") {
  TestProject project;
  project.write("app.txt", "");
  project.write("more.txt", "");
  const Gate app(project, "app");
  const Gate more(project, "more");
  project.configure({{"targets", {gated_target("app"), gated_target("more")}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await_begun(project, "app"));
  REQUIRE(await_begun(project, "more"));
  auto all = connect(project);
  ask_to_wait(all, Json::object());
  auto built = connect(project);
  REQUIRE(built.send_request("build", {{"target", "app"}}));
  auto one = connect(project);
  ask_to_wait(one, {{"target", "app"}});

  project.configure({{"targets", {gated_target("more")}}});
  for (auto* client : {&one, &built}) {
    const auto answer = answer_to(*client);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::NotFound);
  }
  more.open();
  const auto answer = answer_to(all);
  REQUIRE(answer);
  REQUIRE((*answer)["targets"].size() == 1);
  CHECK((*answer)["targets"][0]["target"] == "more");
  CHECK((*answer)["targets"][0]["answer"] == "fresh");
}

TEST_CASE("who waits for all targets does not wait for one that is disabled meanwhile") {
  TestProject project;
  project.write("b.txt", "#!/bin/sh\n");
  const auto more = TestProject::copying_target("more", "b.txt", "more");
  auto app = gated_target("app");
  const auto gate = begin_build(project, {app, more});
  auto all = connect(project);
  ask_to_wait(all, Json::object());
  app["enabled"] = false;
  project.configure({{"targets", {app, more}}});
  const auto answer = answer_to(all);
  REQUIRE(answer);
  REQUIRE((*answer)["targets"].size() == 1);
  CHECK((*answer)["targets"][0]["target"] == "more");
}

TEST_CASE("nothing is left of a target that is removed while it is built") {
  TestProject project;
  const auto gate = begin_build(project, {gated_target("app")});
  project.configure({{"targets", Json::array()}});
  REQUIRE(await([&] {
    return processes_mentioning("POLTERGEIST_PROJECT_ROOT=" + project.root().string()).empty();
  }));
  CHECK(project.run_poltergeist({"wait", "app"}).code == 4);
  CHECK(project.state_of("app") == nullptr);
  CHECK(project.read("app.done").empty());

  // The same name again is a new target.
  project.configure({{"targets", {gated_target("app")}}});
  Program waiting(project.poltergeist({"wait", "app"}));
  gate.open();
  CHECK(waiting.await_end().shell_code() == 0);
  CHECK(project.read("app.done") == "done\n");
}

TEST_CASE("a target that is removed and comes back before its build has ended is built once more") {
  TestProject project;
  project.write("app.txt", "");
  auto stubborn = gated_target("app");
  stubborn["buildCommand"] =
      "trap 'sleep 0.3; exit 1' TERM; echo begun >> app.begun; "
      "[ -e second ] || while :; do sleep 0.01; done";
  project.configure({{"targets", {stubborn}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await_begun(project, "app"));
  project.write("second", "");
  project.configure({{"targets", Json::array()}});
  REQUIRE(await([&] { return project.run_poltergeist({"wait", "app"}).code == 4; }));
  project.configure({{"targets", {stubborn}}});
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.read("app.begun") == "begun\nbegun\n");
  CHECK(project.state_of("app")["lastBuild"]["status"] == "success");
}

TEST_CASE("a reload leaves the builds alone that it does not touch") {
  TestProject project;
  project.write("b.txt", "#!/bin/sh\n");
  const auto gate = begin_build(project, {gated_target("app")});
  Program waiting(project.poltergeist({"wait", "app"}));
  project.configure(
      {{"targets", {TestProject::copying_target("more", "b.txt", "more"), gated_target("app")}}});
  CHECK(project.run_poltergeist({"wait", "more"}).code == 0);
  gate.open();
  CHECK(waiting.await_end().shell_code() == 0);
  CHECK(project.read("app.begun") == "begun\n");
  CHECK(project.read("app.done") == "done\n");
}

TEST_CASE("a target that was configured just before is known to whoever asks for it") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  // This back end knows nothing that it does not look for.
  Json configuration = {{"watcher", {{"backend", "poll"}}}, {"targets", Json::array()}};
  project.configure(configuration);
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  for (const std::string verb : {"wait", "build"}) {
    configuration["targets"].push_back(TestProject::copying_target(verb, "a.txt", "out-" + verb));
    auto client = connect(project);
    project.configure(configuration);
    const auto answer = client.call(verb, {{"target", verb}}, kPatience);
    INFO((answer ? answer->dump() : answer.error().message));
    CHECK(answer);
  }
}

TEST_CASE("who waits when builds are paused is told so") {
  TestProject project;
  project.write("app.txt", "");
  project.write("more.txt", "");
  const Gate app(project, "app");
  const Gate more(project, "more");
  project.configure({{"buildScheduling", {{"parallelization", 1}}},
                     {"targets", {gated_target("app"), gated_target("more")}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await_begun(project, "app"));
  auto first = connect(project);
  auto second = connect(project);
  ask_to_wait(first, {{"target", "app"}});
  ask_to_wait(second, {{"target", "more"}});
  CHECK(project.run_poltergeist({"pause"}).code == 0);
  const auto told = answer_to(second);
  REQUIRE(told);
  CHECK((*told)["targets"][0]["answer"] == "stale");
  CHECK((*told)["targets"][0]["reason"].get<std::string>().find("paused") != std::string::npos);
  // What runs already runs to its end.
  app.open();
  const auto built = answer_to(first);
  REQUIRE(built);
  CHECK((*built)["targets"][0]["answer"] == "fresh");
}

TEST_CASE("who waits for a target whose dependency is stale while builds are paused is told so") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.write("b.txt", "#!/bin/sh\n");
  auto app = TestProject::copying_target("app", "b.txt", "app");
  app["dependsOn"] = {"lib"};
  project.configure({{"targets", {TestProject::copying_target("lib", "a.txt", "lib"), app}}});
  project.haunt();
  REQUIRE(project.run_poltergeist({"pause"}).code == 0);
  project.write("a.txt", "#!/bin/sh\n# changed\n");
  const auto waited = project.run_poltergeist({"wait", "app", "--timeout", "10"});
  CHECK(waited.code == 1);
  CHECK((waited.out + waited.err).find("paused") != std::string::npos);
  CHECK(project.status()["app"]["reason"].get<std::string>().find("paused") != std::string::npos);
  CHECK(project.run_poltergeist({"resume"}).code == 0);
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
}

TEST_CASE("a client may wait not at all, for decades, and no longer than the clock reaches") {
  TestProject project;
  const auto gate = begin_build(project, {gated_target("app")});
  auto impatient = connect(project);
  REQUIRE(impatient.send_request("wait", {{"target", "app"}, {"timeoutMs", 0}}));
  const auto at_once = answer_to(impatient);
  REQUIRE_FALSE(at_once);
  CHECK(at_once.error().code == ErrorCode::Timeout);
  auto eternal = connect(project);
  REQUIRE(eternal.send_request(
      "wait", {{"target", "app"}, {"timeoutMs", std::numeric_limits<std::int64_t>::max()}}));
  const auto refused = answer_to(eternal);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::InvalidParams);
  auto patient = connect(project);
  ask_to_wait(patient, {{"target", "app"}, {"timeoutMs", std::int64_t{1} << 40}});
  gate.open();
  CHECK(answer_to(patient));
}

TEST_CASE("a configuration that is refused and then is again what it was is told of twice") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "a.txt", "app")}}});
  project.haunt();
  const auto good = project.read("poltergeist.config.json");
  auto watcher = connect(project);
  REQUIRE(watcher.call("events", {{"scope", "daemon"}}));
  const auto await_applied = [&](bool applied) {
    auto note = watcher.next_notification(kPatience);
    while (note && (note->params["type"] != "configuration" ||
                    note->params["data"]["applied"] != applied)) {
      note = watcher.next_notification(kPatience);
    }
    return note.has_value();
  };
  project.write("poltergeist.config.json", good.substr(0, good.size() / 2));
  REQUIRE(await_applied(false));
  project.write("poltergeist.config.json", good);
  CHECK(await_applied(true));
}

TEST_CASE(
    "who waits for a build to come leaves the quiet window alone, who waits for now does not") {
  TestProject project;
  project.write("app.txt", "one");
  auto app = TestProject::copying_target("app", "app.txt", "app");
  app["settlingDelay"] = 600'000;
  app["maxSettlingDelay"] = 600'000;
  project.configure({{"targets", {app}}});
  project.haunt();
  auto client = connect(project);
  const auto first = client.call("wait", {{"target", "app"}});
  REQUIRE(first);
  ask_to_wait(client, {{"target", "app"}, {"after", (*first)["targets"][0]["buildId"]}});
  project.write("app.txt", "two");
  REQUIRE(client.send_request("sync"));
  REQUIRE(answer_to(client));
  CHECK(project.status().at("app").dump().find("waiting for the changes to settle") !=
        std::string::npos);
  CHECK(project.builds_of("app") == 1);

  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 2);
  const auto second = answer_to(client);
  REQUIRE(second);
  CHECK((*second)["targets"][0]["buildId"] > (*first)["targets"][0]["buildId"]);
}
