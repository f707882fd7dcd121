// SPDX-License-Identifier: MIT
// A file is written to see whether it is heard of; it never stays.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "watch/backend.h"

using namespace poltergeist;
using namespace poltergeist::watch;

namespace {

// Takes a watch and never says anything.
class DeafSource final : public ChangeSource {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return "deaf"; }
  [[nodiscard]] Result<void> sync() override { return {}; }
  [[nodiscard]] Result<WatchToken> add(const std::string&, Interest) override {
    if (refuses) return fail(Errc::Unavailable, "no watch is left");
    ++watches;
    return static_cast<WatchToken>(7);
  }
  void remove(WatchToken) override { --watches; }
  [[nodiscard]] Result<bool> read(std::vector<Hint>&, Instant) override { return false; }

  bool refuses = false;
  int watches = 0;
};

std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

}  // namespace

TEST_CASE("a file that is written in the root is heard of, and is gone") {
  const test::TempDir dir;
  CHECK(probe_events(dir.path()) == true);
  CHECK(names_in(dir.path()).empty());
}

TEST_CASE("where there is a directory of ours, it is written there and not in the root") {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / ".poltergeist");
  // A file system that can be written in the root alone would say so.
  std::filesystem::create_directory_symlink("/proc/self", dir / "p");
  CHECK(probe_events(dir.path()) == true);
  CHECK(names_in(dir / ".poltergeist").empty());
  CHECK_FALSE(probe_events(dir / "p"));
}

TEST_CASE("a source that hears nothing is found out, and has the benefit of the doubt if not") {
  const test::TempDir dir;
  DeafSource deaf;
  CHECK(probe_events(deaf, dir.path()) == false);
  CHECK_FALSE(hears_changes(deaf, dir.path()));
  CHECK(names_in(dir.path()).empty());
  CHECK(deaf.watches == 0);

  const auto unwritable = probe_events(deaf, "/proc/self");
  REQUIRE_FALSE(unwritable);
  CHECK(unwritable.error().message.starts_with("/proc/self cannot be written: "));
  CHECK(hears_changes(deaf, "/proc/self"));
  CHECK(deaf.watches == 0);

  deaf.refuses = true;
  CHECK(probe_events(deaf, dir.path()).error().message == "no watch is left");
  CHECK(hears_changes(deaf, dir.path()));
}
