// SPDX-License-Identifier: MIT
// Somebody rebases while the daemon works as hard as it can: it starts no git of its own, takes no
// lock, and disturbs nobody.
#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/oracle_project.h"
#include "support/rounds.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

constexpr int kCommits = 10;

void shell(const fs::path& directory, const std::string& script) {
  const auto ran = run({.argv = {"/bin/sh", "-ec", script},
                        .cwd = directory,
                        .env = {{"GIT_CONFIG_GLOBAL", "/dev/null"},
                                {"GIT_CONFIG_SYSTEM", "/dev/null"},
                                {"GIT_EDITOR", "true"},
                                {"GIT_AUTHOR_NAME", "t"},
                                {"GIT_AUTHOR_EMAIL", "t@t"},
                                {"GIT_COMMITTER_NAME", "t"},
                                {"GIT_COMMITTER_EMAIL", "t@t"}},
                        .in = {}});
  INFO(script << ":\n" << ran.out << ran.err);
  REQUIRE(ran.code == 0);
}

// Two bases, and a topic of ten commits upon the first.
void make_history(const OracleProject& project) {
  project.write("src/a.c", "first");
  shell(
      project.root(),
      "git init -q --template= && git add src && git commit -qm first\n"
      "for base in one two; do\n"
      "  git checkout -q --detach $(git rev-list --max-parents=0 HEAD) && git checkout -qb $base\n"
      "  echo $base > src/base.c && git add src && git commit -qm $base\n"
      "done\n"
      "git checkout -q one && git checkout -qb topic\n"
      "for i in $(seq " +
          std::to_string(kCommits) +
          "); do echo $i > src/t$i.c && git add src && git commit -qm $i; done");
}

// Whoever starts git by way of the PATH that the daemon has is written down in "used".
void watch_for_git(OracleProject& project) {
  const auto programs = project.outside() / "bin";
  fs::create_directories(programs);
  std::ofstream(programs / "git") << "#!/bin/sh\necho \"$@\" >> "
                                  << (project.outside() / "used").string() << "\nexit 1\n";
  fs::permissions(programs / "git", fs::perms::owner_all);
  project.env["PATH"] = programs.string() + ":" + std::getenv("PATH");
}

}  // namespace

TEST_CASE("a daemon that is asked and builds all the time disturbs no rebase") {
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  make_history(project);
  watch_for_git(project);
  project.haunt();
  const auto builds = project.builds();
  std::atomic<bool> over = false;
  std::thread asking([&] {
    auto client = poltergeist::api::Client::connect(project.socket(), kGuard);
    while (client && !over) {
      for (const auto* method : {"sync", "status", "doctor"}) (void)client->call(method);
      (void)client->call("build", {{"target", "oracle"}, {"force", true}}, kGuard);
    }
  });
  const int rebases = rounds(5, 200);
  try {
    for (int i = 0; i < rebases; ++i) {
      INFO("rebase " << i);
      shell(project.root(),
            i % 2 == 0 ? "git rebase -q --onto two one" : "git rebase -q --onto one two");
    }
  } catch (...) {
    over = true;
    asking.join();
    throw;
  }
  over = true;
  asking.join();
  CHECK(project.builds() > builds);
  CHECK_FALSE(fs::exists(project.outside() / "used"));
  CHECK_FALSE(fs::exists(project.root() / ".git/index.lock"));
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
}
