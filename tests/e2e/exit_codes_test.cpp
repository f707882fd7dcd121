// SPDX-License-Identifier: MIT
// Every exit code of docs/cli.md, from the real programs.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::ExitCode;
using poltergeist::to_int;
using Json = nlohmann::json;

namespace {

Json target(const std::string& name, const std::string& command, const std::string& output) {
  return {{"name", name},
          {"type", "executable"},
          {"buildCommand", command},
          {"outputPath", output},
          {"watchPaths", {"source"}}};
}

// One target that is built by `command`, and a daemon.
void haunt(const TestProject& project, const std::string& command) {
  project.write("source", "");
  project.configure({{"targets", {target("app", command, "app")}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
}

constexpr const char* kGood = "printf '#!/bin/sh\\n' > app && chmod +x app";
constexpr const char* kEndless = "sleep 300";

}  // namespace

TEST_CASE("0: fresh, built, run") {
  const TestProject project;
  haunt(project, kGood);
  CHECK(project.run_poltergeist({"wait", "app"}).code == to_int(ExitCode::Yes));
  CHECK(project.run_poltergeist({"build", "app"}).code == to_int(ExitCode::Yes));
  CHECK(project.run_polter({"app"}).code == to_int(ExitCode::Yes));
  CHECK(project.run_poltergeist({"stop"}).code == to_int(ExitCode::Yes));
}

TEST_CASE("1: the build failed, whoever asks, with a daemon and without") {
  const TestProject project;
  haunt(project, "exit 7");
  CHECK(project.run_poltergeist({"wait", "app"}).code == to_int(ExitCode::No));
  CHECK(project.run_poltergeist({"build", "app"}).code == to_int(ExitCode::No));
  CHECK(project.run_polter({"app"}).code == to_int(ExitCode::No));
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  CHECK(project.run_poltergeist({"build", "app"}).code == to_int(ExitCode::No));
}

TEST_CASE("75: the build failed, and so did each of its retries, which are waited for") {
  const TestProject project;
  project.write("source", "");
  auto retried = target("app", "echo tried >> attempts; false", "app");
  retried["maxRetries"] = 1;
  retried["backoffMultiplier"] = 1;
  project.configure({{"targets", {retried}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  CHECK(project.run_poltergeist({"wait", "app"}).code == to_int(ExitCode::RetriesSpent));
  CHECK(project.read("attempts") == "tried\ntried\n");
  CHECK(project.run_poltergeist({"build", "app"}).code == to_int(ExitCode::RetriesSpent));
  CHECK(project.read("attempts") == "tried\ntried\ntried\ntried\n");
  // Whoever wants to run the program learns that it was not built, like with any failure.
  CHECK(project.run_polter({"app"}).code == to_int(ExitCode::No));
}

TEST_CASE("2: a wrong call, and a configuration that cannot be") {
  const TestProject project;
  CHECK(project.run_poltergeist({"conjure"}).code == to_int(ExitCode::Usage));
  CHECK(project.run_poltergeist({"wait", "--conjure"}).code == to_int(ExitCode::Usage));
  CHECK(project.run_polter({"--conjure", "app"}).code == to_int(ExitCode::Usage));
  project.write("poltergeist.config.json", "{");
  CHECK(project.run_poltergeist({"validate"}).code == to_int(ExitCode::Usage));
  CHECK(project.run_poltergeist({"haunt"}).code == to_int(ExitCode::Usage));
  CHECK(project.run_poltergeist({"build", "app"}).code == to_int(ExitCode::Usage));
  CHECK(project.run_polter({"app"}).code == to_int(ExitCode::Usage));
}

TEST_CASE("3: nobody is there to answer, or no longer") {
  const TestProject project;
  haunt(project, kEndless);
  Program waiting(project.poltergeist({"wait", "app"}));
  Program running(project.polter({"app"}));
  REQUIRE(running.await_error("app"));
  REQUIRE(::kill(project.daemon_pid(), SIGKILL) == 0);
  CHECK(waiting.await_end().shell_code() == to_int(ExitCode::CannotAnswer));
  CHECK(running.await_end().shell_code() == to_int(ExitCode::CannotAnswer));
  CHECK(project.run_poltergeist({"wait", "app"}).code == to_int(ExitCode::CannotAnswer));
  CHECK(project.run_poltergeist({"status"}).code == to_int(ExitCode::CannotAnswer));
  CHECK(project.run_polter({"--no-start", "app"}).code == to_int(ExitCode::CannotAnswer));
}

TEST_CASE("4: no such target, with a daemon and without") {
  const TestProject project;
  haunt(project, kGood);
  const auto unknown = to_int(ExitCode::Unknown);
  CHECK(project.run_poltergeist({"wait", "ap"}).code == unknown);
  CHECK(project.run_poltergeist({"build", "ap"}).code == unknown);
  CHECK(project.run_poltergeist({"status", "ap"}).code == unknown);
  CHECK(project.run_polter({"ap"}).code == unknown);
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(project.run_poltergeist({"build", "ap"}).code == unknown);
  CHECK(project.run_poltergeist({"haunt", "-t", "ap"}).code == unknown);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

constexpr rlim_t kStep = rlim_t{1} << 20;

Ran with_memory(Call call, rlim_t bytes) {
  call.before_exec = [bytes] {
    const rlimit all{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &all);
  };
  return run(call);
}

// The least with which the program so much as starts.
rlim_t least_memory(const Call& trivial) {
  rlim_t bytes = 4 * kStep;
  while (with_memory(trivial, bytes).code != 0) bytes += kStep;
  return bytes;
}

}  // namespace

TEST_CASE("70: what nobody expected, here the end of all memory, in both programs") {
  const TestProject project;
  // Takes a hundred times its size to understand.
  std::string targets;
  for (int i = 0; i < 8000; ++i) {
    targets += targets.empty() ? "" : ",\n";
    targets += R"({"name": "t)" + std::to_string(i) +
               R"(", "type": "custom", "buildCommand": "x", "watchPaths": []})";
  }
  project.write(
      "poltergeist.config.json",
      "{\"version\": \"1.0\", \"projectType\": \"mixed\", \"targets\": [\n" + targets + "]}");
  struct Program {
    Call trivial;
    Call hungry;
  };
  for (const auto& [trivial, hungry] :
       {Program{project.poltergeist({"version"}), project.poltergeist({"validate"})},
        Program{project.polter({"--version"}), project.polter({"--help"})}}) {
    INFO(hungry.argv[0]);
    REQUIRE(run(hungry).code == 0);
    const auto starved = with_memory(hungry, least_memory(trivial) + 2 * kStep);
    INFO(starved.out << starved.err);
    CHECK(starved.code == to_int(ExitCode::OurBug));
    CHECK(starved.err.find("this is a bug of ours: std::bad_alloc") != std::string::npos);
    CHECK(starved.err.find("Please report it") != std::string::npos);
  }
}
#endif

TEST_CASE("124: it took longer than the caller wanted to wait") {
  const TestProject project;
  haunt(project, kEndless);
  const auto late = to_int(ExitCode::Timeout);
  CHECK(project.run_poltergeist({"wait", "app", "--timeout", "1"}).code == late);
  CHECK(project.run_polter({"-t", "100", "app"}).code == late);
}

TEST_CASE("126 and 127: what was built cannot be executed, or is not there") {
  const TestProject project;
  project.write("source", "");
  project.configure(
      {{"targets",
        {target("data", "printf '\\001\\002' > data", "data"), target("none", "exit 1", "none"),
         target("lost", "printf '#!/no/such/interpreter\\n' > lost; chmod +x lost", "lost")}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  CHECK(project.run_polter({"data"}).code == to_int(ExitCode::CannotExecute));
  CHECK(project.run_polter({"lost"}).code == to_int(ExitCode::ProgramNotFound));
  CHECK(project.run_polter({"--force", "none"}).code == to_int(ExitCode::ProgramNotFound));
}

TEST_CASE("130 and 143: interrupted and terminated, with a daemon and without") {
  const TestProject project;
  haunt(project, "echo begun >> began; sleep 300");
  struct Ending {
    int signal;
    int code;
  };
  for (const Ending ending : {Ending{SIGINT, to_int(ExitCode::Interrupted)},
                              Ending{SIGTERM, to_int(ExitCode::Terminated)}}) {
    Program waiting(project.poltergeist({"wait", "app"}));
    Program running(project.polter({"app"}));
    REQUIRE(running.await_error("app"));
    waiting.signal(ending.signal);
    running.signal(ending.signal);
    CHECK(waiting.await_end().shell_code() == ending.code);
    CHECK(running.await_end().shell_code() == ending.code);
  }
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  for (const Ending ending : {Ending{SIGINT, to_int(ExitCode::Interrupted)},
                              Ending{SIGTERM, to_int(ExitCode::Terminated)}}) {
    std::filesystem::remove(project.root() / "began");
    Program building(project.poltergeist({"build", "app"}));
    REQUIRE(await([&] { return !project.read("began").empty(); }));
    building.signal(ending.signal);
    CHECK(building.await_end().shell_code() == ending.code);
  }
}
