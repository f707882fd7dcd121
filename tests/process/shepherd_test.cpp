// SPDX-License-Identifier: MIT
#include "process/shepherd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "process/cgroup_world.h"
#include "process/pidfd.h"
#include "process/unit_mark.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;
namespace fs = std::filesystem;

namespace {

constexpr auto kDeadly = std::to_array({SIGKILL, SIGSEGV, SIGTERM, SIGABRT});

// A process with a unit of one process in each of the ways in which processes get away, which tells
// their numbers and the shepherd's.
class DoomedOwner {
 public:
  DoomedOwner() {
    auto pipe = make_pipe().value();
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const int signal : kDeadly) ::signal(signal, SIG_DFL);  // the test's own
      World world;
      auto plan = shell(
          "setsid sh -c 'echo $$; exec sleep 600' & (sh -c 'echo $$; exec sleep 600' &) ;"
          "sh -c 'trap \"\" TERM HUP INT; echo $$; exec sleep 600' &"
          "sh -c 'echo $$; kill -STOP $$' & echo $$; exec sleep 600");
      plan.out = Stream::to(pipe.write_end.get());
      auto unit = spawn(plan);
      const auto line = std::to_string(world.orphanage->shepherd()) + "\n";
      if (::write(pipe.write_end.get(), line.data(), line.size()) < 0) ::_exit(1);
      while (true) ::pause();
    }
    pipe.write_end.reset();
    std::string told;
    while (std::count(told.begin(), told.end(), '\n') < 6) {
      std::array<char, 256> buffer{};
      const auto count = ::read(pipe.read_end.get(), buffer.data(), buffer.size());
      if (count <= 0) break;
      told.append(buffer.data(), static_cast<std::size_t>(count));
    }
    std::istringstream lines(told);
    for (pid_t pid = 0; lines >> pid;) watched_.push_back(open_pidfd(pid).value());
  }
  DoomedOwner(const DoomedOwner&) = delete;
  DoomedOwner& operator=(const DoomedOwner&) = delete;
  ~DoomedOwner() {
    end_by(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    for (const auto& process : watched_) send_signal(process, SIGKILL);
  }

  void end_by(int signal) const { ::kill(pid_, signal); }
  [[nodiscard]] std::size_t known() const { return watched_.size(); }
  // Also the shepherd.
  [[nodiscard]] bool all_end(int within_ms = 10'000) const {
    return std::ranges::all_of(watched_, [&](const UniqueFd& process) {
      pollfd ends{process.get(), POLLIN, 0};
      return ::poll(&ends, 1, within_ms) == 1;
    });
  }

 private:
  pid_t pid_ = 0;
  std::vector<UniqueFd> watched_;
};

}  // namespace

TEST_CASE("when its owner is killed the shepherd ends what is left of its units and then itself") {
  for (const int signal : kDeadly) {
    INFO(signal);
    const DoomedOwner owner;
    REQUIRE(owner.known() == 6);
    owner.end_by(signal);
    CHECK(owner.all_end());
  }
}

TEST_CASE("the shepherd ends also whom no mark leads to and removes the cgroups") {
  const HomeCgroup home;
  if (!home) return;
  auto pipe = make_pipe().value();
  const pid_t owner = ::fork();
  if (owner == 0) {
    const World world(Result<fs::path>(home.path()));
    auto plan = chaos({"ghost"});
    plan.out = Stream::to(pipe.write_end.get());
    const auto unit = spawn(plan, world.orphanage->lend_leaf());
    while (true) ::pause();
  }
  pipe.write_end.reset();
  const pid_t ghost = std::stoi(read_until(pipe.read_end.get(), "ready"));
  const auto ends = open_pidfd(ghost).value();
  REQUIRE(is_alive(ghost));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  CHECK(is_readable(ends.get()));
  const Instant until = now() + kNeverSoLong;
  while (!home.below().empty() && now() < until) ::poll(nullptr, 0, 1);
  CHECK(home.below().empty());
  CHECK(are_all_gone());
}

TEST_CASE("the shepherd leaves what lives on after an owner that ends in good order") {
  auto pipe = make_pipe().value();
  const pid_t owner = ::fork();
  if (owner == 0) {
    {
      const World world(Cgroups::No);
      auto plan = shell("setsid sh -c 'echo $$; exec sleep 600' & exit 0");
      plan.out = Stream::to(pipe.write_end.get());
      Watched builder(world, plan, Leftovers::Keep);
      if (!world.run_until([&] { return !builder.exits.empty(); })) ::_exit(1);
    }
    ::_exit(0);
  }
  pipe.write_end.reset();
  const pid_t server = std::stoi(read_until(pipe.read_end.get(), "\n"));
  ::waitpid(owner, nullptr, 0);
  const auto entry = find_process(server);
  REQUIRE(entry);
  CHECK(entry->state == ProcessState::Alive);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);  // where we are a subreaper
}

TEST_CASE("no signal but SIGKILL ends the shepherd") {
  const World world;
  const pid_t shepherd = world.orphanage->shepherd();
  REQUIRE(shepherd > 0);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGPIPE}) {
    ::kill(shepherd, signal);
  }
  CHECK(find_process(shepherd)->state == ProcessState::Alive);
}

// Also one that is killed as soon as it is there.
TEST_CASE("a shepherd that is killed is followed by another one") {
  const World world;
  for (int time = 1; time <= 4; ++time) {
    const pid_t killed = world.orphanage->shepherd();
    REQUIRE(killed > 0);
    ::kill(killed, SIGKILL);
    CHECK(world.run_until([&] {
      const pid_t next = world.orphanage->shepherd();
      return next > 0 && next != killed;
    }));
  }
}

TEST_CASE("the shepherd holds nothing of its owner open, above all no lock") {
  const test::TempDir root;
  root.write("lock", "");
  const UniqueFd lock(::open((root / "lock").c_str(), O_RDWR));
  REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
  const auto shepherd = Shepherd::start();
  REQUIRE(shepherd);
  const auto descriptors = "/proc/" + std::to_string(shepherd->pid()) + "/fd";
  CHECK(std::distance(fs::directory_iterator(descriptors), fs::directory_iterator()) == 5);
  const UniqueFd again(::open((root / "lock").c_str(), O_RDWR));
  ::flock(lock.get(), LOCK_UN);
  CHECK(::flock(again.get(), LOCK_EX | LOCK_NB) == 0);
  CHECK(fs::read_symlink("/proc/" + std::to_string(shepherd->pid()) + "/cwd") == "/");
}

TEST_CASE("a shepherd belongs to no unit but its own") {
  // As if we were one.
  rlimit before{};
  ::getrlimit(RLIMIT_RTTIME, &before);
  const auto mark = UnitMark::create().number_for(::getpid());
  UnitMark::set_own_number(mark);
  {
    const auto shepherd = Shepherd::start();
    REQUIRE(shepherd);
    const auto carried = mark_of(shepherd->pid());
    REQUIRE(carried);
    CHECK(carried->owner == ::getpid());
    CHECK(carried->leader == shepherd->pid());
    CHECK(mark_of(::getpid())->number == mark);
  }
  ::setrlimit(RLIMIT_RTTIME, &before);
}
