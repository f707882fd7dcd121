// SPDX-License-Identifier: MIT
#include "process/probe.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "process/chaos_world.h"
#include "process/local_server.h"
#include "process/loopback.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::process;
using namespace std::chrono_literals;

namespace {

// A condition that is asked about.
struct Asked {
  Asked(const World& world, Condition condition, ProbePatience patience = {})
      : executor(*world.orphanage),
        probe(Probe::start(
            *world.loop, executor, std::move(condition), [this] { ++times_ready; }, patience)) {}
  [[nodiscard]] bool is_ready() const { return times_ready > 0; }
  [[nodiscard]] bool has_answered() const { return !probe->last_answer().empty(); }

  TaskExecutor executor;
  int times_ready = 0;
  std::unique_ptr<Probe> probe;
};

bool await_ready(const World& world, const Asked& asked) {
  return world.run_until([&] { return asked.is_ready(); });
}
bool await_answer(const World& world, const Asked& asked) {
  return world.run_until([&] { return asked.has_answered(); });
}

// Long enough for several questions.
void let_time_pass(const World& world, Milliseconds time = 150ms) {
  bool is_over = false;
  const auto timer = world.loop->at(now() + time, "time passes", [&] { is_over = true; });
  REQUIRE(world.run_until([&] { return is_over; }));
}

CommandSucceeds line_for_shell(const std::string& line, const test::TempDir& dir) {
  return {.command = {.name = "a test",
                      .argv = {"/bin/sh", "-c", line},
                      .cwd = dir.path(),
                      .env = own_environment()}};
}

// No descriptor can be had while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd lowest_free(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit none{static_cast<rlim_t>(lowest_free.get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("an open port is ready at once and nothing is said within start") {
  const World world;
  const Port port;
  port.listen();
  const Asked asked(world, PortOpen{port.number()});
  CHECK_FALSE(asked.is_ready());
  REQUIRE(await_ready(world, asked));
  CHECK(asked.probe->last_answer().empty());
}

TEST_CASE("a port that is opened later is ready then") {
  const World world;
  const Port port;
  const Asked asked(world, PortOpen{port.number()});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() == fmt::format("port {} refuses connections", port.number()));
  CHECK_FALSE(asked.is_ready());
  const auto opens = world.loop->at(now(), "a test", [&] { port.listen(); });
  CHECK(await_ready(world, asked));
}

TEST_CASE("nobody is asked any more once it is ready") {
  const World world;
  const Port port;
  const Server server(world, port, say_nothing);
  const Asked asked(world, PortOpen{port.number()});
  REQUIRE(await_ready(world, asked));
  let_time_pass(world);
  CHECK(asked.times_ready == 1);
  CHECK(server.accepted == 1);
  CHECK(server.left == 1);
}

TEST_CASE("a server on ::1 alone is seen") {
  const World world;
  const Port port(Loopback::V6);
  if (!port.exists()) {
    WARN("this machine has no IPv6");
    return;
  }
  const Server server(world, port, says("HTTP/1.1 200 OK\r\n\r\n"));
  const Asked connected(world, PortOpen{port.number()});
  CHECK(await_ready(world, connected));
  const Asked answered(world, HttpAnswers{port.number(), "/"});
  CHECK(await_ready(world, answered));
}

TEST_CASE("one of two servers at the same port is enough though the other one never answers") {
  const World world;
  const BothPorts ports;
  if (!ports.exists()) {
    WARN("this machine has no IPv6");
    return;
  }
  const Server silent(world, ports.v4, say_nothing);
  const Server good(world, ports.v6, says("HTTP/1.1 200 OK\r\n\r\n"));
  const Asked asked(world, HttpAnswers{ports.number(), "/"}, {.answer_within = 1h});
  REQUIRE(await_ready(world, asked));
  CHECK(world.run_until([&] { return silent.left == 1; }));
}

TEST_CASE("an answer says more than the silence of the other address") {
  const World world;
  const BothPorts ports;
  if (!ports.exists()) {
    WARN("this machine has no IPv6");
    return;
  }
  const Server bad(world, ports.v4, says("HTTP/1.1 404 Not Found\r\n\r\n"));
  const Server silent(world, ports.v6, say_nothing);
  const Asked asked(world, HttpAnswers{ports.number(), "/"}, {.answer_within = 50ms});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() ==
        fmt::format("GET / on port {}: 404 Not Found", ports.number()));
}

TEST_CASE("a question is answered once though both addresses answer and its owner keeps it") {
  const World world;
  const BothPorts ports;
  if (!ports.exists()) {
    WARN("this machine has no IPv6");
    return;
  }
  ports.v4.listen();
  ports.v6.listen();
  int answers = 0;
  const ServerQuestion question(*world.loop, ports.number(), "", 50ms, [&](const Answer& answer) {
    answers += answer.is_ready() ? 1 : 100;
  });
  let_time_pass(world);
  CHECK(answers == 1);
}

TEST_CASE("a port that lets nobody in any more is not ready until it does again") {
  const World world;
  const Port port;
  port.listen(0);  // one may wait, and nobody beside it
  const auto waiting = begin_connect(Loopback::V4, port.number());
  REQUIRE(is_readable(port.socket()));
  const Asked asked(world, PortOpen{port.number()}, {.answer_within = 50ms});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() ==
        fmt::format("port {}: no answer within 50 ms", port.number()));
  const UniqueFd accepted(::accept4(port.socket(), nullptr, nullptr, SOCK_CLOEXEC));
  CHECK(await_ready(world, asked));
}

TEST_CASE("running out of descriptors is not ready and asked again") {
  const World world;
  const Port port;
  port.listen();
  // Nothing is waited for: there is nobody who could answer.
  const Asked asked(world, PortOpen{port.number()}, {.answer_within = 1h});
  {
    const NoDescriptors none;
    REQUIRE(await_answer(world, asked));
  }
  CHECK(asked.probe->last_answer() ==
        fmt::format("port {}: connecting: Too many open files", port.number()));
  CHECK(await_ready(world, asked));
}

TEST_CASE("a connection that met itself is no server and leaves the port to one") {
  UniqueFd socket = bound_socket(Loopback::V4, 0);
  Address own{};
  socklen_t size = sizeof own;
  REQUIRE(::getsockname(socket.get(), &own.generic, &size) == 0);
  ::connect(socket.get(), &own.generic, size);
  REQUIRE(::getpeername(socket.get(), &own.generic, &size) == 0);
  const int port = ntohs(own.v4.sin_port);
  const auto connected = finish_connect(socket.get(), port);
  REQUIRE_FALSE(connected);
  CHECK(connected.error().code == Errc::Unavailable);
  socket.reset();
  CHECK(bound_socket(Loopback::V4, port));
}

TEST_CASE("a server is asked for the path as a client of HTTP asks") {
  const World world;
  const Port port;
  const Server server(world, port, says("HTTP/1.1 200 OK\r\n\r\n"));
  const Asked asked(world, HttpAnswers{port.number(), "/health?full=1"});
  REQUIRE(await_ready(world, asked));
  CHECK(server.requests ==
        std::vector{fmt::format("GET /health?full=1 HTTP/1.1\r\nHost: localhost:{}\r\n"
                                "Connection: close\r\nUser-Agent: poltergeist\r\n"
                                "Accept: */*\r\n\r\n",
                                port.number())});
}

TEST_CASE("a server that accepts and never answers is asked again and one question at a time") {
  const World world;
  const Port port;
  const Server server(world, port, say_nothing);
  const Asked asked(world, HttpAnswers{port.number(), "/health"}, {.answer_within = 40ms});
  int turns = 0;
  REQUIRE(world.run_until([&] {
    ++turns;
    return server.requests.size() >= 3;
  }));
  CHECK(turns < 100);  // nobody turns in circles meanwhile
  CHECK_FALSE(asked.is_ready());
  CHECK(asked.probe->last_answer() ==
        fmt::format("GET /health on port {}: no answer within 40 ms", port.number()));
  CHECK(server.most_at_once == 1);
}

TEST_CASE("a server that is busy at first is ready when it says so") {
  const World world;
  const Port port;
  bool is_busy = true;
  const Server server(world, port, [&](Server::Peer& peer) {
    peer.send(is_busy ? "HTTP/1.1 503 Service Unavailable\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n");
  });
  const Asked asked(world, HttpAnswers{port.number(), "/health"});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() ==
        fmt::format("GET /health on port {}: 503 Service Unavailable", port.number()));
  is_busy = false;
  CHECK(await_ready(world, asked));
}

TEST_CASE("a status line may come byte by byte") {
  const World world;
  const Port port;
  const std::string line = "HTTP/1.1 204 No Content\r\n";
  std::size_t sent = 0;
  Loop::Handle next;
  std::function<void(const Server::Peer&)> send_one = [&](const Server::Peer& peer) {
    if (sent == line.size()) return;
    peer.send(line.substr(sent++, 1));
    next = world.loop->at(now() + 1ms, "the next byte", [&] { send_one(peer); });
  };
  const Server server(world, port, send_one);
  const Asked asked(world, HttpAnswers{port.number(), "/"});
  REQUIRE(await_ready(world, asked));
  CHECK(asked.probe->last_answer().empty());
  CHECK(sent == line.size());
}

TEST_CASE("a server that speaks something else is not ready") {
  const World world;
  const Port port;
  const Server server(world, port, says("SSH-2.0-OpenSSH_9.2\r\n"));
  const Asked asked(world, HttpAnswers{port.number(), "/"});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() ==
        fmt::format("GET / on port {}: what answers is not HTTP", port.number()));
}

TEST_CASE("a huge line without an end is not read to its end") {
  const World world;
  const Port port;
  const Server server(world, port, says("HTTP/1.1 200 " + std::string(20'000, 'x')));
  const Asked asked(world, HttpAnswers{port.number(), "/"});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() ==
        fmt::format("GET / on port {}: what answers is not HTTP", port.number()));
}

TEST_CASE("a server that closes at once is open but does not answer") {
  const World world;
  const Port port;
  const Server server(world, port, say_nothing, [](Server::Peer& peer) { peer.close(); });
  const Asked answered(world, HttpAnswers{port.number(), "/"});
  REQUIRE(await_answer(world, answered));
  CHECK(answered.probe->last_answer() ==
        fmt::format("GET / on port {}: closed without an answer", port.number()));
  const Asked connected(world, PortOpen{port.number()});
  CHECK(await_ready(world, connected));
}

TEST_CASE("a request that fits into no buffer is sent whole") {
  const World world;
  const Port port;
  const Server server(world, port, says("HTTP/1.1 200 OK\r\n\r\n"));
  const std::string path = "/" + std::string(8'000'000, 'x');
  const Asked asked(world, HttpAnswers{port.number(), path}, {.answer_within = kNeverSoLong});
  REQUIRE(await_ready(world, asked));
  CHECK(server.requests.front().starts_with("GET " + path + " HTTP/1.1\r\n"));
}

TEST_CASE("a command is asked again until it exits by 0") {
  const World world;
  const test::TempDir dir;
  dir.write("ready.sh", "echo x >> asked; echo noise; [ $(wc -l < asked) -ge 3 ]\n");
  const Asked asked(world, line_for_shell("sh ./ready.sh", dir));
  REQUIRE(await_ready(world, asked));
  CHECK(dir.read("asked") == "x\nx\nx\n");
  CHECK(asked.probe->last_answer() == "`sh ./ready.sh` exited with 1");
}

TEST_CASE("a command that is not there yet is not ready") {
  const World world;
  const test::TempDir dir;
  const std::string script = dir / "ready.sh";
  const Asked asked(world,
                    CommandSucceeds{{.argv = {script, "--quietly"}, .env = own_environment()}});
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer().starts_with(fmt::format("`{} --quietly`: ", script)));
  CHECK(asked.probe->last_answer().ends_with("No such file or directory"));
  dir.write("unready.sh", "#!/bin/sh\nexit 0\n");
  REQUIRE(::chmod((dir / "unready.sh").c_str(), 0700) == 0);
  std::filesystem::rename(dir / "unready.sh", script);
  CHECK(await_ready(world, asked));
}

TEST_CASE("a command that a signal ended is not ready") {
  const World world;
  const test::TempDir dir;
  const Asked asked(world, line_for_shell("kill -KILL $$", dir));
  REQUIRE(await_answer(world, asked));
  CHECK(asked.probe->last_answer() == "`kill -KILL $$` was ended by SIGKILL");
}

TEST_CASE("a command that does not end is killed and asked again") {
  const World world;
  const test::TempDir dir;
  const std::string line = "echo x >> asked; trap '' TERM; while :; do sleep 600; done";
  const Instant start = now();
  const Asked asked(world, line_for_shell(line, dir), {.command_within = 100ms});
  REQUIRE(await_answer(world, asked));
  CHECK(now() - start < 5s);
  CHECK(everyone_below() == std::vector<std::string>{});
  CHECK(asked.probe->last_answer() == fmt::format("`{}`: no end within 100 ms", line));
  REQUIRE(world.run_until([&] { return dir.read("asked") == "x\nx\n"; }));
  CHECK_FALSE(asked.is_ready());
}

TEST_CASE("destroying the probe while a question is open closes the connection and tells nobody") {
  const World world;
  const Port port;
  const Server server(world, port, say_nothing);
  Asked asked(world, HttpAnswers{port.number(), "/"});
  REQUIRE(world.run_until([&] { return server.requests.size() == 1; }));
  asked.probe.reset();
  REQUIRE(world.run_until([&] { return server.left == 1; }));
  let_time_pass(world);
  CHECK(server.accepted == 1);
  CHECK_FALSE(asked.is_ready());
}

TEST_CASE("destroying the probe while a command runs kills it with all that it started") {
  const World world;
  const test::TempDir dir;
  Asked asked(world, line_for_shell("sleep 600 & sleep 600", dir));
  REQUIRE(world.run_until([&] { return !everyone_below().empty(); }));
  asked.probe.reset();
  CHECK(everyone_below() == std::vector<std::string>{});
  let_time_pass(world);
  CHECK_FALSE(asked.is_ready());
}

TEST_CASE("a probe that was destroyed before its first question asks nobody") {
  const World world;
  const Port port;
  const Server server(world, port, say_nothing);
  Asked asked(world, PortOpen{port.number()});
  asked.probe.reset();
  let_time_pass(world);
  CHECK(server.accepted == 0);
  CHECK_FALSE(asked.is_ready());
}

TEST_CASE("whoever is told that it is ready may destroy the probe") {
  const World world;
  const test::TempDir dir;
  const Port port;
  const Server server(world, port, says("HTTP/1.1 200 OK\r\n\r\n"));
  TaskExecutor executor(*world.orphanage);
  for (const Condition& condition :
       {Condition(PortOpen{port.number()}), Condition(HttpAnswers{port.number(), "/"}),
        Condition(line_for_shell("exit 0", dir))}) {
    INFO(condition.index());
    std::unique_ptr<Probe> probe;
    bool is_destroyed = false;
    probe = Probe::start(*world.loop, executor, condition, [&] {
      probe.reset();
      is_destroyed = true;
    });
    CHECK(world.run_until([&] { return is_destroyed; }));
  }
}

TEST_CASE("the pauses between questions grow by half up to half a second") {
  ProbeSchedule schedule;
  std::vector<Duration> pauses;
  for (int i = 0; i < 11; ++i) pauses.push_back(schedule.take_pause());
  CHECK(pauses == std::vector<Duration>{20ms, 30ms, 45ms, 67'500us, 101'250us, 151'875us,
                                        227'812'500ns, 341'718'750ns, 500ms, 500ms, 500ms});
}

TEST_CASE("a limit is shown in seconds if it is whole ones") {
  CHECK(limit_text(kAnswerWithin) == "2 s");
  CHECK(limit_text(kCommandWithin) == "10 s");
  CHECK(limit_text(1500ms) == "1500 ms");
}
