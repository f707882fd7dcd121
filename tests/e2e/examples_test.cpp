// SPDX-License-Identifier: MIT
// The examples do what their READMEs promise, with the tools of this machine. One whose tools are
// missing says so and is left out.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

bool is_installed(const std::string& program) {
  return run({.argv = {"/bin/sh", "-c", "command -v " + program}, .cwd = {}, .env = {}, .in = {}})
             .code == 0;
}

// Says once what is missing.
bool has_tools(const std::string& example, const std::vector<std::string>& tools) {
  for (const auto& tool : tools) {
    if (is_installed(tool)) continue;
    std::cout << "skipped: examples/" << example << " needs " << tool << '\n';
    return false;
  }
  return true;
}

// An example in a place of its own, with a daemon once it is haunted.
class Example {
 public:
  explicit Example(const std::string& name) {
    fs::copy(fs::path(POLTERGEIST_SOURCE_DIR) / "examples" / name, project.root(),
             fs::copy_options::recursive);
    // The project's home is empty; toolchains and their caches are where they always are.
    const char* home = std::getenv("HOME");
    if (home != nullptr && std::getenv("RUSTUP_HOME") == nullptr) {
      project.env["RUSTUP_HOME"] = fs::path(home) / ".rustup";
    }
    if (home != nullptr && std::getenv("GOCACHE") == nullptr) {
      project.env["GOCACHE"] = fs::path(home) / ".cache/go-build";
    }
    // None of them needs the network.
    project.env["CARGO_NET_OFFLINE"] = "true";
    project.env["GOPROXY"] = "off";
    project.env["npm_config_offline"] = "true";
    project.env["npm_config_update_notifier"] = "false";
  }

  // Without a word of complaint, and everything built and tested.
  void haunt() const {
    const auto valid = project.run_poltergeist({"validate"});
    CHECK(valid.code == 0);
    CHECK(valid.out.starts_with("valid: "));
    CHECK(std::count(valid.out.begin(), valid.out.end(), '\n') == 1);
    CHECK(valid.err.empty());
    REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
    const auto settled = project.run_poltergeist({"wait"});
    INFO(settled.out << settled.err);
    REQUIRE(settled.code == 0);
  }
  void replace(const std::string& file, const std::string& from, const std::string& to) const {
    auto text = project.read(file);
    const auto found = text.find(from);
    INFO(file << " contains " << from);
    REQUIRE(found != std::string::npos);
    project.write(file, text.replace(found, from.size(), to));
  }
  [[nodiscard]] int wait(const std::string& target) const {
    return project.run_poltergeist({"wait", target}).code;
  }
  [[nodiscard]] std::string said_by(const std::vector<std::string>& polter_args,
                                    const std::string& in = {}) const {
    auto call = project.polter(polter_args);
    call.in = in;
    const auto ran = run(call);
    UNSCOPED_INFO(ran.err);
    return ran.out;
  }

  TestProject project;
};

std::uint16_t free_port() {
  const poltergeist::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

// What http://127.0.0.1:port/ answers; empty if nobody does.
std::string fetch(std::uint16_t port) {
  const poltergeist::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {};
  }
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  std::array<char, 4096> bytes;
  for (ssize_t count = 0; (count = ::read(socket.get(), bytes.data(), bytes.size())) > 0;) {
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

bool await_answer(std::uint16_t port, const std::string& text) {
  return await([&] { return fetch(port).find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE(
    "the C server is rebuilt and restarted by an edit, and outlives one that does not compile") {
  if (!has_tools("c-server", {"make", "cc"})) return;
  const Example example("c-server");
  example.haunt();
  const auto port = free_port();
  Program server(example.project.polter({"server", "--watch", std::to_string(port)}));
  REQUIRE(await_answer(port, "Hello from Poltergeist"));

  example.replace("src/greeting.c", "Hello from Poltergeist", "Boo");
  CHECK(await_answer(port, "Boo\n"));
  CHECK(example.wait("test") == 0);

  example.replace("src/greeting.c", "\"Boo\";", "\"Boo\"");
  CHECK(example.wait("server") == 1);
  const auto errors = example.project.run_poltergeist({"errors", "server"});
  CHECK(errors.out.find("src/greeting.c:4:") != std::string::npos);
  CHECK(fetch(port).find("Boo\n") != std::string::npos);

  server.signal(SIGTERM);
  CHECK(server.await_end().shell_code() == 143);
}

TEST_CASE(
    "the CMake project builds what an edit touches, and again after its build directory is gone") {
  if (!has_tools("cmake", {"cmake", "ctest", "c++"})) return;
  const Example example("cmake");
  example.haunt();
  CHECK(example.said_by({"count"}, "to be or not to be\n").find("to") != std::string::npos);
  CHECK(example.said_by({"shout", "hello"}) == "HELLO!\n");
  const auto counted = example.project.state_of("count")["lastBuild"]["id"];

  example.replace("apps/shout.cpp", "\"!\\n\"", "\"?\\n\"");
  CHECK(example.said_by({"shout", "hello"}) == "HELLO?\n");
  CHECK(example.project.state_of("count")["lastBuild"]["id"] == counted);
  CHECK(example.wait("test") == 0);

  fs::remove_all(example.project.root() / "build");
  CHECK(example.said_by({"shout", "again"}) == "AGAIN?\n");
}

TEST_CASE("the Node site is served by another process after an edit, and survives nonsense") {
  if (!has_tools("node", {"node", "npm"})) return;
  const Example example("node");
  example.haunt();
  const auto port = free_port();
  Program site(example.project.polter({"site", "--watch", std::to_string(port)}));
  REQUIRE(await_answer(port, "<h1>Hello from Poltergeist</h1>"));

  example.replace("src/page.html", "<h1>", "<h1>Boo! ");
  CHECK(await_answer(port, "<h1>Boo! "));
  CHECK(example.wait("test") == 0);

  example.replace("src/server.js", "const server", "const const server");
  CHECK(example.wait("site") == 1);
  CHECK(fetch(port).find("<h1>Boo! ") != std::string::npos);
}

TEST_CASE("the Python words are those of the saved source, and so are its tests") {
  if (!has_tools("python", {"python3"})) return;
  const Example example("python");
  example.haunt();
  const std::string text = "to be or not to be\n";
  CHECK(example.said_by({"words"}, text) == "2\tto\n2\tbe\n1\tor\n1\tnot\n");

  // Of another size: Python takes compiled code for current by size and whole seconds.
  example.replace("words/counting.py", "text.lower()", "text.swapcase()");
  CHECK(example.said_by({"words"}, text) == "2\tTO\n2\tBE\n1\tOR\n1\tNOT\n");
  CHECK(example.wait("test") == 1);
  example.replace("words/counting.py", "text.swapcase()", "text.lower()");
  CHECK(example.wait("test") == 0);

  example.replace("words/counting.py", "text.lower()))", "text.lower())");
  auto call = example.project.polter({"words"});
  const auto refused = run(call);
  CHECK(refused.code == 1);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("counting.py") != std::string::npos);
}

TEST_CASE("the Go program counts with the new code, and is left alone by a change to its test") {
  if (!has_tools("go", {"go"})) return;
  const Example example("go");
  example.haunt();
  CHECK(example.said_by({"tally"}, "b\na\nb\n") == "     2  b\n     1  a\n");

  example.replace("cmd/tally/main.go", "%6d  %s", "%d %s");
  CHECK(example.said_by({"tally"}, "b\na\nb\n") == "2 b\n1 a\n");
  const auto built = example.project.state_of("tally")["lastBuild"]["id"];
  example.replace("internal/tally/tally_test.go", "package tally", "package tally // tested");
  CHECK(example.wait("test") == 0);
  CHECK(example.project.state_of("tally")["lastBuild"]["id"] == built);
}

TEST_CASE("the Rust program runs as edited, and a mistake is told with its place") {
  if (!has_tools("rust", {"cargo"})) return;
  const Example example("rust");
  example.haunt();
  CHECK(example.said_by({"moon"}).find("days old") != std::string::npos);

  example.replace("src/main.rs", "days old", "days of age");
  CHECK(example.said_by({"moon"}).find("days of age") != std::string::npos);
  CHECK(example.wait("test") == 0);

  example.replace("src/lib.rs", "        \"full moon\",\n", "");
  CHECK(example.wait("moon") == 1);
  const auto errors = example.project.run_poltergeist({"errors", "moon"});
  CHECK(errors.out.find("src/lib.rs:") != std::string::npos);
}

TEST_CASE("the site has a port and a sidecar that sees its visitors and leaves nothing behind") {
  if (!has_tools("sidecar", {"python3", "bash", "tail"})) return;
  const Example example("sidecar");
  example.haunt();
  const auto& project = example.project;
  const auto runner = [&] { return project.state_of("site").value("runner", nlohmann::json()); };
  const auto log = [&](const char* channel) {
    return project.run_poltergeist({"logs", "site", "-C", channel}).out;
  };
  REQUIRE(await([&] { return runner().is_object() && runner()["status"] == "running"; }));
  const auto port = runner()["port"].get<std::uint16_t>();
  CHECK(fetch(port).find("Hello from Poltergeist") != std::string::npos);
  CHECK(await([&] { return log("post-run").find("visit /\n") != std::string::npos; }));
  CHECK(log("post-run").find("http://localhost:" + std::to_string(port)) != std::string::npos);
  CHECK(log("runner").find("[post-run] ") != std::string::npos);

  example.replace("web/site.py", "Hello from Poltergeist", "Boo");
  CHECK(await_answer(port, "Boo"));
  CHECK(runner()["port"] == port);
  CHECK(example.wait("test") == 1);

  REQUIRE(project.run_poltergeist({"runner", "stop", "site"}).code == 0);
  REQUIRE(await([&] { return runner()["status"] == "idle"; }));
  CHECK(fetch(port).empty());
  CHECK_FALSE(fs::exists(project.root() / "visits.log"));
}

TEST_CASE("the program of the tmux example builds") {
  if (!has_tools("tmux", {"go"})) return;
  const Example example("tmux");
  example.haunt();
  CHECK(fs::exists(example.project.root() / "dist/bin/tmuxwatch"));
}

TEST_CASE("the example tasks do what their README says, and one of them is a hook") {
  const Example example("tasks");
  const auto& project = example.project;
  const auto code_of = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "exec");
    return project.run_poltergeist(std::move(words)).code;
  };
  const auto greeted =
      project.run_poltergeist({"exec", "echo-env", "-i", "name=Alice", "-i", "count=42"});
  CHECK(greeted.out.find("INPUT_COUNT=42\nINPUT_NAME=Alice\n") != std::string::npos);
  for (const auto* task : {"echo-json", "echo-json-file"}) {
    const auto echoed =
        project.run_poltergeist({"exec", task, "--input-json", R"({"a": [1, 2]})", "--json"});
    CHECK(nlohmann::json::parse(echoed.out)["output"] ==
          nlohmann::json{{"received", {{"a", {1, 2}}}}});
  }
  CHECK(code_of({"exit-code", "-i", "code=0"}) == 0);
  CHECK(code_of({"exit-code", "-i", "code=9"}) == 9);
  CHECK(code_of({"exit-code", "-i", "code=75", "--max-retries", "0"}) == 75);
  CHECK(code_of({"slow", "--timeout", "1"}) == 124);
  const auto said = project.run_poltergeist({"exec", "protocol-demo", "--json"});
  CHECK(nlohmann::json::parse(said.out)["output"]["url"] == "http://localhost:8080/?a=b::c");
  CHECK(
      project.run_poltergeist({"exec", "count-words", "-i", "text=one two three"}).out.find('3') !=
      std::string::npos);
  example.haunt();
  CHECK(project.state_of("scripts")["lastBuild"]["outputs"]["checked"] == "all");
  CHECK(await([&] {
    const auto hooks = project.state_of("scripts").value("postBuildResults", nlohmann::json());
    return hooks.is_object() && hooks["tell"]["status"] == "success";
  }));
}
