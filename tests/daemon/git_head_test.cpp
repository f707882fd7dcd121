// SPDX-License-Identifier: MIT
// The commit as git itself says it, in every shape a repository has.
#include "daemon/git_head.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/program.h"
#include "support/temp_dir.h"

using poltergeist::daemon::git_head_of;
using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

std::string git(const fs::path& where, std::vector<std::string> args) {
  args.insert(args.begin(), {"git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c",
                             "init.defaultBranch=main"});
  const auto ran =
      run({.argv = std::move(args),
           .cwd = where,
           .env = {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_SYSTEM", "/dev/null"}},
           .in = {}});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return std::string(poltergeist::trimmed(ran.out));
}

std::string head_by_git(const fs::path& where) {
  return git(where, {"rev-parse", "HEAD"}).substr(0, 7);
}

// A repository with two commits.
struct Repository {
  Repository() {
    fs::create_directory(root);
    git(root, {"init", "-q"});
    git(root, {"commit", "-q", "--allow-empty", "-m", "one"});
    git(root, {"commit", "-q", "--allow-empty", "-m", "two"});
  }
  TempDir dir;
  fs::path root = dir / "main";
};

}  // namespace

TEST_CASE("the head of a repository is that of the branch it is on, also seen from below") {
  const Repository repository;
  CHECK(git_head_of(repository.root) == head_by_git(repository.root));
  fs::create_directories(repository.root / "a/b");
  CHECK(git_head_of(repository.root / "a/b") == head_by_git(repository.root));
  git(repository.root, {"commit", "-q", "--allow-empty", "-m", "three"});
  CHECK(git_head_of(repository.root) == head_by_git(repository.root));
}

TEST_CASE("a linked worktree has a head of its own") {
  const Repository repository;
  const auto linked = repository.dir / "linked";
  git(repository.root, {"worktree", "add", "-q", "-b", "side/way", linked.string(), "HEAD^"});
  CHECK(git_head_of(linked) == head_by_git(linked));
  CHECK(git_head_of(linked) != git_head_of(repository.root));
}

TEST_CASE("a branch that is only in packed-refs is found there") {
  const Repository repository;
  git(repository.root, {"branch", "main-older", "HEAD^"});
  git(repository.root, {"pack-refs", "--all", "--prune"});
  REQUIRE_FALSE(fs::exists(repository.root / ".git/refs/heads/main"));
  CHECK(git_head_of(repository.root) == head_by_git(repository.root));
  // A loose reference is newer than a packed one.
  git(repository.root, {"commit", "-q", "--allow-empty", "-m", "three"});
  CHECK(git_head_of(repository.root) == head_by_git(repository.root));
}

TEST_CASE("a detached head is the commit itself") {
  const Repository repository;
  git(repository.root, {"checkout", "-q", "--detach", "HEAD^"});
  CHECK(git_head_of(repository.root) == head_by_git(repository.root));
}

TEST_CASE("without a commit, without a repository and in a broken one the head is unknown") {
  const TempDir dir;
  CHECK(git_head_of(dir.path()) == "unknown");
  git(dir.path(), {"init", "-q"});
  CHECK(git_head_of(dir.path()) == "unknown");
  dir.write(".git/HEAD", "");
  CHECK(git_head_of(dir.path()) == "unknown");
  dir.write(".git/HEAD", "ref: refs/heads/.invalid\n");  // where references are no files
  CHECK(git_head_of(dir.path()) == "unknown");
}
