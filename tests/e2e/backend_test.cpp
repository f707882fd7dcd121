// SPDX-License-Identifier: MIT
// Which back end a root gets, and that status says which and why.
#include <catch2/catch.hpp>

#include "support/oracle_project.h"

using namespace poltergeist::test;

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
TEST_CASE("a file system without events is polled: known for it, or found out by a probe") {
  struct Case {
    const char* variable;
    const char* value;
    const char* reason;
  };
  const auto one = GENERATE(
      values<Case>({{"FAKE_FILE_SYSTEM", "0x01021997", "is on 9p, which does not report changes"},
                    {"FAKE_FILE_SYSTEM", "0x6969", "is on NFS, which does not report changes"},
                    {"FAKE_DEAF", "1", "did not report a change that was made"}}));
  INFO(one.reason);
  ::unsetenv("POLTERGEIST_TEST_BACKEND");  // auto
  OracleProject project;
  project.env = {{"LD_PRELOAD", FAKE_SYSTEM_LIBRARY}, {one.variable, one.value}};
  project.write("src/a/f", "first");
  project.haunt();
  const auto watch = project.watch_status();
  CHECK(watch.at("backend") == "poll");
  CHECK(watch.at("choice").get<std::string>().find(one.reason) != std::string::npos);
  CHECK(project.run_poltergeist({"status"}).out.find(one.reason) != std::string::npos);
  CHECK(project.fault() == "");
  project.write("src/a/f", "second");
  CHECK(project.converges_by_itself());
  project.write("src/b/f", "third");
  CHECK(project.fault() == "");
}
#endif

TEST_CASE("an ordinary file system gets inotify, and nothing is said and nothing left behind") {
  ::unsetenv("POLTERGEIST_TEST_BACKEND");
  OracleProject project;
  project.haunt();
  const auto watch = project.watch_status();
  CHECK(watch.at("backend") == "inotify");
  CHECK_FALSE(watch.contains("choice"));
  for (const auto& entry : std::filesystem::directory_iterator(project.root() / ".poltergeist")) {
    CHECK(entry.path().filename().string().find("probe") == std::string::npos);
  }
}
