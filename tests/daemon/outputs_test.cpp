// SPDX-License-Identifier: MIT
// What tells a finished target from a stale one at start: its definition and what it left behind.
#include "daemon/outputs.h"

#include <set>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using daemon::artifact_in;
using daemon::definition_digest;
using daemon::output_fingerprint;
using test::TempDir;
namespace fs = std::filesystem;

namespace {

config::Target target_of(config::TargetKind kind) {
  config::Target target;
  target.name = TargetId("app");
  target.kind = std::move(kind);
  target.watch_paths = {"src/**/*.c"};
  target.output_path = "app";
  return target;
}

// The digests of all that `changes` make of the target, and its own, are all different.
template <typename... Changes>
void check_each_matters(const config::Target& target, const Changes&... changes) {
  std::set<std::string> digests{definition_digest(target)};
  const auto changed = [&](const auto& change) {
    auto other = target;
    change(other);
    digests.insert(definition_digest(other));
  };
  (changed(changes), ...);
  CHECK(digests.size() == 1 + sizeof...(changes));
}

}  // namespace

TEST_CASE("everything of a target that decides what is built is in its digest") {
  check_each_matters(
      target_of(config::CommandKind{.build_command = "make"}),
      [](config::Target& it) { it.type = config::TargetType::Library; },
      [](config::Target& it) { it.watch_paths = {"src/**/*.h"}; },
      [](config::Target& it) {
        it.watch_paths = {"src/**/*.c", ""};
      },
      [](config::Target& it) { it.watch_paths.clear(); },
      [](config::Target& it) { it.output_path = "ap"; },
      [](config::Target& it) {
        it.env = {{"A", "1"}};
      },
      [](config::Target& it) {
        it.env = {{"A", "2"}};
      },
      [](config::Target& it) {
        it.env = {{"A", ""}, {"1", ""}};
      },
      [](config::Target& it) { it.cwd = "sub"; },
      [](config::Target& it) {
        std::get<config::CommandKind>(it.kind).build_command = "make all";
      });
  using config::CommandKind;
  check_each_matters(
      target_of(CommandKind{}),
      [](config::Target& it) { std::get<CommandKind>(it.kind).image_name = "x"; },
      [](config::Target& it) { std::get<CommandKind>(it.kind).dockerfile = "x"; },
      [](config::Target& it) { std::get<CommandKind>(it.kind).context = "x"; },
      [](config::Target& it) { std::get<CommandKind>(it.kind).tags = {"x"}; },
      [](config::Target& it) {
        std::get<CommandKind>(it.kind).tags = {"x", "y"};
      },
      [](config::Target& it) {
        it.kind = config::TestKind{.test_command = "x", .coverage_file = {}};
      });
  using config::NpmKind;
  check_each_matters(
      target_of(NpmKind{}),
      [](config::Target& it) { std::get<NpmKind>(it.kind).build_script = "b"; },
      [](config::Target& it) {
        std::get<NpmKind>(it.kind).package_manager = config::PackageManager::Yarn;
      },
      [](config::Target& it) { std::get<NpmKind>(it.kind).output_paths = {"dist"}; });
  using config::CMakeKind;
  check_each_matters(
      target_of(CMakeKind{}),
      [](config::Target& it) { std::get<CMakeKind>(it.kind).target_name = "x"; },
      [](config::Target& it) { std::get<CMakeKind>(it.kind).generator = "x"; },
      [](config::Target& it) { std::get<CMakeKind>(it.kind).cmake_args = {"x"}; },
      [](config::Target& it) {
        std::get<CMakeKind>(it.kind).build_type = config::CMakeBuildType::Release;
      });
}

TEST_CASE("what only says when and how often a target is built is not in its digest") {
  const auto target = target_of(config::CommandKind{.build_command = "make"});
  auto other = target;
  other.enabled = false;
  other.settling_delay = Milliseconds(5);
  other.timeout = Seconds(5);
  other.max_retries = 3;
  other.post_build.resize(1);
  other.auto_run.emplace();
  other.place = {7, 7};
  CHECK(definition_digest(other) == definition_digest(target));
}

TEST_CASE("the artifact is the first candidate that is there and no directory") {
  const TempDir dir;
  build::Plan plan;
  CHECK(artifact_in(plan).empty());
  plan.artifacts = {dir / "a", dir / "b", dir / "c"};
  CHECK(artifact_in(plan).empty());
  dir.write("c", "");
  fs::create_directory(dir / "a");
  CHECK(artifact_in(plan) == (dir / "c").string());
  dir.write("b", "");
  CHECK(artifact_in(plan) == (dir / "b").string());
}

TEST_CASE("an output that was changed, replaced or removed since the build is noticed") {
  const TempDir dir;
  dir.write("one", "1");
  dir.write("two", "2");
  build::Plan plan;
  CHECK(output_fingerprint(plan).empty());
  plan.outputs = {dir / "one", dir / "two"};
  const auto before = output_fingerprint(plan);
  CHECK_FALSE(before.empty());
  CHECK(output_fingerprint(plan) == before);

  SECTION("changed") {
    dir.write("one", "longer");
    CHECK(output_fingerprint(plan) != before);
  }
  SECTION("replaced by one of the same size and age") {
    const auto age = fs::last_write_time(dir / "one");
    dir.write("new", "x");
    fs::last_write_time(dir / "new", age);
    fs::rename(dir / "new", dir / "one");
    CHECK(output_fingerprint(plan) != before);
  }
  SECTION("removed") {
    fs::remove(dir / "two");
    CHECK(output_fingerprint(plan).empty());
  }
}
