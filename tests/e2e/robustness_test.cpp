// SPDX-License-Identifier: MIT
// A daemon among hostile clients, and one that is killed at any moment.
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/processor_time.h"
#include "support/rounds.h"
#include "support/test_project.h"
#include "sys/unix_socket.h"

using namespace poltergeist::test;
using poltergeist::UniqueFd;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// A connection that says `bytes`, as far as the daemon takes them, and reads nothing.
class Stranger {
 public:
  Stranger(const TestProject& project, std::string bytes)
      : socket_(std::move(poltergeist::connect_to(project.socket()).value())),
        left_(std::move(bytes)) {
    go_on();
  }

  // Without waiting: a daemon that does not read is no reason to stop it from anything.
  void go_on() {
    while (!left_.empty()) {
      const auto sent =
          ::send(socket_.get(), left_.data(), left_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return;
      left_.erase(0, static_cast<std::size_t>(sent));
    }
  }
  [[nodiscard]] bool is_hung_up_on() const {
    pollfd end{socket_.get(), 0, 0};
    return ::poll(&end, 1, 0) == 1;
  }
  // All that was said to it before that.
  [[nodiscard]] std::string heard() const {
    std::string text;
    std::array<char, 4096> bytes;
    for (ssize_t count = 0; (count = ::read(socket_.get(), bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  UniqueFd socket_;
  std::string left_;
};

std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string request(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}\n";
}

// Every method with parameters of every wrong shape.
std::vector<std::string> wrong_requests() {
  std::vector<std::string> all;
  for (const auto* method :
       {"sync", "status", "build", "wait", "pause", "resume", "why", "events", "runner.start",
        "runner.stop", "runner.restart", "runner.status", ""}) {
    for (const auto* params :
         {"null", "[]", "[1]", "7", "\"x\"", "{\"target\":7}", "{\"target\":\"\"}",
          "{\"target\":\"no\\u0000such\"}", "{\"target\":[{}]}", "{\"scope\":{}}",
          "{\"path\":\"../../etc/passwd\"}", "{\"path\":\"\"}", "{\"timeoutMs\":\"soon\"}",
          "{\"timeoutMs\":1e300}", "{\"after\":-1,\"timeoutMs\":1}", "{\"lease\":\"yes\"}"}) {
      all.push_back(request(method, params));
    }
  }
  return all;
}

Json parsed_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return Json::parse(text, nullptr, false);
}

void check_state_files(const TestProject& project) {
  for (const auto& entry : fs::directory_iterator(project.state_dir())) {
    if (entry.path().extension() != ".state") continue;
    INFO(entry.path().string());
    CHECK_FALSE(parsed_file(entry.path()).is_discarded());
  }
}

}  // namespace

TEST_CASE("hostile clients do not keep anybody else from being answered") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho 0\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto pid = project.daemon_pid();
  std::mt19937 random(1);
  std::vector<Stranger> strangers;
  // They hear of every build, and never listen.
  for (int i = 0; i < 5; ++i) {
    strangers.emplace_back(project, request("events", "{}") + request("wait", "{}"));
  }
  for (int i = 0; i < 300; ++i) strangers.emplace_back(project, "");
  strangers.emplace_back(project, R"({"jsonrpc":"2.0","id":1,"method":"wa)");
  for (std::size_t size : {1U, 100U, 10'000U, 1'000'000U}) {
    strangers.emplace_back(project, noise(random, size));
  }
  Stranger endless(project, std::string(3U << 20, '{'));
  for (int build = 1; build <= 50; ++build) {
    for (auto& stranger : strangers) stranger.go_on();
    endless.go_on();
    project.write("app.txt", "#!/bin/sh\necho " + std::to_string(build) + "\n");
    const auto waited = project.run_poltergeist({"wait", "app"});
    INFO(waited.out << waited.err);
    REQUIRE(waited.code == 0);
  }
  CHECK(project.run_polter({"app"}).out == "50\n");
  CHECK(project.daemon_pid() == pid);
  CHECK(await([&] {
    endless.go_on();
    return endless.is_hung_up_on();
  }));
  CHECK(endless.heard().find("a line has at most") != std::string::npos);
}

TEST_CASE("clients that forgot their connections do not take the descriptors that builds need") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho 0\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  auto haunt = project.poltergeist({"haunt"});
  haunt.before_exec = [] {
    const rlimit few{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &few);
  };
  REQUIRE(run(haunt).code == 0);
  std::vector<Stranger> strangers;
  for (int i = 0; i < 100; ++i) strangers.emplace_back(project, "");
  project.write("app.txt", "#!/bin/sh\necho 1\n");
  const auto waited = project.run_poltergeist({"wait", "app"});
  INFO(waited.out << waited.err);
  CHECK(waited.code == 0);
  CHECK(project.run_polter({"app"}).out == "1\n");
}

TEST_CASE("without a descriptor left clients wait, the daemon rests, and all is well afterwards") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto daemon = project.daemon_pid();
  rlimit before{};
  REQUIRE(::prlimit(daemon, RLIMIT_NOFILE, nullptr, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::prlimit(daemon, RLIMIT_NOFILE, &none, nullptr) == 0);
  const auto used = processor_time_of(daemon);
  // It gives up after a second, which a daemon that spins would use whole.
  CHECK(project.run_poltergeist({"status"}).code == 3);
  CHECK(processor_time_of(daemon) - used < std::chrono::milliseconds(200));

  Program waiting(project.poltergeist({"status"}));
  REQUIRE(::prlimit(daemon, RLIMIT_NOFILE, &before, nullptr) == 0);
  CHECK(waiting.await_end().shell_code() == 0);
  project.write("app.txt", "#!/bin/sh\necho 1\n");
  const auto ran = project.run_polter({"app"});
  INFO(ran.err);
  CHECK(ran.out == "1\n");
}

TEST_CASE(
    "each wrong request is answered with an error or with what it asks for, never with silence") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  for (const auto& wrong : wrong_requests()) {
    INFO(wrong);
    auto client = poltergeist::api::Client::connect(project.socket());
    REQUIRE(client);
    REQUIRE(::send(client->fd(), wrong.data(), wrong.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(wrong.size()));
    CHECK(client->next_message(poltergeist::Milliseconds(20'000)));
  }
}

TEST_CASE(
    "a daemon that is killed at any moment leaves nothing that lies, and the next takes over") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho start\n");
  auto target = TestProject::copying_target("app", "app.txt", "app");
  target["buildCommand"] = "for i in 1 2 3; do echo [$i/3] step; sleep 0.005; done; " +
                           target["buildCommand"].get<std::string>();
  project.configure({{"targets", {target}}});
  project.haunt();
  std::mt19937 random(2);
  for (int round = 0; round < rounds(20, 500); ++round) {
    const auto nonce = std::to_string(round);
    INFO("round " << nonce);
    const auto pid = project.daemon_pid();
    project.write("app.txt", "#!/bin/sh\necho " + nonce + "\n");
    // Any moment from the edit to a little after the build.
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 80));
    REQUIRE(::kill(pid, SIGKILL) == 0);

    check_state_files(project);
    const auto status = project.run_poltergeist({"status", "--json"});
    CHECK(status.code == 3);
    const auto said = Json::parse(status.out, nullptr, false);
    REQUIRE_FALSE(said.is_discarded());
    CHECK(said["app"]["lastBuild"]["status"] != "building");

    REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
    CHECK(project.run_polter({"app"}).out == nonce + "\n");
    check_state_files(project);
    CHECK(project.state_of("app")["lastBuild"]["status"] == "success");
  }
}
