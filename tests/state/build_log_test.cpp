// SPDX-License-Identifier: MIT
#include "state/build_log.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

TEST_CASE("a build's log is readable while it is written") {
  const test::TempDir dir;
  BuildLog log(dir / "app.log");
  log.append("one");
  CHECK(dir.read("app.log") == "one\n");
  log.append("");
  log.append("three");
  CHECK(dir.read("app.log") == "one\n\nthree\n");
  CHECK(log.line_count() == 3);
}

TEST_CASE("the log of the build before stays") {
  const test::TempDir dir;
  BuildLog(dir / "app.log").append("first");
  BuildLog(dir / "app.log").append("second");
  BuildLog(dir / "app.log").append("third");
  CHECK(dir.read("app.log") == "third\n");
  CHECK(dir.read("app.log.1") == "second\n");
}

TEST_CASE("a build that says too much keeps its beginning and its end") {
  const test::TempDir dir;
  {
    BuildLog log(dir / "app.log", {.head = 1000, .tail = 100});
    for (int i = 0; i < 10'000; ++i) log.append(fmt::format("line {}", i));
  }
  const auto text = dir.read("app.log");
  CHECK(text.size() < 1000 + 100 + 200);
  CHECK(text.starts_with("line 0\nline 1\n"));
  CHECK(text.ends_with("line 9998\nline 9999\n"));
  CHECK_THAT(text, Catch::Contains("[poltergeist: 1000 bytes reached"));

  // What is there and what is said to be left out is all that there was.
  std::uint64_t all = 0;
  for (int i = 0; i < 10'000; ++i) all += fmt::format("line {}", i).size() + 1;
  std::uint64_t there = 0;
  std::uint64_t left_out = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("line ")) there += line.size() + 1;
    std::sscanf(line.c_str(), "[poltergeist: %lu bytes left out]", &left_out);
  }
  CHECK(there + left_out == all);
}

TEST_CASE("a build just over the limit leaves nothing out") {
  const test::TempDir dir;
  {
    BuildLog log(dir / "app.log", {.head = 10, .tail = 100});
    log.append("12345678");
    log.append("more");
  }
  const auto text = dir.read("app.log");
  CHECK(text.starts_with("12345678\n["));
  CHECK(text.ends_with("]\nmore\n"));
  CHECK(text.find("left out") == std::string::npos);
}

TEST_CASE("one endless line takes no more than the limit") {
  const test::TempDir dir;
  {
    BuildLog log(dir / "app.log", {.head = 1000, .tail = 100});
    log.append(std::string(1 << 20, 'x') + "end");
  }
  const auto text = dir.read("app.log");
  CHECK(text.size() < 400);
  CHECK(text.ends_with("xend\n"));
  CHECK_THAT(text, Catch::Contains("bytes left out"));
}

TEST_CASE("the last lines are known without reading the file") {
  const test::TempDir dir;
  BuildLog log(dir / "app.log");
  CHECK(log.tail(5).empty());
  for (int i = 0; i < 500; ++i) log.append(std::to_string(i));
  CHECK(log.tail(2) == std::vector<std::string>{"498", "499"});
  CHECK(log.tail(1000).size() == 100);
  log.append(std::string(1 << 20, 'x'));
  CHECK(log.tail(1).front().size() == BuildLogLimits{}.line_kept);
}

TEST_CASE("a build without a place for its log still knows its last lines") {
  const test::TempDir dir;
  BuildLog log(dir / "none/app.log");
  log.append("one");
  CHECK(log.tail(1) == std::vector<std::string>{"one"});
  CHECK(log.file().trouble());
  CHECK(log.file().lost_lines() == 1);
}

TEST_CASE("nothing is appended to a finished log") {
  const test::TempDir dir;
  BuildLog log(dir / "app.log");
  log.append("one");
  log.finish();
  log.append("two");
  log.finish();
  CHECK(dir.read("app.log") == "one\n");
}
