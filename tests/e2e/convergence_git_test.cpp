// SPDX-License-Identifier: MIT
// What git does to a tree: in a repository, in a linked working tree, in others below the root.
#include <signal.h>

#include <catch2/catch.hpp>

#include "support/oracle_project.h"
#include "support/rounds.h"

using namespace poltergeist::test;

namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 60;
constexpr int kCommits = 6;

Ran run_git(const fs::path& directory, std::vector<std::string> args) {
  args.insert(args.begin(), {"git", "-c", "user.name=t", "-c", "user.email=t@t", "-c",
                             "init.defaultBranch=main", "-c", "advice.detachedHead=false"});
  return run({.argv = std::move(args),
              .cwd = directory,
              .env = {{"GIT_CONFIG_GLOBAL", "/dev/null"},
                      {"GIT_CONFIG_SYSTEM", "/dev/null"},
                      {"GIT_EDITOR", "true"}},
              .in = {}});
}

void git(const fs::path& directory, const std::vector<std::string>& args) {
  std::string line;
  for (const auto& arg : args) line += arg + " ";
  const auto ran = run_git(directory, args);
  INFO(line << ran.out << ran.err);
  REQUIRE(ran.code == 0);
}

void write_files(const fs::path& root, const std::string& text) {
  for (int i = 0; i < kFiles; ++i) {
    const auto file = root / ("src/d" + std::to_string(i % 7)) / ("f" + std::to_string(i));
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text << i;
  }
}

// A branch `main` with a history of all files, and a branch `topic` with files of its own.
void make_history(const fs::path& root) {
  git(root, {"init", "-q", "--template="});
  write_files(root, "first ");
  git(root, {"add", "src"});
  git(root, {"commit", "-qm", "first"});
  git(root, {"checkout", "-qb", "topic"});
  for (int i = 0; i < 3; ++i) {
    fs::create_directories(root / "src/topic");
    std::ofstream(root / "src/topic" / ("t" + std::to_string(i))) << i;
    git(root, {"add", "src"});
    git(root, {"commit", "-qm", "topic"});
  }
  git(root, {"checkout", "-q", "main"});
  for (int i = 0; i < kCommits; ++i) {
    write_files(root, "commit " + std::to_string(i) + " ");
    git(root, {"add", "src"});
    git(root, {"commit", "-qm", "more"});
  }
}

void stash_and_pop(const OracleProject& project) {
  const auto ran = run({.argv = {"/bin/sh", "-c", "git stash -q && git stash pop -q"},
                        .cwd = project.root(),
                        .env = {{"GIT_CONFIG_GLOBAL", "/dev/null"},
                                {"GIT_CONFIG_SYSTEM", "/dev/null"},
                                {"GIT_AUTHOR_NAME", "t"},
                                {"GIT_AUTHOR_EMAIL", "t@t"},
                                {"GIT_COMMITTER_NAME", "t"},
                                {"GIT_COMMITTER_EMAIL", "t@t"}},
                        .in = {}});
  INFO(ran.out << ran.err);
  REQUIRE(ran.code == 0);
}

void live_with_git(const OracleProject& project) {
  const auto& root = project.root();
  const auto settled = [&](const char* after) {
    INFO("after " << after);
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
  };
  for (int i = 0; i < backend_rounds(1, 20); ++i) {
    git(root, {"checkout", "-q", "--detach", "HEAD~3"});
    settled("checkout of a commit");
    git(root, {"checkout", "-q", "topic"});
    settled("checkout of a branch");
    git(root, {"rebase", "-q", "base"});
    settled("rebase");
    git(root, {"reset", "-q", "--hard", "HEAD~1"});
    settled("reset");
    git(root, {"checkout", "-q", "--detach", "base"});
    settled("checkout back");
    std::ofstream(root / "src/d1/f1") << "not committed " << i;
    std::ofstream(root / "src/untracked") << i;
    settled("edits");
    git(root, {"stash", "push", "-q", "-u", "--", "src"});
    settled("stash");
    git(root, {"stash", "pop", "-q"});
    settled("stash pop");
    git(root, {"checkout", "-q", "--", "src"});
    fs::remove(root / "src/untracked");
    settled("restoring");
    git(root, {"bisect", "start", "HEAD", "HEAD~5"});
    settled("bisect start");
    git(root, {"bisect", "run", "sh", "-c", "grep -q 'commit [0-2]' src/d1/f1"});
    settled("bisect run");
    git(root, {"bisect", "reset"});
    settled("bisect reset");
    git(root, {"clean", "-qfdx", "src"});
    settled("clean");
  }
}

// The root is the main working tree of a repository, or one that is linked to it.
void make_working_tree(const OracleProject& project, bool linked) {
  const auto repository = linked ? project.outside() / "repository" : project.root();
  fs::create_directories(repository);
  make_history(repository);
  if (!linked) return;
  fs::remove_all(project.root());
  git(repository, {"worktree", "add", "-q", "--detach", project.root().string(), "main"});
  project.configure_again();
}

std::string git_line(const fs::path& directory, std::vector<std::string> args) {
  args.insert(args.begin(), "git");
  auto text = run({.argv = std::move(args), .cwd = directory, .env = {}, .in = {}}).out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("what git stashes and brings back within the quiet window is not built again") {
  OracleProject project(nlohmann::json{{"settlingDelay", 2000}});
  make_history(project.root());
  project.haunt();
  REQUIRE(project.fault() == "");
  project.write("src/d1/f1", "an edit");
  project.write("src/new", "a new file");
  REQUIRE(project.fault() == "");
  const auto before = project.builds();
  for (int i = 0; i < backend_rounds(4, 100); ++i) {
    stash_and_pop(project);
    REQUIRE(project.fault() == "");
  }
  CHECK(project.builds() == before);
}

TEST_CASE("checkout, rebase, stash and bisect in a repository: the build ends with the last tree") {
  OracleProject project;
  make_history(project.root());
  git(project.root(), {"branch", "base"});
  project.haunt();
  live_with_git(project);
}

TEST_CASE("the same in a linked working tree, whose lock is elsewhere") {
  OracleProject project;
  const auto repository = project.outside() / "repository";
  fs::create_directories(repository);
  make_history(repository);
  git(repository, {"branch", "base"});
  fs::remove_all(project.root());
  git(repository, {"worktree", "add", "-q", "--detach", project.root().string(), "base"});
  project.configure_again();
  project.haunt();
  live_with_git(project);
}

TEST_CASE("a checkout is one build, for git's lock keeps the window open, wherever the lock is") {
  const bool linked = GENERATE(false, true);
  INFO((linked ? "linked" : "main"));
  // Without git, each change is a build at once.
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  make_working_tree(project, linked);
  project.haunt();
  if (project.watch_status().at("backend") == "poll") return;  // it sees what is there, not when
  const auto lock =
      project.root() / git_line(project.root(), {"rev-parse", "--git-path", "index.lock"});
  const auto builds = project.builds();
  // As git does, but slowly: what each quiet moment of its would show is seen for certain.
  std::ofstream(lock).close();
  for (int i = 0; i < kFiles; i += 6) {
    project.write("src/d" + std::to_string(i % 7) + "/f" + std::to_string(i), "half a tree");
    // The daemon has seen it, and there is no quiet to wait for.
    const auto clock = project.watch_status().at("clock").get<int>();
    std::ofstream(project.src() / "d0/f0") << "and more " << i;
    REQUIRE(await([&] { return project.watch_status().at("clock").get<int>() > clock; }));
  }
  CHECK(project.builds() == builds);
  // The last of it and the end are one piece of news to a daemon that is late.
  const auto daemon = project.daemon_pid();
  ::kill(daemon, SIGSTOP);
  project.write("src/d0/f0", "a whole tree");
  fs::remove(lock);
  ::kill(daemon, SIGCONT);
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
  CHECK(project.builds() == builds + 1);
}

TEST_CASE("a daemon may begin while git is at work") {
  OracleProject project;
  make_history(project.root());
  std::ofstream(project.root() / ".git/index.lock").close();
  project.haunt();
  project.write("src/d0/f0", "while git works");
  REQUIRE(project.fault() == "");
  fs::remove(project.root() / ".git/index.lock");
  project.write("src/d0/f0", "afterwards");
  REQUIRE(project.converges_by_itself());
  CHECK(project.fault() == "");
}

TEST_CASE("checkouts of few files and of many are one build each") {
  const int files = rounds(300, 20'000);
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  const auto commit = [&](int changed, const std::string& text) {
    for (int i = 0; i < changed; ++i) {
      const auto file = project.src() / std::to_string(i % 10) / std::to_string(i);
      fs::create_directories(file.parent_path());
      std::ofstream(file) << text << i;
    }
    git(project.root(), {"add", "src"});
    git(project.root(), {"commit", "-qm", text});
    git(project.root(), {"branch", text});
  };
  git(project.root(), {"init", "-q", "--template="});
  commit(files, "all");
  commit(files / 2, "half");
  commit(files / 20, "some");
  commit(10, "few");
  project.haunt();
  REQUIRE(project.fault() == "");
  for (int i = 0; i < backend_rounds(1, 20); ++i) {
    for (const auto* branch : {"some", "half", "all", "few"}) {
      INFO("round " << i << ", " << branch);
      const auto builds = project.builds();
      git(project.root(), {"checkout", "-q", branch});
      REQUIRE(project.converges_by_itself());
      REQUIRE(project.fault() == "");
      if (project.watch_status().at("backend") == "poll") continue;
      REQUIRE(project.builds() == builds + 1);
    }
  }
}

TEST_CASE("a rebase is one build, however many steps it has and however long they take") {
  // Where git's directory is, is not the back end's to know.
  const bool linked = tested_backend() == "inotify" ? GENERATE(false, true) : false;
  INFO((linked ? "linked" : "main"));
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  make_working_tree(project, linked);
  git(project.root(), {"checkout", "-q", "--detach", "topic"});
  project.haunt();
  REQUIRE(project.fault() == "");
  const auto builds = project.builds();
  git(project.root(), {"rebase", "-q", "main", "--exec", "sleep 0.1"});
  REQUIRE(project.converges_by_itself());
  CHECK(project.fault() == "");
  if (project.watch_status().at("backend") == "poll") return;
  CHECK(project.builds() == builds + 1);
}

TEST_CASE("a rebase that stops at a conflict is built as it lies, and so is what becomes of it") {
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  make_history(project.root());
  git(project.root(), {"checkout", "-q", "topic"});
  std::ofstream(project.src() / "d1/f1") << "otherwise";
  git(project.root(), {"commit", "-qam", "in conflict with main"});
  project.haunt();
  REQUIRE(project.fault() == "");
  CHECK(run_git(project.root(), {"rebase", "-q", "main"}).code == 1);
  // Git's hold itself ends after thirty seconds: this is before.
  CHECK(await([&] { return project.status().at("oracle").at("hold") != "git"; },
              std::chrono::seconds(20)));
  REQUIRE(project.converges_by_itself());
  REQUIRE(project.fault() == "");
  std::ofstream(project.src() / "d1/f1") << "resolved";
  REQUIRE(project.converges_by_itself());
  git(project.root(), {"add", "src"});
  git(project.root(), {"rebase", "--continue"});
  REQUIRE(project.converges_by_itself());
  CHECK(project.fault() == "");
}

TEST_CASE("other repositories and working trees below the root are nothing to us") {
  OracleProject project;
  make_history(project.root());
  project.write(".gitignore", "");
  project.haunt();
  REQUIRE(project.fault() == "");
  const auto builds = project.builds();
  const auto directories = project.watch_status().at("directories");

  git(project.root(), {"worktree", "add", "-q", "--detach", ".worktrees/a", "HEAD~2"});
  git(project.root(), {"worktree", "add", "-q", "--detach", "src/worktree", "HEAD~2"});
  fs::create_directories(project.outside() / "plain");
  make_history(project.outside() / "plain");
  fs::rename(project.outside() / "plain", project.src() / "plain");
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  git(project.src() / "worktree", {"checkout", "-q", "--detach", "HEAD~1"});
  git(project.src() / "plain", {"checkout", "-q", "topic"});
  std::ofstream(project.src() / "plain/src/d0/f0") << "edited";
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.watch_status().at("directories") == directories);
  CHECK(project.watch_status().at("overflows") == 0);
  // Moved in, it was a boundary from the start; made in place, it was one as soon as git said so.
  CHECK(project.builds() == builds);

  // A repository that is none any more is a part of the tree. Last: the oracle reads the inside of
  // the working tree, too, whose going is nothing to us and sets no build off.
  git(project.root(), {"worktree", "remove", "--force", "src/worktree"});
  fs::remove_all(project.src() / "plain/.git");
  CHECK(project.fault() == "");
}

TEST_CASE("ignore files that are edited take effect at once, back and forth") {
  OracleProject project;
  git(project.root(), {"init", "-q", "--template="});
  project.write("src/gen/deep/out", "first");
  project.write("src/f", "first");
  project.haunt();
  constexpr const char* kFiles[] = {".gitignore", "src/.gitignore", "src/.ignore",
                                    ".git/info/exclude"};
  for (int i = 0; i < backend_rounds(12, 200); ++i) {
    const std::string file = kFiles[static_cast<std::size_t>(i) % std::size(kFiles)];
    INFO("round " << i << ", " << file);
    const auto number = std::to_string(i);
    project.write(file, "gen/\n");
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
    auto builds = project.builds();
    project.write("src/gen/deep/out", "hidden " + number);
    project.write("src/gen/new" + number, "hidden");
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
    REQUIRE(project.builds() == builds);
    if (i % 2 == 0) {
      project.write(file, "");
    } else {
      fs::remove(project.root() / file);
    }
    REQUIRE(project.fault() == "");
    project.write("src/gen/deep/out", "seen " + number);
    REQUIRE(project.converges_by_itself());
  }
}
