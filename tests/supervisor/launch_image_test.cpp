// SPDX-License-Identifier: MIT
// A supervisor and the images of what it starts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "process/environment.h"
#include "supervisor/supervisor.h"
#include "support/stamped_program.h"
#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::supervisor;
using namespace std::chrono_literals;
using runners::RunnerState;

namespace {

namespace fs = std::filesystem;

// An owner whose program is an artifact.
struct ImageWorld {
  explicit ImageWorld(config::AutoRun settings = {}) : auto_run(std::move(settings)) {
    auto_run.restart_delay = 0ms;
    supervisor = std::make_unique<Supervisor>(*orphanage, this->settings(),
                                              runners::policy_for(auto_run), listener());
  }
  [[nodiscard]] Settings settings() const {
    return {.name = "app",
            .auto_run = auto_run,
            .root = dir.path(),
            .cwd = dir.path(),
            .env = process::own_environment(),
            .leases = dir / "ports",
            .launch_names = dir / "names"};
  }
  Listener listener() {
    Listener told;
    told.on_launch = [this](const LaunchOrder& order) {
      process::SpawnPlan plan;
      plan.argv = {order.image_of.empty() ? app.string() : order.image_of.string()};
      plan.cwd = dir.path();
      plan.env = process::own_environment();
      plan.out = process::Stream::dev_null();
      const auto started = supervisor->start(order.launch, plan);
      if (!started) supervisor->give_up(order.launch, started.error());
    };
    told.on_notice = [this](runners::Notice, const std::string& text) { notices += text + "\n"; };
    return told;
  }

  // As a linker does that writes over what is there.
  void build(BuildId build) {
    const auto text = test::stamped_program("v" + std::to_string(build.value()));
    const UniqueFd fd(::open(app.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void succeed(std::uint64_t number) {
    build(BuildId(number));
    supervisor->on_success(BuildId(number), app);
  }
  bool run_until(const std::function<bool()>& done) const {
    const auto guard = loop->at(now() + 20s, "the test's patience", [this] { loop->stop(); });
    return loop->run_until(done);
  }
  bool runs(std::uint64_t generation) const {
    return run_until([&] {
      const auto& core = supervisor->core();
      return core.running_generation() == BuildId(generation) && supervisor->pid() &&
             core.state() == RunnerState::Running;
    });
  }
  // What the program says when it is there, which no event of the loop tells of.
  bool says(const std::string& lines) {
    std::function<void()> again = [&] {
      looks = loop->at(now() + 5ms, "a look", [&again] { again(); });
    };
    again();
    const bool is_so = run_until([&] { return dir.read("alive") == lines; });
    looks.reset();
    return is_so;
  }
  [[nodiscard]] bool is_its_file() const {
    return fs::equivalent("/proc/" + std::to_string(*supervisor->pid()) + "/exe", app);
  }
  // Images that we hold.
  [[nodiscard]] std::size_t images() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = fs::read_symlink(entry.path(), gone).string();
      if (target.starts_with(dir.path().string()) && target.ends_with("(deleted)")) ++count;
    }
    return count;
  }
  void stop() {
    supervisor->request_stop();
    REQUIRE(run_until([this] { return supervisor->is_down(); }));
  }

  test::TempDir dir{test::memory_directory()};
  fs::path app = dir / "app";
  config::AutoRun auto_run;
  std::unique_ptr<Loop> loop = Loop::create().value();
  std::unique_ptr<process::Orphanage> orphanage = process::Orphanage::create(*loop).value();
  std::string notices;
  Loop::Handle looks;
  std::unique_ptr<Supervisor> supervisor;
};

}  // namespace

TEST_CASE("what was built is started though its file is overwritten in the same moment") {
  ImageWorld world;
  world.succeed(1);
  world.dir.write("app", "half of something");
  REQUIRE(world.runs(1));
  REQUIRE(world.says("v1\n"));
  CHECK_FALSE(world.is_its_file());
  world.supervisor->request_restart();
  REQUIRE(world.says("v1\nv1\n"));
  world.stop();
}

TEST_CASE("there are never more images than three") {
  ImageWorld world({.rollback = true});
  for (std::uint64_t build = 1; build <= 6; ++build) {
    world.succeed(build);
    REQUIRE(world.runs(build));
    CHECK(world.images() <= 3);
  }
  CHECK(world.images() == 1);
  world.supervisor->request_forget();
  REQUIRE(world.run_until([&] { return world.supervisor->is_down(); }));
  CHECK(world.images() == 0);
}

TEST_CASE("where a copy cannot be executed the artifact is and that is said") {
  ImageWorld world;
  world.dir.write("names", "a file where a directory is to be");
  world.succeed(1);
  REQUIRE(world.runs(1));
  CHECK(world.is_its_file());
  CHECK_THAT(world.notices, Catch::StartsWith("it is started from its path: "));
  world.stop();
}

TEST_CASE("a program that is still being written is not started and awaited for a second") {
  ImageWorld world;
  world.build(BuildId(1));
  UniqueFd writer(::open(world.app.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  world.supervisor->on_success(BuildId(1), world.app);
  SECTION("and then given up") {
    REQUIRE(
        world.run_until([&] { return world.supervisor->core().state() == RunnerState::Failed; }));
    CHECK_THAT(world.notices, Catch::Contains("it is still being written; waiting for the next"));
    CHECK(world.dir.read("alive").empty());
  }
  SECTION("and started when it is whole") {
    writer.reset();
    REQUIRE(world.runs(1));
    REQUIRE(world.says("v1\n"));
    CHECK_FALSE(world.is_its_file());
    world.stop();
  }
}

TEST_CASE("images that are switched off are let go and the artifact is started") {
  ImageWorld world;
  world.succeed(1);
  REQUIRE(world.runs(1));
  world.auto_run.launch_image = false;
  world.supervisor->configure(world.settings(), runners::policy_for(world.auto_run));
  CHECK(world.images() == 0);
  world.supervisor->request_restart();
  REQUIRE(world.run_until([&] { return world.supervisor->core().restarts() == 1; }));
  CHECK(world.is_its_file());
  world.stop();
}
