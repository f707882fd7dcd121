// SPDX-License-Identifier: MIT
#include "process/unit.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "process/chaos_world.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;
using namespace std::chrono_literals;

TEST_CASE("a build is over when its leader has exited and its output is read") {
  const World world;
  Watched build(world, shell("echo one; printf two; exit 3"), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(build.exits == std::vector{Exit::by_code(3)});
  CHECK(build.lines == std::vector<std::string>{"one", "two"});
  CHECK(build.gone == 0);
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("the end of a unit is told though SIGCHLD was ignored when we were started") {
  ::signal(SIGCHLD, SIG_IGN);
  const World world;
  Watched build(world, shell("exit 3"), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(build.exits == std::vector{Exit::by_code(3)});
}

TEST_CASE("no byte that a build wrote before its end is lost") {
  const World world;
  constexpr std::size_t kMuch = 10'000'000;
  Watched build(world, chaos({"bytes", std::to_string(kMuch)}), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(build.output.size() == kMuch);
}

TEST_CASE("a background process that holds the pipe does not hold the build, and lives on") {
  const World world;
  const Instant start = now();
  Watched build(world,
                shell("(trap '' HUP; echo $$; while read x; do :; done < /dev/zero) & exit 0"),
                Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(now() - start >= Unit::kLateOutput);
  CHECK(now() - start < Unit::kLateOutput + 500ms);
  build.unit.reset();
  const auto left = children_without_shepherd();
  REQUIRE(left.size() == 1);
  CHECK(find_process(left.front())->state == ProcessState::Alive);
  // It is reaped as soon as it dies, by nobody's request.
  ::kill(left.front(), SIGKILL);
  CHECK(world.run_until([&] { return everyone_below().empty(); }));
}

TEST_CASE("a background process with a session of its own that writes for ever holds no build") {
  const World world;
  Watched build(world, shell("setsid sh -c 'while :; do echo late; done' & echo done"),
                Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(build.exits == std::vector{Exit::by_code(0)});
  CHECK(std::count(build.lines.begin(), build.lines.end(), "done") == 1);
  build.unit.reset();
  const auto left = children_without_shepherd();
  REQUIRE(left.size() == 1);
  ::kill(left.front(), SIGKILL);
  CHECK(world.run_until([&] { return everyone_below().empty(); }));
}

TEST_CASE("builds that each leave a writer behind use up no descriptors") {
  const World world;
  const auto descriptors = [] {
    namespace fs = std::filesystem;
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  constexpr int kBuilds = 100;
  std::vector<std::ptrdiff_t> counts;
  for (int round = 0; round < 2; ++round) {  // the first reaches the limit
    std::vector<std::unique_ptr<Watched>> builds;
    for (int i = 0; i < kBuilds; ++i) {
      auto plan = shell("setsid sleep 1000 &");
      plan.in_cgroup = false;  // one for each who lives
      builds.push_back(std::make_unique<Watched>(world, plan, Leftovers::Keep));
    }
    REQUIRE(world.run_until([&] {
      return std::all_of(builds.begin(), builds.end(),
                         [](const auto& build) { return build->has_exited(); });
    }));
    builds.clear();
    counts.push_back(descriptors());
  }
  CHECK(counts.front() == counts.back());
  for (const pid_t left : children_without_shepherd()) ::kill(left, SIGKILL);
  CHECK(world.run_until([&] { return everyone_below().empty(); }));
}

TEST_CASE("what a leftover writes later is read, so that it does not die of a broken pipe") {
  const World world;
  const test::TempDir dir;
  REQUIRE(::mkfifo((dir / "go").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((dir / "said").c_str(), 0600) == 0);
  const UniqueFd said(::open((dir / "said").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  // More than a pipe holds: if nobody read it, it would not come to its end either.
  auto plan =
      shell("(read x < go; head -c 500000 /dev/zero && echo alive > said; exec sleep 1000) &");
  plan.cwd = dir.path();
  Watched build(world, plan, Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  build.unit.reset();

  dir.write("go", "on\n");
  bool is_alive = false;
  const auto handle =
      world.loop->watch(said.get(), EPOLLIN, "said", [&](std::uint32_t) { is_alive = true; });
  CHECK(world.run_until([&] { return is_alive; }));
  ::kill(children_without_shepherd().front(), SIGKILL);
  CHECK(world.run_until([&] { return everyone_below().empty(); }));
}

TEST_CASE("short children and the orphans that they leave are reaped at once every time") {
  const World world;
  for (int round = 0; round < rounds(200, 10'000); ++round) {
    Watched build(world, shell("(: > /dev/null 2>&1 &); exit 0"), Leftovers::Keep);
    REQUIRE(world.run_until([&] { return build.has_exited(); }));
    // Zombies, too, and without anybody's doing anything more.
    REQUIRE(world.run_until([] { return everyone_below().empty(); }));
  }
}

TEST_CASE("a runner's end is told at once, and that nothing is left of it when that is so") {
  const World world;
  Watched app(world, chaos({"leave", "2"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_exited(); }));
  CHECK(app.exits == std::vector{Exit::by_code(0)});
  CHECK(app.gone == 0);
  app.unit->signal_all(SIGTERM);
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK(app.order == "eg");
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a program that obeys is gone without SIGKILL, after one signal") {
  const World world;
  Watched app(world, chaos({"polite"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
  app.unit->stop(stop_ladder(SIGINT, 10s));
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK(app.output == "ready\n02\n");
  CHECK(app.exits == std::vector{Exit::by_code(0)});
}

TEST_CASE("a program that ignores its signal is killed when its time is over") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  Watched app(world, chaos({"hydra", "2", "15"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
  const Instant start = now();
  app.unit->stop(stop_ladder(SIGINT, 50ms));
  app.unit->stop(stop_ladder(SIGINT, 1h));  // does not give it more time
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK(now() - start >= 50ms);
  CHECK(app.exits == std::vector{Exit::by_signal(SIGKILL)});
  CHECK(app.order == "eg");
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a ladder that comes to its end sooner replaces the one that is walked") {
  const World world;
  Watched app(world, chaos({"stubborn", "2"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
  app.unit->stop(stop_ladder(SIGINT, 1h));
  app.unit->stop({});
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK(app.exits == std::vector{Exit::by_signal(SIGKILL)});
}

TEST_CASE(
    "background jobs of a script, which ignore SIGINT, do not make a stop take its whole time") {
  const World world;
  Watched app(world, chaos({"job"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
  const Instant start = now();
  app.unit->stop(stop_ladder(SIGINT, 15s));
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK(now() - start < 10s);
}

TEST_CASE("a cancelled build is over only when nothing of it is left") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  Watched build(world, chaos({"hydra", "15"}), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return build.has_said("ready"); }));
  build.unit->stop(stop_ladder(SIGTERM, 20ms));
  REQUIRE(world.run_until([&] { return build.has_exited(); }));
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a storm of forks is stopped like anything else") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  for (int round = 0; round < rounds(20, 1'000); ++round) {
    Watched app(world, chaos({"storm"}), Leftovers::Kill);
    REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
    app.unit->stop(stop_ladder(SIGTERM, 2ms));
    REQUIRE(world.run_until([&] { return app.is_gone(); }));
    REQUIRE(everyone_below() == std::vector<std::string>{});
  }
}

TEST_CASE("a hydra is stopped to the last head, again and again") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  for (int round = 0; round < rounds(100, 1'000); ++round) {
    Watched app(world, chaos({"hydra", "2"}), Leftovers::Kill);
    REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
    app.unit->stop(stop_ladder(SIGINT, 5ms));
    REQUIRE(world.run_until([&] { return app.is_gone(); }));
    REQUIRE(everyone_below() == std::vector<std::string>{});
  }
}

TEST_CASE("old and new never overlap, though a descendant outlives the old leader") {
  const World world;
  const test::TempDir dir;
  const std::string lock = (dir / "lock").string();
  for (int round = 0; round < rounds(30, 1'000); ++round) {
    Watched app(world, chaos({"exclusive", lock, round % 2 == 0 ? "10" : "2"}), Leftovers::Kill);
    REQUIRE(world.run_until([&] { return app.has_said("ready") || app.has_exited(); }));
    app.unit->stop(stop_ladder(SIGINT, 20ms));
    REQUIRE(world.run_until([&] { return app.is_gone(); }));
  }
  CHECK(dir.read("lock").empty());
}

TEST_CASE("stopping one unit leaves the others alone") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  Watched one(world, chaos({"hydra"}), Leftovers::Kill);
  Watched two(world, chaos({"hydra"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return one.has_said("ready") && two.has_said("ready"); }));
  one.unit->kill_all();
  REQUIRE(world.run_until([&] { return one.is_gone(); }));
  CHECK(everyone_below().size() == 8);
  CHECK_FALSE(two.has_exited());
}

TEST_CASE("the last call may destroy the unit") {
  const World world;
  std::unique_ptr<Unit> unit;
  bool called = false;
  UnitEvents events;
  events.exited = [&](Exit) {
    called = true;
    unit.reset();
  };
  unit = Unit::start(*world.orphanage, shell("exit 0"), Leftovers::Keep, "a build", events).value();
  CHECK(world.run_until([&] { return called; }));

  called = false;
  unit = Unit::start(*world.orphanage, chaos({"leave"}), Leftovers::Kill, "an app", events).value();
  CHECK(world.run_until([&] { return called; }));  // destroyed while something of it is left
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a unit that is destroyed takes everything of it along") {
  const World world(GENERATE(Cgroups::No, Cgroups::WherePossible));
  {
    Watched app(world, chaos({"hydra", "2", "15"}), Leftovers::Kill);
    REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
  }
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("the leader dies with the process that started it") {
  auto pipe = make_pipe().value();
  const pid_t owner = ::fork();
  if (owner == 0) {
    auto plan = chaos({"stubborn", "2"});
    plan.out = Stream::to(pipe.write_end.get());
    const auto child = spawn(plan);
    ::kill(::getpid(), SIGKILL);
  }
  pipe.write_end.reset();
  // The end of the pipe comes when its last holder, the program, is gone.
  const auto said = read_until(pipe.read_end.get());
  CHECK((said.empty() || said == "ready\n"));
  ::waitpid(owner, nullptr, 0);
}
