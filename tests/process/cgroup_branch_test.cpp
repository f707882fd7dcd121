// SPDX-License-Identifier: MIT
#include "process/cgroup_branch.h"

#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "process/cgroup_world.h"
#include "process/containment.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;
namespace fs = std::filesystem;

namespace {

// Starts a ghost (chaos.cpp) in `leaf` and waits until it is one.
struct HauntedLeader {
  explicit HauntedLeader(CgroupLeaf leaf)
      : child(spawn(chaos({"ghost"}), std::move(leaf)).value()) {
    const auto out = child.take_out();
    ghost = std::stoi(read_until(out.get(), "ready"));
  }
  Child child;
  pid_t ghost = 0;
};

// A process with a branch and a ghost on it, which is killed.
class KilledOwner {
 public:
  explicit KilledOwner(const fs::path& home) {
    auto pipe = make_pipe().value();
    pid_ = ::fork();
    if (pid_ == 0) {
      if (!become_subreaper()) ::_exit(1);
      const auto branch = CgroupBranch::create(home).value();
      const HauntedLeader leader(branch->lend());
      const auto line = std::to_string(leader.ghost) + "\n";
      if (::write(pipe.write_end.get(), line.data(), line.size()) < 0) ::_exit(1);
      while (true) ::pause();
    }
    pipe.write_end.reset();
    ghost_ = std::stoi(read_until(pipe.read_end.get(), "\n"));
  }
  KilledOwner(const KilledOwner&) = delete;
  KilledOwner& operator=(const KilledOwner&) = delete;
  ~KilledOwner() { die(); }

  void die() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
  [[nodiscard]] pid_t ghost() const { return ghost_; }

 private:
  pid_t pid_ = 0;
  pid_t ghost_ = 0;
};

std::string v2_line_of(const std::string& text) {
  const auto at = text.find("0::");
  return at == std::string::npos ? text : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("who is born in a leaf is there from the beginning and another unit is not") {
  const HomeCgroup home;
  if (!home) return;
  const auto branch = CgroupBranch::create(home.path()).value();
  auto leaf = branch->lend();
  const auto name = leaf.cgroup().path().filename().string();
  auto child = spawn(shell("cat /proc/self/cgroup"), std::move(leaf)).value();
  const auto out = child.take_out();
  const auto own = "/" + branch->path().filename().string() + "/" + name;
  CHECK(v2_line_of(read_until(out.get())).ends_with(own));
  child.reap();
  const auto other = branch->lend();
  CHECK(other.cgroup().path().filename() != name);  // it has not been given back
}

TEST_CASE("a leaf that was given back as it was is lent again and no other") {
  const HomeCgroup home;
  if (!home) return;
  const auto branch = CgroupBranch::create(home.path()).value();
  const auto lend_and_do = [&](const std::function<void(CgroupLeaf&)>& what) {
    auto leaf = branch->lend();
    what(leaf);
    return leaf.cgroup().path();
  };
  const auto is_lent_again = [&](const std::function<void(CgroupLeaf&)>& what) {
    const auto first = lend_and_do(what);
    const auto is_there = fs::exists(first);
    const auto second = lend_and_do([](CgroupLeaf&) {});
    CHECK(is_there == (first == second));
    return first == second;
  };
  CHECK(is_lent_again([](CgroupLeaf&) {}));
  CHECK(is_lent_again([](CgroupLeaf& leaf) {
    auto child = spawn(chaos({"exit", "3"})).value();
    std::ofstream(leaf.cgroup().path() / "cgroup.procs") << child.pid();
    child.reap();
  }));
  CHECK_FALSE(is_lent_again([](CgroupLeaf& leaf) { leaf.kill(); }));
  CHECK_FALSE(is_lent_again(
      [](CgroupLeaf& leaf) { fs::create_directories(leaf.cgroup().path() / "a/b"); }));
  CHECK_FALSE(is_lent_again(
      [](CgroupLeaf& leaf) { std::ofstream(leaf.cgroup().path() / "cgroup.freeze") << 1; }));
}

TEST_CASE("nobody dies at birth of what was done to his cgroup before") {
  const HomeCgroup home;
  if (!home) return;
  const auto branch = CgroupBranch::create(home.path()).value();
  auto leaf = branch->lend();
  REQUIRE(leaf.cgroup().kill());  // by somebody else, of whom the branch does not know
  auto child = spawn(shell("exit 7"), std::move(leaf)).value();
  CHECK(child.reap() == Exit::by_code(7));
}

TEST_CASE("where nobody can be born programs start without and the reason is known") {
  const HomeCgroup home;
  if (!home) return;
  const auto branch = CgroupBranch::create(home.path()).value();
  auto leaf = branch->lend();
  // Beside one for threads the others are for nobody.
  std::ofstream(branch->lend().cgroup().path() / "cgroup.type") << "threaded";
  auto child = spawn(shell("exit 7"), std::move(leaf)).value();
  CHECK(child.reap() == Exit::by_code(7));
  CHECK(branch->trouble().find("no process can be born in the cgroup " + branch->path().string()) ==
        0);
  CHECK_FALSE(branch->lend());
}

TEST_CASE("where no cgroup can be made units are what they were without") {
  const World nowhere(Result<fs::path>(fs::path("/proc/no-such-place")));
  CHECK_FALSE(nowhere.orphanage->lend_leaf());
  CHECK(nowhere.orphanage->cgroup().error().message.find("making the cgroup /proc/no-such-place") ==
        0);
  Watched app(nowhere, chaos({"hydra"}), Leftovers::Kill);
  REQUIRE(nowhere.run_until([&] { return app.has_said("ready"); }));
  app.unit->kill_all();
  REQUIRE(nowhere.run_until([&] { return app.is_gone(); }));
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a descendant that lost all that it inherited goes with its unit") {
  const HomeCgroup home;
  if (!home) return;
  const World world(Result<fs::path>(home.path()));
  Watched app(world, chaos({"ghost", "0"}), Leftovers::Kill);
  REQUIRE(world.run_until([&] { return app.has_exited() && app.has_said("ready"); }));
  const pid_t ghost = std::stoi(app.output);
  REQUIRE(is_alive(ghost));
  CHECK(app.gone == 0);
  app.unit->stop(stop_ladder(SIGTERM, kNeverSoLong));
  REQUIRE(world.run_until([&] { return app.is_gone(); }));
  CHECK_FALSE(is_alive(ghost));
  CHECK(world.run_until([&] { return everyone_below().empty(); }));  // it is reaped, too
}

TEST_CASE("a storm of forks without marks ends") {
  const HomeCgroup home;
  if (!home) return;
  const World world(Result<fs::path>(home.path()));
  for (int round = 0; round < rounds(10, 1'000); ++round) {
    Watched app(world, chaos({"storm", "unmarked"}), Leftovers::Kill);
    REQUIRE(world.run_until([&] { return app.has_said("ready"); }));
    app.unit->kill_all();
    REQUIRE(world.run_until([&] { return app.is_gone(); }));
    REQUIRE(world.run_until([&] { return everyone_below().empty(); }));
  }
}

TEST_CASE("a unit that is destroyed takes along who lost all that he inherited") {
  const HomeCgroup home;
  if (!home) return;
  const auto branch = CgroupBranch::create(home.path()).value();
  REQUIRE(become_subreaper());
  pid_t ghost = 0;
  {
    const HauntedLeader leader(branch->lend());
    ghost = leader.ghost;
    REQUIRE(is_alive(ghost));
  }
  CHECK_FALSE(is_alive(ghost));
  reap_orphans(branch.get());
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("a hundred builds leave no cgroup behind") {
  const HomeCgroup home;
  if (!home) return;
  {
    const World world(Result<fs::path>(home.path()));
    for (int i = 0; i < 100; ++i) {
      Watched build(world, chaos({"exit", "0"}), Leftovers::Keep);
      REQUIRE(world.run_until([&] { return build.has_exited(); }));
    }
    CHECK(HomeCgroup::directories_in(*world.orphanage->cgroup()).size() == 1);
  }
  CHECK(home.below().empty());
}

TEST_CASE("what a build leaves on purpose lives on and its cgroup is removed when it is gone") {
  const HomeCgroup home;
  if (!home) return;
  pid_t server = 0;
  const auto leave_server = [&](const World& world) {
    Watched build(world, chaos({"ghost", "0"}), Leftovers::Keep);
    REQUIRE(world.run_until([&] { return build.has_exited(); }));
    server = std::stoi(build.output);
  };
  {
    const World world(Result<fs::path>(home.path()));
    leave_server(world);
    CHECK(world.orphanage->lend_leaf().cgroup().members().empty());  // another one
    ::kill(server, SIGKILL);
    REQUIRE(world.run_until([&] { return everyone_below().empty(); }));
    leave_server(world);
  }
  // Past the good end of its owner, whatever is swept.
  const World later(Result<fs::path>(home.path()));
  CHECK(end_left_branches(home.path()) == 0);
  CHECK(is_alive(server));
  CHECK(home.below().size() == 2);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);  // nobody else knows whose it was
  CHECK(end_left_branches(home.path()) == 0);
  CHECK(home.below() == std::vector{*later.orphanage->cgroup()});
}

TEST_CASE("what a killed owner left is ended with its cgroups and what a living one has is not") {
  const HomeCgroup home;
  if (!home) return;
  const World world(Cgroups::No);  // whoever is orphaned below us becomes ours
  KilledOwner killed(home.path());
  KilledOwner living(home.path());
  CHECK(end_left_branches(home.path()) == 0);
  killed.die();
  REQUIRE(is_alive(killed.ghost()));
  CHECK(end_left_branches(home.path()) >= 1);
  CHECK_FALSE(is_alive(killed.ghost()));
  CHECK(is_alive(living.ghost()));
  CHECK(home.below().size() == 1);
  living.die();
  while (!end_branch(home.below().front())) ::poll(nullptr, 0, 1);  // as a shepherd does
  CHECK_FALSE(is_alive(living.ghost()));
  CHECK(home.below().empty());
  CHECK(are_all_gone());
}
