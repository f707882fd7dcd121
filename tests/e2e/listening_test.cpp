// SPDX-License-Identifier: MIT
// `listen`: nobody who connects is refused while a program is restarted, and nobody listens any
// more when it is stopped.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/test_project.h"
#include "sys/ports.h"
#include "sys/server_socket.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// The source of the version `number` of a program that answers each connection by that.
std::string version(int number) {
  return "#!/bin/sh\nexec '" SOCKET_APP "' " + std::to_string(number) + "\n";
}

using Addresses = std::vector<std::string>;

void configure(const TestProject& project, const Addresses& listen, const Json& more = {}) {
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["autoRun"] = {{"enabled", true}, {"restartDelayMs", 0}, {"listen", listen}};
  if (more.is_object()) target["autoRun"].update(more);
  project.configure({{"targets", {target}}});
}

// At the loopback; not there if it is refused.
UniqueFd connect_to_port(int port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Thousands of connections that still close would use up the ports of this side.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return {};
  return socket;
}

// What is said until the other side ends.
std::string answer_of(const UniqueFd& connection) {
  std::string answer;
  std::array<char, 64> bytes{};
  while (true) {
    const auto count = ::read(connection.get(), bytes.data(), bytes.size());
    if (count <= 0) return answer;
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

std::string answer_at(int port) {
  const auto connection = connect_to_port(port);
  return connection ? answer_of(connection) : "refused";
}

int free_port() {
  for (int port = 27'000; port < 32'000; ++port) {
    if (is_port_free(port)) return port;
  }
  throw std::runtime_error("no port is free");
}

Json runner_of(const TestProject& project) {
  const auto state = project.state_of("app");
  return state.is_object() ? state.value("runner", Json::object()) : Json::object();
}

bool comes_to(const TestProject& project, const std::string& status) {
  return await([&] { return runner_of(project).value("status", "") == status; });
}

std::string log_of(const TestProject& project) {
  return project.run_poltergeist({"logs", "app", "--channel", "runner", "-n", "100"}).out;
}

// Connects again and again, one after the other, until it is destroyed.
class RestlessClient {
 public:
  explicit RestlessClient(std::function<UniqueFd()> connect)
      : connect_(std::move(connect)), thread_([this] { ask(); }) {}
  RestlessClient(const RestlessClient&) = delete;
  RestlessClient& operator=(const RestlessClient&) = delete;
  ~RestlessClient() { stop(); }

  void stop() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // The version that answered last.
  [[nodiscard]] int latest() const { return latest_; }
  // Of all, after stop().
  [[nodiscard]] int answered() const { return answered_; }
  [[nodiscard]] int refused() const { return refused_; }
  [[nodiscard]] int unanswered() const { return unanswered_; }
  [[nodiscard]] int answered_by_older() const { return answered_by_older_; }

 private:
  void ask() {
    while (!is_over_) {
      const auto connection = connect_();
      if (!connection) {
        ++refused_;
        continue;
      }
      const auto answer = answer_of(connection);
      if (answer.empty()) {
        ++unanswered_;
        continue;
      }
      ++answered_;
      const int number = std::stoi(answer);
      if (number < latest_) ++answered_by_older_;
      latest_ = number;
    }
  }

  std::function<UniqueFd()> connect_;
  std::atomic<bool> is_over_ = false;
  std::atomic<int> latest_ = 0;
  int answered_ = 0;
  int refused_ = 0;
  int unanswered_ = 0;
  int answered_by_older_ = 0;
  std::thread thread_;  // the last: it uses the others
};

void check_that_all_were_served(RestlessClient& client, int rounds) {
  client.stop();
  CHECK(client.refused() == 0);
  CHECK(client.unanswered() == 0);
  CHECK(client.answered_by_older() == 0);
  CHECK(client.answered() > rounds);
}

}  // namespace

TEST_CASE("nobody who connects in a loop is refused while the program is restarted") {
  const TestProject project;
  project.write("app.sh", version(1));
  configure(project, {"127.0.0.1:{port}", "./run/app.sock"});
  project.haunt();
  REQUIRE(comes_to(project, "running"));
  const int port = runner_of(project)["port"];
  const auto path = project.root() / "run/app.sock";
  CHECK(runner_of(project)["listen"] ==
        Addresses{"127.0.0.1:" + std::to_string(port), path.string()});

  RestlessClient by_tcp([port] { return connect_to_port(port); });
  RestlessClient by_path([path] { return connect_to(path).value_or(UniqueFd()); });
  const int last = 1 + rounds(20, 200);
  for (int number = 2; number <= last; ++number) {
    project.write("app.sh", version(number));
    REQUIRE(await([&] { return by_tcp.latest() == number && by_path.latest() == number; }));
  }
  check_that_all_were_served(by_tcp, last);
  check_that_all_were_served(by_path, last);
  CHECK(runner_of(project)["port"] == port);
  CHECK(runner_of(project)["restarts"] == last - 1);
  // Its sockets come and go without setting off a build.
  CHECK(project.builds_of("app") == static_cast<std::size_t>(last));
}

TEST_CASE("nobody who connects in a loop is refused by polter --watch either") {
  const TestProject project;
  project.write("app.sh", version(1));
  const int port = free_port();
  configure(project, {std::to_string(port)}, {{"enabled", false}});
  project.haunt();
  Program polter(project.polter({"app", "--watch", "--restart-delay", "0"}));
  REQUIRE(await([&] { return answer_at(port) == "1"; }));
  RestlessClient client([port] { return connect_to_port(port); });
  const int last = 1 + rounds(5, 50);
  for (int number = 2; number <= last; ++number) {
    project.write("app.sh", version(number));
    REQUIRE(await([&] { return client.latest() == number; }));
  }
  check_that_all_were_served(client, last);
  polter.signal(SIGTERM);
  CHECK(polter.await_end().shell_code() == 143);
  CHECK(answer_at(port) == "refused");
  CHECK(is_port_free(port));
}

TEST_CASE("who connects while the program has crashed is answered by the next one") {
  const TestProject project;
  project.write("app.sh", "#!/bin/sh\nexit 5\n");
  const int port = free_port();
  configure(project, {"127.0.0.1:" + std::to_string(port)});
  project.haunt();
  REQUIRE(comes_to(project, "failed"));
  const auto waits = connect_to_port(port);
  REQUIRE(waits);
  project.write("app.sh", version(2));
  CHECK(answer_of(waits) == "2");
}

TEST_CASE("a stopped program's port and socket are free and a started one has them again") {
  const TestProject project;
  project.write("app.sh", version(1));
  const int port = free_port();
  configure(project, {std::to_string(port), "./app.sock"});
  project.haunt();
  REQUIRE(await([&] { return answer_at(port) == "1"; }));
  CHECK(std::filesystem::exists(project.root() / "app.sock"));
  CHECK_THAT(project.run_poltergeist({"status", "--verbose"}).out,
             Catch::Contains("listens   " + std::to_string(port) + ", " +
                             (project.root() / "app.sock").string()));

  REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  REQUIRE(comes_to(project, "idle"));
  CHECK(answer_at(port) == "refused");
  CHECK(is_port_free(port));
  CHECK_FALSE(std::filesystem::exists(project.root() / "app.sock"));
  CHECK_FALSE(runner_of(project).contains("listen"));
  CHECK(log_of(project).find("in use") == std::string::npos);

  REQUIRE(project.run_poltergeist({"runner", "start", "app"}).code == 0);
  CHECK(await([&] { return answer_at(port) == "1"; }));
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(is_port_free(port));
  CHECK_FALSE(std::filesystem::exists(project.root() / "app.sock"));
}

TEST_CASE("nobody listens any more when the daemon is killed also not its second shepherd") {
  const TestProject project;
  project.write("app.sh", version(1));
  const int port = free_port();
  configure(project, {"127.0.0.1:" + std::to_string(port), "./app.sock"});
  Program daemon(project.poltergeist({"haunt", "--foreground"}));
  REQUIRE(await([&] { return answer_at(port) == "1"; }));
  const auto first = shepherds_of(daemon.pid());
  REQUIRE(first.size() == 1);
  // One that is killed in its first 100 ms has no successor.
  const auto answered = std::chrono::steady_clock::now();
  REQUIRE(await([&] {
    return std::chrono::steady_clock::now() - answered > std::chrono::milliseconds(100);
  }));
  ::kill(first[0], SIGKILL);
  std::vector<pid_t> next;
  REQUIRE(await([&] {
    next = shepherds_of(daemon.pid());
    return next.size() == 1 && next != first;
  }));
  // It was forked while the sockets were held, and keeps three streams, a leash and its owner's
  // pidfd. It is seen as soon as it has its name, and reads its command line after that.
  using Descriptors = std::filesystem::directory_iterator;
  const auto held = "/proc/" + std::to_string(next[0]) + "/fd";
  CHECK(await([&] { return std::distance(Descriptors(held), Descriptors()) == 5; }));
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.await_end());
  CHECK(await([&] { return is_port_free(port); }));
  CHECK(answer_at(port) == "refused");

  // The file of a local socket is left, and does not stand in the way of the next.
  project.haunt();
  CHECK(await([&] { return answer_at(port) == "1"; }));
  CHECK(answer_of(connect_to(project.root() / "app.sock").value()) == "1");
}

TEST_CASE("a changed list is opened and closed and what stayed is never refused") {
  const TestProject project;
  project.write("app.sh", version(1));
  const auto at = [](int port) { return "127.0.0.1:" + std::to_string(port); };
  const int kept = free_port();
  configure(project, {at(kept)});
  project.haunt();
  REQUIRE(await([&] { return answer_at(kept) == "1"; }));
  RestlessClient client([kept] { return connect_to_port(kept); });
  const int added = free_port();
  configure(project, {at(added), at(kept)});
  REQUIRE(await([&] { return answer_at(added) == "1"; }));
  CHECK(runner_of(project)["listen"] == Addresses{at(added), at(kept)});

  configure(project, {at(kept)});
  REQUIRE(await([&] { return answer_at(added) == "refused"; }));
  CHECK(await([&] { return runner_of(project)["listen"] == Addresses{at(kept)}; }));
  check_that_all_were_served(client, 0);

  // Without the list it is a program that was passed nothing.
  configure(project, {});
  REQUIRE(await([&] { return runner_of(project)["exitCode"] == 9; }));
  CHECK(answer_at(kept) == "refused");
}

TEST_CASE("a port that somebody else has fails the launch and he is named") {
  const TestProject project;
  project.write("app.sh", version(1));
  const int port = free_port();
  const auto at = "127.0.0.1:" + std::to_string(port);
  const auto stranger = ServerSocket::open(parse_listen_address(at).value()).value();
  configure(project, {"./app.sock", at});
  project.haunt();
  REQUIRE(comes_to(project, "failed"));
  CHECK_THAT(log_of(project),
             Catch::Contains(at + " is in use by pid " + std::to_string(::getpid())));
  CHECK_FALSE(std::filesystem::exists(project.root() / "app.sock"));
}
