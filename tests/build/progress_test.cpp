// SPDX-License-Identifier: MIT
#include "build/progress.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "build/tool_output.h"

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

std::string shown(const std::optional<Progress>& progress) {
  if (!progress) return "nothing";
  return std::to_string(progress->current) + "/" + std::to_string(progress->total) + " " +
         std::to_string(progress->percent) + "% " + progress->label;
}

std::string read(std::string_view line) {
  ProgressScanner scanner;
  return shown(scanner.feed(line));
}

}  // namespace

TEST_CASE("progress is read from what build tools and test programs print") {
  struct Row {
    const char* line;
    const char* progress;
  };
  for (
      const auto& row : {
          Row{"[12/50] Building CXX object a.o", "12/50 24% Building CXX object a.o"},
          Row{"[3/5] Compiling app main.swift", "3/5 60% Compiling app main.swift"},
          Row{"[ 3/120  2%] cc a.c", "3/120 2% cc a.c"},
          Row{"[ 33%] Building C object a.c.o", "0/0 33% Building C object a.c.o"},
          Row{"[100%] Built target app", "0/0 100% Built target app"},
          Row{"    Building [=======>            ] 12/50: serde, syn(build)",
              "12/50 24% serde, syn(build)"},
          Row{"    Building [                    ] 0/50", "0/50 0% "},
          Row{"   Compiling serde v1.0.100", "1/0 0% serde"},
          Row{"   Compiling rs v0.1.0 (/home/me/project)", "1/0 0% rs"},
          Row{"1/3 Test #1: one ..............................   Passed    0.01 sec",
              "1/3 33% one"},
          Row{"2/3 Test #2: two ..............................***Failed    0.00 sec",
              "2/3 66% two"},
          Row{"10/12 Test  #3: with_a_longer_name ...............   Passed    0.00 sec",
              "10/12 83% with_a_longer_name"},
          Row{"tests/test_a.py .F                                                   [ 66%]",
              "0/0 66% tests/test_a.py"},
          Row{"tests/test_a.py::test_one[a-b] PASSED                                [ 33%]",
              "0/0 33% tests/test_a.py"},
          Row{"collected 3 items", "0/3 0% collected 3 items"},
          Row{"      Tests  1 failed | 1 passed (5)", "2/5 40% 1 failed | 1 passed"},
          Row{"Tests:       1 failed, 2 passed, 3 total", "3/3 100% 1 failed, 2 passed"},
          Row{"Test Case '-[AppTests.T testA]' passed (0.001 seconds).", "1/0 0% AppTests.T testA"},
          Row{"Test Case 'T.testA' failed (0.0 seconds)", "1/0 0% T.testA"},
          Row{"Executed 7 tests, with 0 failures (0 unexpected) in 0.005 (0.006) seconds",
              "7/7 100% Executed 7 tests, with 0 failures (0 unexpected) in 0.005 (0.006) seconds"},
          Row{"#12 [builder 3/7] RUN make", "3/7 42% RUN make"},
          Row{"\x1b[32m[2/4]\x1b[0m ok", "2/4 50% ok"},
          Row{"[1/4] a\r[2/4] b\r", "2/4 50% b"},
      }) {
    INFO(row.line);
    CHECK(read(row.line) == row.progress);
  }
}

TEST_CASE("lines that look a little like progress are none") {
  for (const auto* line : {"[5/3] more than all", "[1/0] of nothing", "[101%] x", "Test 1 of 2",
                           "error in a/b.c: 3/4", "[99999999999999999999/3] x", "[info] x", "",
                           "Tests are fine (5)", "[-1/3] x", "#12 DONE 0.1s"}) {
    INFO(line);
    CHECK(read(line) == "nothing");
  }
}

TEST_CASE("a line that says nothing new is nothing") {
  ProgressScanner scanner;
  CHECK(scanner.feed("[1/2] a"));
  CHECK_FALSE(scanner.feed("[1/2] a"));
  CHECK_FALSE(scanner.feed("a.c: warning"));
  CHECK(shown(scanner.latest()) == "1/2 50% a");
}

TEST_CASE("test cases that come one by one are counted, out of the total where that was said") {
  ProgressScanner scanner;
  CHECK(scanner.feed("[==========] Running 2 tests from 1 test suite."));
  CHECK(shown(scanner.feed("[       OK ] A.one (0 ms)")) == "1/2 50% A.one");
  CHECK(shown(scanner.feed("[  FAILED  ] A.two (3 ms)")) == "2/2 100% A.two");
}

TEST_CASE("recorded output gives the progress that it shows") {
  const auto last_of = [](const std::string& name) {
    ProgressScanner scanner;
    const auto output = recorded(name);
    for (const auto line : lines_of(output)) static_cast<void>(scanner.feed(line));
    return shown(scanner.latest());
  };
  CHECK(last_of("ninja") == "2/2 100% gcc -c c.c -o c.o");
  CHECK(last_of("cmake-make").rfind("0/0 33% Building C object", 0) == 0);
  CHECK(last_of("pytest") == "0/0 100% tests/test_b.py");
  CHECK(last_of("vitest") == "2/2 100% 1 failed | 1 passed");
  CHECK(last_of("ctest") == "3/3 100% with_a_longer_name");
  CHECK(last_of("swift") == "3/5 60% Compiling app main.swift");
  CHECK(last_of("clang") == "nothing");
}
