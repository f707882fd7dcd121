// SPDX-License-Identifier: MIT
// What counts, in a watcher over real files.
#include "watch/rules.h"

#include <fcntl.h>
#include <stdio.h>

#include <cstdlib>

#include "watch/default_exclusions.h"
#include "watch/lossy_source.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;

namespace {

RelPath path(std::string_view text) {
  return RelPath::parse(text).value();
}

// "authority source:line pattern", or the patterns that claim the path.
std::string why(World& world, std::string_view text) {
  const auto answer = world->why(path(text));
  std::string words;
  if (answer.ignored) {
    const auto& by = *answer.ignored;
    words = fmt::format("{} {}:{} {} at {}", name_in(kAuthorities, by.authority), by.source,
                        by.line, by.pattern, by.path.text());
  }
  for (const auto& claim : answer.claims) {
    words += fmt::format("{}{}:{}", words.empty() ? "" : ", ", claim.counts ? "counts" : "would",
                         claim.pattern);
  }
  return words;
}

void make_repository(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory / ".git/objects");
  std::filesystem::create_directories(directory / ".git/refs");
  std::filesystem::create_directories(directory / ".git/info");
  std::ofstream(directory / ".git/HEAD") << "ref: refs/heads/main\n";
}

}  // namespace

TEST_CASE("the first that speaks decides, and says where it is written") {
  Options options = World::options_for({"**", "build/gen.h"});
  options.targets[0].outputs = {"bin/app", "build/out.o"};
  options.rules = {{.pattern = "*.{log,trace}", .reason = "noise", .place = "config:3:5"},
                   {.pattern = "!keep.o", .place = "config:4:5"}};
  options.exclude_dirs = {"{vendor,extern}", "./third/**"};
  options.default_exclusions = {"build/", "*.tmp"};
  World world(options);
  make_repository(world.root());
  world.write(".gitignore", "*.o\nsub/x\n");
  world.write("a/.ignore", "!*.o\n");
  for (const auto* file :
       {"main.c", "bin/app", "b.log", "keep.o", "x.o", "a/y.o", "vendor/v.c", "third/t.c",
        "deep/third/t.c", "build/other.h", "build/gen.h", "build/out.o", "n.tmp", "sub/x/z.c"}) {
    world.write(file);
  }
  world.watch();

  CHECK(why(world, "main.c") == "counts:**");
  CHECK(why(world, "bin/app") == "never :0 bin/app at bin/app, would:**");
  CHECK(why(world, "b.log") == "configuration config:3:5:0 *.log at b.log, would:**");
  CHECK(why(world, "keep.o") == "counts:**");
  CHECK(why(world, "x.o") == "git .gitignore:1 *.o at x.o, would:**");
  CHECK(why(world, "a/y.o") == "counts:**");
  CHECK(why(world, "vendor/v.c") == "configuration excludeDirs:0 vendor/ at vendor, would:**");
  CHECK(why(world, "third/t.c") == "configuration excludeDirs:0 /third/ at third, would:**");
  CHECK(why(world, "deep/third/t.c") == "counts:**");
  CHECK(why(world, "build/other.h") == "defaults default exclusions:0 build/ at build, would:**");
  CHECK(why(world, "build/gen.h") ==
        "defaults default exclusions:0 build/ at build, counts:build/gen.h");
  CHECK(why(world, "n.tmp") == "defaults default exclusions:0 *.tmp at n.tmp, would:**");
  CHECK(why(world, "sub/x/z.c") == "git .gitignore:2 sub/x at sub/x, would:**");
  CHECK(why(world, ".git/HEAD").starts_with("never"));
  CHECK(why(world, "absent.c") == "counts:**");
  CHECK(why(world, ".hidden").empty());

  // main.c, keep.o, a/y.o, deep/third/t.c, build/gen.h
  CHECK(world->file_count(0) == 5);
  world.append("build/gen.h");
  world.append("build/other.h");
  CHECK(world.changes() == "*build/gen.h");
}

TEST_CASE("a file that is named counts though it lies in .git, and only that file") {
  World world(World::options_for({"src/**", ".git/HEAD"}));
  make_repository(world.root());
  world.watch();
  CHECK(world->file_count(0) == 1);
  std::ofstream(world / ".git/HEAD") << "ref: refs/heads/other\n";
  std::ofstream(world / ".git/index") << "x";
  CHECK(world.changes() == "*.git/HEAD");
}

TEST_CASE("editing an ignore file takes effect at once") {
  World world;
  world.write("build/a.o");
  world.write("build/deep/b.o");
  world.write("main.c");
  auto& watcher = world.watch();
  CHECK(watcher.file_count(0) == 3);
  for (int i = 0; i < test::rounds(20, 200); ++i) {
    world.write(".gitignore", "build/\n");
    CHECK(world.changes() == "-build/a.o -build/deep/b.o");
    CHECK(watcher.counters().directories == 1);
    world.append("build/a.o");
    CHECK(world.changes().empty());
    world.write(".gitignore", "*.x\n");
    CHECK(world.changes() == "+build/a.o +build/deep/b.o");
    CHECK(watcher.counters().directories == 3);
  }
  world.write("build/.ignore", "deep\n");
  CHECK(world.changes() == "-build/deep/b.o");
  world.remove("build/.ignore");
  CHECK(world.changes() == "+build/deep/b.o");
  CHECK(world.is_converged());
}

TEST_CASE("an ignore file that is being saved is not taken for gone") {
  World world;
  world.write(".gitignore", "build/\n");
  world.write("build/a.o");
  auto& watcher = world.watch();
  const auto start = now();
  world.remove(".gitignore");
  CHECK(watcher.apply(start).changes.empty());
  REQUIRE(watcher.deadline());
  world.write(".gitignore", "build/\n*.log\n");
  CHECK(watcher.apply(start + Milliseconds(50)).changes.empty());
  CHECK_FALSE(watcher.deadline());

  world.remove(".gitignore");
  CHECK(watcher.apply(start + Milliseconds(60)).changes.empty());
  CHECK(World::text_of(watcher.apply(*watcher.deadline())) == "+build/a.o");
}

TEST_CASE("rules outside of the tree count, and take effect when they change") {
  World world;
  make_repository(world.root());
  world.write("a.log");
  world.write("b.tmp");
  world.options().global_excludes = world.outside() / "ignore";
  auto& watcher = world.watch();
  CHECK(watcher.file_count(0) == 2);
  world.write(".git/info/exclude", "*.log\n");
  CHECK(world.changes() == "-a.log");
  std::ofstream(world.outside() / "ignore") << "*.tmp\n";
  CHECK(world.changes() == "-b.tmp");
  CHECK(why(world, "a.log").find(".git/info/exclude:1 *.log") != std::string::npos);
}

TEST_CASE("an ignore file outside of the tree may come with the directories that hold it") {
  World world;
  make_repository(world.root());
  world.remove(".git/info");
  world.write("a.log");
  world.write("b.tmp");
  world.options().global_excludes = world.outside() / "config/git/ignore";
  auto& watcher = world.watch();
  CHECK(watcher.file_count(0) == 2);
  world.write(".git/info/exclude", "*.log\n");
  CHECK(world.changes() == "-a.log");
  std::filesystem::create_directories(world.outside() / "config/git");
  CHECK(world.changes().empty());
  std::ofstream(world.outside() / "config/git/ignore") << "*.tmp\n";
  CHECK(world.changes() == "-b.tmp");
  std::filesystem::remove_all(world.outside() / "config");
  CHECK(world.changes() == "+b.tmp");
}

TEST_CASE("git's rules can be switched off, and what is never watched stays so") {
  Options options = World::options_for({"**", ".git/**", ".*"});
  options.gitignore = false;
  World world(options);
  world.write(".gitignore", "*.o\n");
  world.write("a.o");
  world.write(".git/HEAD");
  world.write(".poltergeist/state");
  world.watch();
  CHECK(world->file_count(0) == 2);  // .gitignore itself, and a.o
}

TEST_CASE("another repository below the root is a boundary, unless a pattern names it") {
  World world(World::options_for({"**", "named/inside/**"}));
  make_repository(world.root());
  world.write("work/tree/.git", "gitdir: /somewhere/worktrees/tree\n");
  world.write("work/tree/src/a.c");
  world.write("named/.git/HEAD");
  world.write("named/inside/b.c");
  auto& watcher = world.watch();
  CHECK(watcher.file_count(0) == 1);
  CHECK(watcher.counters().directories == 4);  // root, work, named, named/inside
  CHECK(why(world, "work/tree/src/a.c") == "boundary :0 work/tree/.git at work/tree, would:**");

  // One that is made while we watch, as `git worktree add` does: the directory, .git, the files.
  world.make("work/other");
  world.write("work/other/.git", "gitdir: /somewhere/worktrees/other\n");
  for (int i = 0; i < 50; ++i) world.write("work/other/src/f" + std::to_string(i));
  CHECK(world.changes().empty());
  world.write("work/other/src/late");
  CHECK_FALSE(world.has_waiting_hints());
  world.remove("work/other");
  CHECK(world.changes().empty());
}

TEST_CASE("a repository that is one no more becomes a part of the tree") {
  World world;
  make_repository(world.root());
  world.write("other/.git/HEAD");
  world.write("other/a.c");
  auto& watcher = world.watch();
  CHECK(watcher.file_count(0) == 0);
  world.append("other/a.c");
  CHECK(world.changes().empty());
  world.remove("other/.git");
  CHECK(world.changes() == "+other/a.c");
  CHECK(watcher.counters().boundaries == 0);

  // Another takes its place: that one's end counts.
  world.write("other/.git/HEAD");
  CHECK(world.changes() == "-other/a.c");
  world.move("other", "moved");
  world.write("other/.git/HEAD");
  world.write("other/b.c");
  CHECK(world.changes().empty());
  world.remove("other/.git");
  world.remove("moved/.git");
  CHECK(world.changes() == "+moved/a.c +other/b.c");
}

TEST_CASE("where a directory took another's place, its repositories are gone") {
  World world;
  world.write("a/repository/.git");
  world.write("a/f");
  world.write("b/g");
  auto& watcher = world.watch();
  CHECK(watcher.counters().boundaries == 1);
  REQUIRE(::renameat2(AT_FDCWD, (world / "a").c_str(), AT_FDCWD, (world / "b").c_str(),
                      RENAME_EXCHANGE) == 0);
  CHECK(world.changes() == "-a/f +a/g +b/f -b/g");
  CHECK(watcher.counters().boundaries == 1);
}

TEST_CASE("a directory that becomes a repository gets git's rules") {
  World world;
  world.write("a.o");
  auto& watcher = world.watch();
  std::filesystem::create_directory(world / ".git");
  CHECK(world.changes().empty());
  make_repository(world.root());
  world.write(".git/info/exclude", "*.o\n");
  CHECK(world.changes() == "-a.o");
  CHECK(watcher.git_lock_path() == world / ".git/index.lock");
}

TEST_CASE("new options tell what each target gained and lost, or change nothing at all") {
  Options options;
  options.targets = {{.name = "one", .watch_paths = {"a/**"}},
                     {.name = "two", .watch_paths = {"b/**"}}};
  World world(options);
  world.write("a/x.c");
  world.write("a/y.h");
  world.write("b/z.c");
  auto& watcher = world.watch();
  const auto two = watcher.fingerprint(1);

  auto bad = options;
  bad.targets[0].watch_paths = {"[a"};
  const auto refused = watcher.configure(bad, now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("target one") != std::string::npos);
  CHECK(watcher.file_count(0) == 2);
  CHECK(watcher.configure(options, now()).value().changes.empty());

  // Another order, other patterns, a new target, and a change that nobody had heard of yet.
  world.append("b/z.c");
  Options other;
  other.targets = {{.name = "new", .watch_paths = {"**"}},
                   {.name = "two", .watch_paths = {"b/**", "a/y.h"}},
                   {.name = "one", .watch_paths = {"a/*.c"}}};
  const auto batch = watcher.configure(other, now()).value();
  CHECK(World::text_of(batch) == "+a/y.h -a/y.h *b/z.c");
  CHECK(batch.changes[0].targets.indexes() == std::vector<std::size_t>{1});
  CHECK(batch.changes[1].targets.indexes() == std::vector<std::size_t>{2});
  CHECK(batch.changes[2].targets.indexes() == std::vector<std::size_t>{1});
  CHECK(watcher.file_count(0) == 3);
  CHECK(watcher.fingerprint(1) != two);
  world.options() = other;
  for (std::size_t target = 0; target < 3; ++target) CHECK(world.is_converged(target));
}

TEST_CASE("git holds a tree while its index lock is there, in a linked working tree too") {
  World world;
  std::filesystem::path lock;
  SECTION("the main one") {
    make_repository(world.root());
    lock = world / ".git/index.lock";
  }
  SECTION("a linked one") {
    make_repository(world.outside());
    const auto own = world.outside() / ".git/worktrees/root";
    std::filesystem::create_directories(own);
    std::ofstream(own / "HEAD") << "ref: refs/heads/x\n";
    std::ofstream(own / "commondir") << "../..\n";
    world.write(".git", "gitdir: " + own.string() + "\n");
    lock = own / "index.lock";
  }
  SECTION("above the root") {
    make_repository(world.root().parent_path());
    lock = world.root().parent_path() / ".git/index.lock";
  }
  auto& watcher = world.watch();
  CHECK(watcher.git_lock_path() == lock);
  CHECK_FALSE(watcher.git_operation_running());
  const auto start = now();
  std::ofstream(lock) << "";
  CHECK(world.has_waiting_hints());
  (void)watcher.apply(start);
  CHECK(watcher.git_operation_running());
  CHECK(watcher.git_operation_since() == start);
  (void)watcher.apply(start + Seconds(1));
  CHECK(watcher.git_operation_since() == start);
  std::filesystem::rename(lock, lock.parent_path() / "index");
  (void)watcher.apply(start + Seconds(2));
  CHECK_FALSE(watcher.git_operation_running());
}

TEST_CASE("a lock that was there at the start holds as well") {
  World world;
  make_repository(world.root());
  world.write(".git/index.lock");
  CHECK(world.watch().git_operation_running());
}

TEST_CASE("a lock that was given up while hints were lost holds no more") {
  World world;
  make_repository(world.root());
  world.write(".git/index.lock");
  auto owned = std::make_unique<test::LossySource>();
  auto& source = *owned;
  auto& watcher = world.watch_with(std::move(owned));
  REQUIRE(watcher.git_operation_running());
  source.lose_next();
  world.remove(".git/index.lock");
  (void)watcher.apply(now());
  CHECK_FALSE(watcher.git_operation_running());
}

TEST_CASE("the user's excludes are found where git would look for them") {
  const test::TempDir dir;
  const auto with = [&](const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);
  };
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  with("HOME", dir.path().string());
  ::unsetenv("XDG_CONFIG_HOME");
  CHECK(find_global_excludes() == dir / ".config/git/ignore");
  dir.write(".config/git/config", "[core]\n\texcludesFile = /etc/ignore ; a comment\n");
  CHECK(find_global_excludes() == "/etc/ignore");
  dir.write(".gitconfig", "[user]\n excludesfile = no\n[Core]\n ExcludesFile = \"~/my ignore\"\n");
  CHECK(find_global_excludes() == dir / "my ignore");
  with("HOME", home);
}
