// SPDX-License-Identifier: MIT
// A supervisor with real programs: what is started when, in which order it ends, what is told.
#include "supervisor/supervisor.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "process/environment.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "sys/ports.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::supervisor;
using namespace std::chrono_literals;
using runners::RunnerState;

namespace {

// Without a process of its own, which could miss a signal between its fork and its program.
constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";

// Writes what happens to a line each of the file "trace", and ends when it is told to.
std::string traced(const std::string& name) {
  return "trap 'echo " + name + "-ended >> trace; exit 0' INT TERM; echo " + name +
         "-started >> trace; " + kWaits;
}

// An owner whose program is a line of shell.
struct World {
  explicit World(config::AutoRun settings, std::string line = traced("program"))
      : auto_run(std::move(settings)), program(std::move(line)) {
    REQUIRE(::mkfifo((dir / "gate").c_str(), 0600) == 0);
    supervisor = std::make_unique<Supervisor>(*orphanage, this->settings(),
                                              runners::policy_for(auto_run), listener());
  }

  [[nodiscard]] Settings settings() const {
    return {.name = "app",
            .auto_run = auto_run,
            .root = dir.path(),
            .cwd = dir.path(),
            .env = process::own_environment(),
            .leases = dir / "ports"};
  }
  Listener listener() {
    Listener told;
    told.on_launch = [this](const LaunchOrder& order) {
      process::SpawnPlan plan;
      plan.argv = {"/bin/sh", "-c", program};
      plan.cwd = dir.path();
      plan.env = process::own_environment();
      plan.env.push_back("A_TOKEN=not-to-be-seen");
      plan.out = process::Stream::pipe();
      plan.err = process::Stream::same_as_out();
      const auto started = supervisor->start(order.launch, plan);
      if (!started) supervisor->give_up(order.launch, started.error());
    };
    told.on_entered = [this](RunnerState state) { states.push_back(state); };
    told.on_notice = [this](runners::Notice, const std::string& text) { notices += text + "\n"; };
    told.on_line = [this](Voice voice, std::string_view line) {
      lines[voice] += std::string(line) + "\n";
    };
    told.on_sidecar_started = [this](const std::string& command) { sidecars.push_back(command); };
    told.on_sidecar_exited = [this](Exit) { ++sidecar_exits; };
    return told;
  }

  bool run_until(const std::function<bool()>& done) const {
    const auto guard = loop->at(now() + 20s, "the test's patience", [this] { loop->stop(); });
    return loop->run_until(done);
  }
  bool run_until_trace(const std::string& text) {
    const auto look = [this, text] { return dir.read("trace") == text; };
    return run_until_true(look);
  }
  // What no event of the loop tells of.
  bool run_until_true(const std::function<bool()>& done) {
    std::function<void()> again = [this, &again] {
      looks = loop->at(now() + 5ms, "a look", [&again] { again(); });
    };
    again();
    const bool is_done = run_until(done);
    looks.reset();
    return is_done;
  }
  [[nodiscard]] bool is_in(RunnerState state) const { return supervisor->core().state() == state; }
  void stop() {
    supervisor->request_stop();
    REQUIRE(run_until([this] { return supervisor->is_down(); }));
  }

  test::TempDir dir;
  config::AutoRun auto_run;
  std::string program;
  std::unique_ptr<Loop> loop = Loop::create().value();
  std::unique_ptr<process::Orphanage> orphanage = process::Orphanage::create(*loop).value();
  std::vector<RunnerState> states;
  std::string notices;
  std::map<Voice, std::string> lines;
  std::vector<std::string> sidecars;
  int sidecar_exits = 0;
  Loop::Handle looks;
  std::unique_ptr<Supervisor> supervisor;
};

config::AutoRun with_sidecar() {
  return {.post_run = traced("sidecar"), .cleanup = "echo cleaned >> trace"};
}

}  // namespace

TEST_CASE("a stop is the cleanup and then the program and then the sidecar") {
  World world(with_sidecar());
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_true([&] {
    const auto trace = world.dir.read("trace");
    return trace.find("program-started\n") != std::string::npos &&
           trace.find("sidecar-started\n") != std::string::npos;
  }));
  world.stop();
  const auto trace = world.dir.read("trace");
  CHECK_THAT(trace, Catch::EndsWith("cleaned\nprogram-ended\nsidecar-ended\n"));
  CHECK(world.states == std::vector{RunnerState::Starting, RunnerState::Running,
                                    RunnerState::Stopping, RunnerState::Idle});
  CHECK(world.sidecars == std::vector<std::string>{traced("sidecar")});
  CHECK(world.sidecar_exits == 1);
}

TEST_CASE("without a sidecar and a cleanup nothing is started but the program") {
  World world({});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("program-started\n"));
  world.stop();
  CHECK(world.dir.read("trace") == "program-started\nprogram-ended\n");
  CHECK(world.sidecars.empty());
  CHECK(world.lines.empty());
  CHECK_FALSE(std::filesystem::exists(world.dir / "ports"));
}

TEST_CASE("a sidecar that cannot do what it shall touches nothing") {
  World world({.post_run = "echo oops >&2; exit 7"});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.sidecar_exits == 1; }));
  REQUIRE(world.run_until([&] { return !world.supervisor->core().has_sidecar(); }));
  CHECK(world.is_in(RunnerState::Running));
  CHECK(world.lines[Voice::Sidecar] == "oops\n");
  world.stop();
}

TEST_CASE("what a sidecar leaves behind is gone with it") {
  World world({.post_run = "(trap '' HUP INT TERM; echo $BASHPID > left; " + std::string(kWaits) +
                           ") & while [ ! -s left ]; do :; done; exit 0",
               .post_run_on_restart = config::OnRestart::Restart});
  world.auto_run.stop_timeout = 50ms;
  world.supervisor->configure(world.settings(), runners::policy_for(world.auto_run));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.sidecar_exits == 1; }));
  REQUIRE(world.run_until([&] { return !world.supervisor->core().has_sidecar(); }));
  CHECK(::kill(std::stoi(world.dir.read("left")), 0) != 0);
  world.stop();
}

TEST_CASE("a sidecar that does not want to end is killed when its time is over") {
  World world(
      {.stop_timeout = 50ms,
       .post_run = "trap '' INT TERM; echo sidecar-started >> trace; " + std::string(kWaits)});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_true(
      [&] { return world.dir.read("trace").find("sidecar-started") != std::string::npos; }));
  world.stop();
  CHECK(world.sidecar_exits == 1);
}

TEST_CASE("a cleanup that fails or takes too long does not hold the stop") {
  for (const auto& [line, said] : std::vector<std::pair<std::string, std::string>>{
           {"echo mess; exit 3", "cleanup failed (exit 3); it goes on without\n"},
           {"sleep 300", "cleanup did not end within 1.0s; it goes on without\n"}}) {
    World world({.cleanup = line, .cleanup_timeout = Seconds(1)});
    world.supervisor->on_success(BuildId(1));
    REQUIRE(world.run_until_trace("program-started\n"));
    world.stop();
    CHECK(world.notices == said);
    CHECK_THAT(world.dir.read("trace"), Catch::EndsWith("program-ended\n"));
  }
}

TEST_CASE("one port is in the sidecar and the cleanup and the environment and the same again") {
  World world({.env = {{"OWN", "at {port}"}},
               .post_run = "echo {port} $POLTERGEIST_PORT $OWN; " + std::string(kWaits),
               .cleanup = "echo {port} ${port}- $POLTERGEIST_PORT"},
              "echo $POLTERGEIST_PORT $OWN; " + std::string(kWaits));
  world.supervisor->on_success(BuildId(1));
  const auto has_spoken = [&] {
    return !world.lines[Voice::Sidecar].empty() && !world.lines[Voice::Program].empty();
  };
  REQUIRE(world.run_until(has_spoken));
  const auto port = std::to_string(world.supervisor->port().value());
  CHECK(world.lines[Voice::Program] == port + " at " + port + "\n");
  CHECK(world.lines[Voice::Sidecar] == port + " " + port + " at " + port + "\n");
  world.lines.clear();
  world.supervisor->request_restart();
  REQUIRE(world.run_until(has_spoken));
  CHECK(world.lines[Voice::Program] == port + " at " + port + "\n");
  world.stop();
  CHECK(world.lines[Voice::Cleanup] == port + " - " + port + "\n");
}

TEST_CASE("a program is running when a command says that it is ready") {
  World world({.ready_when = config::ReadyWhen{.exec = "test -e ready"}, .post_run = kWaits});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("program-started\n"));
  CHECK(world.is_in(RunnerState::Starting));
  CHECK(world.sidecars.empty());
  world.dir.write("ready", "");
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Running); }));
  REQUIRE(world.run_until([&] { return !world.sidecars.empty(); }));
  world.stop();
}

TEST_CASE("a program is running when a line of its output says so") {
  World world({.ready_when = config::ReadyWhen{.log_line = "^listening on [0-9]+$"}},
              "echo not listening on 1; while [ ! -e go ]; do sleep 0.01; done; "
              "echo listening on 80; " +
                  std::string(kWaits));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return !world.lines.empty(); }));
  CHECK(world.is_in(RunnerState::Starting));
  world.dir.write("go", "");
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Running); }));
  CHECK(world.lines[Voice::Program] == "not listening on 1\nlistening on 80\n");
  world.stop();
}

TEST_CASE("a program that writes its port is ready then and what lay there does not count") {
  World world({.port_file = ".port", .post_run = "echo {port}; " + std::string(kWaits)},
              "while [ ! -e go ]; do sleep 0.01; done; echo 4321 > .port; " + std::string(kWaits));
  world.dir.write(".port", "1234");
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.supervisor->pid().has_value(); }));
  CHECK_FALSE(std::filesystem::exists(world.dir / ".port"));
  world.dir.write("go", "");
  REQUIRE(world.run_until([&] { return !world.lines[Voice::Sidecar].empty(); }));
  CHECK(world.lines[Voice::Sidecar] == "4321\n");
  CHECK(world.supervisor->port() == 4321);
  world.stop();
}

TEST_CASE("one that is not ready in time says what was asked for last and is stopped") {
  World world({.ready_when = config::ReadyWhen{.exec = "exit 5", .timeout = Seconds(1)}});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Failed); }));
  REQUIRE(world.run_until([&] { return world.supervisor->is_down(); }));
  CHECK_THAT(
      world.notices,
      Catch::StartsWith("was not ready within 1.0s; waiting for the next successful build") &&
          Catch::Contains("exited with 5"));
  CHECK_THAT(world.dir.read("trace"), Catch::EndsWith("program-ended\n"));
}

TEST_CASE("secrets of its environment are not in the lines of a program") {
  World world({}, "echo it is $A_TOKEN; " + std::string(kWaits));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return !world.lines.empty(); }));
  CHECK(world.lines[Voice::Program].find("not-to-be-seen") == std::string::npos);
  CHECK_THAT(world.lines[Voice::Program], Catch::StartsWith("it is "));
  world.stop();
}

TEST_CASE("a program that exits is started again and the crash is counted") {
  World world({.on_exit = config::OnExit::Restart},
              "echo x >> trace; test $(wc -l < trace) -ge 2 || exit 9; " + std::string(kWaits));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("x\nx\n"));
  CHECK(world.supervisor->core().crashes() == 1);
  CHECK(world.supervisor->core().restarts() == 1);
  world.stop();
}

TEST_CASE("a kill ends the program and the sidecar and the cleanup at once") {
  World world({.post_run = "trap '' TERM; " + std::string(kWaits),
               .cleanup = "trap '' TERM; echo cleaning >> trace; " + std::string(kWaits),
               .cleanup_timeout = Seconds(3600)},
              "trap '' INT TERM; echo started >> trace; " + std::string(kWaits));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("started\n"));
  world.supervisor->request_stop();
  REQUIRE(world.run_until_trace("started\ncleaning\n"));
  world.supervisor->kill();
  REQUIRE(world.run_until([&] { return world.supervisor->is_down(); }));
}

TEST_CASE("a socket is held from the first launch over restarts and exits until the stop") {
  World world(
      {.listen = {{.kind = ListenAddress::Kind::Local, .path = "app.sock"}}},
      "echo $LISTEN_FDS $LISTEN_FDNAMES $((LISTEN_PID - $$)) >> trace; " + std::string(kWaits));
  const auto path = world.dir / "app.sock";
  CHECK_FALSE(connect_to(path));
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("1 app 0\n"));
  const auto waits = connect_to(path);
  REQUIRE(waits);
  const int held = world.supervisor->listening().handover("app").at(0).fd;
  world.supervisor->request_restart();
  REQUIRE(world.run_until_trace("1 app 0\n1 app 0\n"));
  CHECK(world.supervisor->listening().handover("app").at(0).fd == held);
  world.supervisor->kill_program();
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Failed); }));
  CHECK(connect_to(path));
  CHECK(world.supervisor->listening().addresses() == std::vector{path.string()});
  world.stop();
  CHECK_FALSE(connect_to(path));
  CHECK_FALSE(std::filesystem::exists(path));
  world.supervisor->request_start();
  REQUIRE(world.run_until_trace("1 app 0\n1 app 0\n1 app 0\n"));
  CHECK(connect_to(path));
  world.stop();
}

TEST_CASE("a port that we hold ourselves is nobody else's at the next launch") {
  World world({.listen = {{.kind = ListenAddress::Kind::V4, .host = "127.0.0.1", .port = 0}}});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("program-started\n"));
  const int port = world.supervisor->port().value();
  world.supervisor->request_restart();
  REQUIRE(world.run_until_trace("program-started\nprogram-ended\nprogram-started\n"));
  CHECK(world.supervisor->port() == port);
  // Also when it is asked for by its number now.
  world.auto_run.port = PortRange{port, port};
  world.supervisor->configure(world.settings(), runners::policy_for(world.auto_run));
  world.supervisor->request_restart();
  REQUIRE(world.run_until_trace(
      "program-started\nprogram-ended\nprogram-started\nprogram-ended\nprogram-started\n"));
  CHECK(world.supervisor->port() == port);
  world.stop();
  CHECK(world.notices.find("in use") == std::string::npos);
  CHECK(is_port_free(port));
}

TEST_CASE("a socket that cannot be had fails the launch until it can") {
  World world({.listen = {{.kind = ListenAddress::Kind::Local, .path = "app.sock"}}});
  world.dir.write("app.sock", "no socket");
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Failed); }));
  CHECK_THAT(world.notices, Catch::Contains("app.sock is there and no socket"));
  CHECK_FALSE(std::filesystem::exists(world.dir / "trace"));
  std::filesystem::remove(world.dir / "app.sock");
  world.supervisor->on_success(BuildId(2));
  REQUIRE(world.run_until_trace("program-started\n"));
  world.stop();
}

TEST_CASE("what a program did to its socket does not reach those who connect after its end") {
  World world({.listen = {{.kind = ListenAddress::Kind::Local, .path = "app.sock"}}});
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until_trace("program-started\n"));
  // The program's descriptor is a copy of this one.
  const int shared = world.supervisor->listening().handover("app").at(0).fd;
  REQUIRE(::shutdown(shared, SHUT_RDWR) == 0);
  REQUIRE_FALSE(connect_to(world.dir / "app.sock"));
  world.supervisor->kill_program();
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Failed); }));
  CHECK(connect_to(world.dir / "app.sock"));
  // Some servers remove the file when they end.
  world.supervisor->request_start();
  REQUIRE(world.run_until_trace("program-started\nprogram-started\n"));
  std::filesystem::remove(world.dir / "app.sock");
  world.supervisor->request_restart();
  REQUIRE(
      world.run_until_trace("program-started\nprogram-started\nprogram-ended\nprogram-started\n"));
  CHECK(connect_to(world.dir / "app.sock"));
  world.stop();
}

TEST_CASE("what the settings name no more is closed also while nothing runs") {
  World world({.listen = {{.kind = ListenAddress::Kind::Local, .path = "app.sock"}}}, "exit 3");
  world.supervisor->on_success(BuildId(1));
  REQUIRE(world.run_until([&] { return world.is_in(RunnerState::Failed); }));
  REQUIRE(connect_to(world.dir / "app.sock"));
  world.auto_run.listen.clear();
  world.supervisor->configure(world.settings(), runners::policy_for(world.auto_run));
  CHECK_FALSE(connect_to(world.dir / "app.sock"));
  world.stop();
}
