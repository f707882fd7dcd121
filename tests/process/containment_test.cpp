// SPDX-License-Identifier: MIT
#include "process/containment.h"

#include <sys/wait.h>

#include <csignal>

#include "process/chaos_world.h"
#include "process/pidfd.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

struct Beast {
  Child child;
  UniqueFd out;

  explicit Beast(const SpawnPlan& plan) : child(spawn(plan).value()), out(child.take_out()) {
    REQUIRE(read_until(out.get(), "ready").find("ready") != std::string::npos);
  }
  Containment& unit() { return child.containment(); }
};

bool is_alive(const ProcessId& id) {
  const auto entry = find_process(id.pid);
  return entry && entry->id == id && entry->state != ProcessState::Dead;
}

}  // namespace

TEST_CASE("a unit is everything that came of its leader, wherever it went") {
  REQUIRE(become_subreaper());
  Beast hydra(chaos({"hydra"}));
  const auto members = hydra.unit().members();
  CHECK(members.size() == 8);
  CHECK(members.front().id.pid == hydra.child.pid());
  CHECK_FALSE(hydra.unit().is_empty());
}

TEST_CASE("a hydra that ignores every polite signal is gone after a kill, to the last head") {
  REQUIRE(become_subreaper());
  for (int round = 0; round < rounds(12, 1'000); ++round) {
    Beast hydra(chaos({"hydra", "1", "2", "15"}));
    REQUIRE(hydra.unit().kill_and_await(kNeverSoLong));
    CHECK(hydra.child.reap() == Exit::by_signal(SIGKILL));
    REQUIRE(everyone_below() == std::vector<std::string>{});
  }
}

TEST_CASE("of two hydras only the one that is meant loses its heads") {
  REQUIRE(become_subreaper());
  Beast one(chaos({"hydra"}));
  Beast two(chaos({"hydra"}));
  const auto others = two.unit().members();
  REQUIRE(others.size() == 8);
  REQUIRE(one.unit().kill_and_await(kNeverSoLong));
  one.child.reap();
  for (const auto& member : others) CHECK(is_alive(member.id));
  CHECK(two.unit().members().size() == 8);
}

TEST_CASE("an orphan is known without the group, the session, the environment and its parents") {
  REQUIRE(become_subreaper());
  auto child = spawn(shell("setsid -f env -i sh -c 'echo ready; exec sleep 1000'")).value();
  const auto out = child.take_out();
  REQUIRE(read_until(out.get(), "ready") == "ready\n");
  REQUIRE(is_readable(child.pidfd()));  // its leader has gone
  const auto members = child.containment().members();
  REQUIRE(members.size() == 1);
  CHECK(members.front().parent == ::getpid());
  CHECK_FALSE(child.containment().is_empty());
  CHECK(child.containment().kill_and_await(kNeverSoLong));
  CHECK_FALSE(is_alive(members.front().id));
}

TEST_CASE("a storm of forks ends") {
  REQUIRE(become_subreaper());
  Beast storm(chaos({"storm"}));
  CHECK(storm.unit().kill_and_await(kNeverSoLong));
  storm.child.reap();
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a signal reaches each member once, also those that are stopped") {
  REQUIRE(become_subreaper());
  auto child = spawn(chaos({"stopped"})).value();
  const auto out = child.take_out();
  REQUIRE(read_until(out.get(), "ready") == "ready\n");
  const auto members = child.containment().members();
  REQUIRE(members.size() == 2);
  const auto descendant = open_pidfd(members.back().id.pid).value();
  CHECK(child.containment().signal_all(SIGTERM) == 2);
  CHECK(child.reap() == Exit::by_signal(SIGTERM));
  REQUIRE(is_readable(descendant.get()));  // its end of the pipe goes before it is dead
  CHECK(reap_orphans() == 1);
}

TEST_CASE("a process that has another's number is not signalled for it") {
  REQUIRE(become_subreaper());
  Beast program(chaos({"stubborn"}));
  const auto id = find_process(program.child.pid())->id;
  CHECK_FALSE(signal_process({id.pid, id.start_ticks - 1}, SIGKILL));
  CHECK_FALSE(program.child.peek());
  CHECK(signal_process(id, SIGKILL));
  CHECK(program.child.reap() == Exit::by_signal(SIGKILL));
  CHECK_FALSE(signal_process(id, SIGKILL));
}

TEST_CASE("dead orphans are reaped, leaders are left to their owners") {
  REQUIRE(become_subreaper());
  auto leader = spawn(shell("(sh -c 'echo $$; read line' &)")).value();
  const auto out = leader.take_out();
  const auto orphan = static_cast<pid_t>(std::stoi(read_until(out.get(), "\n")));
  REQUIRE(is_readable(leader.pidfd()));
  const auto pidfd = open_pidfd(orphan).value();
  send_signal(pidfd, SIGKILL);
  REQUIRE(is_readable(pidfd.get()));
  CHECK(children_of(::getpid()) == std::vector<pid_t>{leader.pid(), orphan});
  CHECK(reap_orphans() == 1);
  CHECK(children_of(::getpid()) == std::vector<pid_t>{leader.pid()});
  CHECK(leader.reap().ok());
  CHECK(reap_orphans() == 0);
}
