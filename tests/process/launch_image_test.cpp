// SPDX-License-Identifier: MIT
// Copies of programs that are started instead of them.
#include "process/launch_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <catch2/catch.hpp>

#include "process/environment.h"
#include "process/exec_name.h"
#include "process/spawn.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

namespace fs = std::filesystem;

// A directory with a program and the libraries that it looks for beside itself.
struct Built {
  Built() {
    fs::create_directory(dir / "lib");
    fs::copy_file(LOCATED, app);
    fs::copy_file(LIBRARY_BESIDE, dir / "lib/libbeside.so");
    fs::copy_file(LIBRARY_LOADED, dir / "lib/libloaded.so");
  }
  // Over the program, as it lies there.
  void overwrite(const std::string& text) const {
    const UniqueFd fd(::open(app.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(fd);
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::string read() const { return dir.read("app"); }

  test::TempDir dir{test::memory_directory()};
  fs::path app = dir / "app";
};

LaunchImage image_of(const fs::path& artifact) {
  auto begun = LaunchImage::begin(artifact);
  REQUIRE(begun);
  REQUIRE(*begun);
  REQUIRE((*begun)->copy());
  return std::move(**begun);
}

// What it prints.
std::string said_by(const LaunchImage& image, const fs::path& names) {
  const auto name = ExecName::create(names, image.artifact().filename(), image.fd());
  REQUIRE(name);
  SpawnPlan plan;
  plan.argv = {image.artifact()};
  plan.executed = name->path();
  plan.env = own_environment();
  plan.out = Stream::pipe();
  auto child = spawn(plan);
  REQUIRE(child);
  const auto out = child->take_out();
  REQUIRE(child->reap() == Exit::by_code(0));
  std::string text(4096, '\0');
  const auto count = ::read(out.get(), text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

Errc error_of(const fs::path& artifact) {
  const auto begun = LaunchImage::begin(artifact);
  REQUIRE_FALSE(begun);
  return begun.error().code;
}

bool is_started_from_its_path(const fs::path& artifact) {
  const auto begun = LaunchImage::begin(artifact);
  REQUIRE(begun);
  return !*begun;
}

std::size_t entries_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("an image runs as its original would: its name and place and what lies beside it") {
  const Built built;
  ::chmod(built.app.c_str(), 0751);
  const auto image = image_of(built.app);
  CHECK(said_by(image, built.dir / "names") ==
        "app|" + built.app.string() + "|" + built.dir.path().string() + "|7|loaded|751\n");
}

TEST_CASE("whatever becomes of the original the image stays what it was taken of") {
  const Built built;
  const auto image = image_of(built.app);
  SECTION("overwritten") {
    built.overwrite("half of");
  }
  SECTION("removed") {
    fs::remove(built.app);
  }
  SECTION("replaced") {
    built.dir.write("new", "#!/bin/false\n");
    fs::rename(built.dir / "new", built.app);
  }
  CHECK_THAT(said_by(image, built.dir / "names"), Catch::StartsWith("app|"));
}

TEST_CASE("an image runs while its original is written") {
  const Built built;
  const auto image = image_of(built.app);
  const UniqueFd writer(::open(built.app.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  CHECK_THAT(said_by(image, built.dir / "names"), Catch::StartsWith("app|"));
}

TEST_CASE("nothing of an image is to be seen at any time") {
  const Built built;
  const auto before = fs::last_write_time(built.dir.path());
  auto begun = LaunchImage::begin(built.app);
  REQUIRE(begun);
  REQUIRE(*begun);
  CHECK(entries_in(built.dir.path()) == 2);
  REQUIRE((*begun)->copy());
  CHECK(entries_in(built.dir.path()) == 2);
  CHECK(fs::last_write_time(built.dir.path()) == before);
}

TEST_CASE("a program that somebody is writing has no image until he is done") {
  const Built built;
  UniqueFd writer(::open(built.app.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(writer);
  CHECK(error_of(built.app) == Errc::Busy);
  writer.reset();
  CHECK_THAT(said_by(image_of(built.app), built.dir / "names"), Catch::StartsWith("app|"));
}

TEST_CASE("who wants to write waits until the copy is there") {
  const Built built;
  auto begun = LaunchImage::begin(built.app);
  REQUIRE(begun);
  REQUIRE(*begun);
  const auto open_to_write = [&] {
    return UniqueFd(::open(built.app.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  };
  CHECK_FALSE(open_to_write());
  CHECK(errno == EWOULDBLOCK);
  REQUIRE((*begun)->copy());
  CHECK(open_to_write());
}

TEST_CASE("an image of what was written meanwhile is none") {
  const Built built;
  auto begun = LaunchImage::begin(built.app);
  REQUIRE(begun);
  REQUIRE(*begun);
  // As if by somebody whom no lease keeps from it.
  const std::array<struct ::timespec, 2> times{{{0, UTIME_OMIT}, {1, 0}}};
  REQUIRE(::utimensat(AT_FDCWD, built.app.c_str(), times.data(), 0) == 0);
  const auto copied = (*begun)->copy();
  REQUIRE_FALSE(copied);
  CHECK(copied.error().code == Errc::Busy);
}

TEST_CASE("a program that is replaced while it is copied was whole") {
  const Built built;
  auto begun = LaunchImage::begin(built.app);
  REQUIRE(begun);
  REQUIRE(*begun);
  built.dir.write("new", "#!/bin/false\n");
  fs::rename(built.dir / "new", built.app);
  REQUIRE((*begun)->copy());
  CHECK_THAT(said_by(**begun, built.dir / "names"), Catch::StartsWith("app|"));
}

TEST_CASE("a program that was cut off is not complete") {
  const Built built;
  const auto whole = built.read();
  for (const std::size_t size : {4, 63, 1000, 5000}) {
    built.overwrite(whole.substr(0, size));
    CHECK(error_of(built.app) == Errc::Busy);
  }
  built.overwrite(whole);
  CHECK_THAT(said_by(image_of(built.app), built.dir / "names"), Catch::StartsWith("app|"));
}

TEST_CASE("no mutation of a program crashes who looks whether it is whole") {
  const Built built;
  const auto whole = built.read();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (const char value : {'\0', '\xff', '\x7f'}) {
      auto mutated = whole;
      mutated[byte] = value;
      built.overwrite(mutated);
      auto begun = LaunchImage::begin(built.app);
      CHECK((begun || begun.error().code == Errc::Busy));
    }
  }
}

TEST_CASE("what is no program by itself is started from its path") {
  const Built built;
  CHECK(is_started_from_its_path(built.dir / "none"));
  CHECK(is_started_from_its_path(built.dir / "lib"));
  built.dir.write("script", "#!/bin/sh\n");
  fs::permissions(built.dir / "script", fs::perms::owner_all);
  CHECK(is_started_from_its_path(built.dir / "script"));
  REQUIRE(::mkfifo((built.dir / "fifo").c_str(), 0700) == 0);
  CHECK(is_started_from_its_path(built.dir / "fifo"));
  fs::permissions(built.app, fs::perms::owner_read);
  CHECK(is_started_from_its_path(built.app));
}

TEST_CASE("privileges that a copy would not have are a reason to have none") {
  const Built built;
  REQUIRE(::chmod(built.app.c_str(), 04755) == 0);
  CHECK(error_of(built.app) == Errc::Invalid);
  REQUIRE(::chmod(built.app.c_str(), 02755) == 0);
  CHECK(error_of(built.app) == Errc::Invalid);
  REQUIRE(::chmod(built.app.c_str(), 0755) == 0);
  CHECK_FALSE(is_started_from_its_path(built.app));
}

TEST_CASE("through a link it is the copy beside what the link leads to") {
  const Built built;
  fs::create_directory(built.dir / "elsewhere");
  fs::create_symlink(built.app, built.dir / "elsewhere/tool");
  CHECK(said_by(image_of(built.dir / "elsewhere/tool"), built.dir / "names") ==
        "tool|" + (built.dir / "elsewhere/tool").string() + "|" + built.dir.path().string() +
            "|7|loaded|755\n");
}
