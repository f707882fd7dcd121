// SPDX-License-Identifier: MIT
#include "watch/ignore.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "watch/default_exclusions.h"
#include "watch/git_ignores.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using Entry = IgnoreFile::Entry;
using test::TempDir;

namespace {

// "+" ignored, "!" taken back, "" nobody speaks.
std::string verdict(std::string_view rules, std::string_view path, Entry entry = Entry::File) {
  const auto file = IgnoreFile::parse(rules, RelPath(), ".gitignore");
  const auto whole = RelPath::parse(path).value();
  const auto* rule = file.speaks_on(whole.text(), whole.name(), entry);
  return rule == nullptr ? "" : rule->takes_back ? "!" : "+";
}

}  // namespace

TEST_CASE("the lines of an ignore file mean what git says") {
  struct Case {
    const char* rules;
    const char* path;
    const char* verdict;
  };
  const Case cases[] = {
      {"*.o", "a.o", "+"},
      {"*.o", "sub/a.o", "+"},
      {"*.o\n!a.o", "a.o", "!"},
      {"!a.o\n*.o", "a.o", "+"},
      {"/a.o", "sub/a.o", ""},
      {"/a.o", "a.o", "+"},
      {"sub/a.o", "x/sub/a.o", ""},
      {"**/sub/a.o", "x/sub/a.o", "+"},
      {"sub/**", "sub/x/y", "+"},
      {"a/**/b", "a/b", "+"},
      {"a/**/b", "a/x/y/b", "+"},
      {"# *.o", "a.o", ""},
      {"\\#x", "#x", "+"},
      {"\\!x", "!x", "+"},
      {"*.o   ", "a.o", "+"},
      {"a\\ ", "a ", "+"},
      {"a \\ b", "a  b", "+"},
      {"*.o\r\n", "a.o", "+"},
      {"\xEF\xBB\xBF*.o", "a.o", "+"},
      {"[a-c].x", "b.x", "+"},
      {"[a", "[a", ""},
      {"a\\", "a", ""},
      {"*", ".hidden", "+"},
      {"", "a", ""},
      {"/", "a", ""},
      {"foo**/bar", "foobar", "+"},
      {"foo**/bar", "foox/y/bar", "+"},
      {"foo**/**/bar", "foobar", "+"},
      {"foo**/**/bar", "fooxbar", ""},
      {"foo**/**/**", "foo.x", "+"},
      {"a.tar.gz", "a.tar.gz", "+"},
      {"*.tar.gz", "x.tar.gz", "+"},
      {"*.tar.gz", "x.gz", ""},
  };
  for (const auto& [rules, path, expected] : cases) {
    INFO(rules << " on " << path);
    CHECK(verdict(rules, path) == expected);
  }
  CHECK(verdict("build/", "build", Entry::Directory) == "+");
  CHECK(verdict("build/", "build", Entry::File).empty());
}

TEST_CASE("very many stars in a row cost what one costs") {
  std::string pattern = "a";
  for (int i = 0; i < 200'000; ++i) pattern += "**/";
  CHECK(verdict(pattern + "b", "ab") == "+");
  CHECK(verdict(pattern + "b", "ax/y/b") == "+");
  CHECK(verdict(pattern + "b", "axb").empty());
}

TEST_CASE("a decision names the file, the line and the pattern as written") {
  const auto file = IgnoreFile::parse("# first\n\n  \n!*.keep \n", RelPath(), "sub/.gitignore");
  const auto* rule = file.speaks_on("a.keep", "a.keep", Entry::File);
  REQUIRE(rule != nullptr);
  CHECK(rule->source == "sub/.gitignore");
  CHECK(rule->line == 4);
  CHECK(rule->pattern == "!*.keep");
}

TEST_CASE("the default exclusions leave sources alone") {
  IgnoreFile defaults{RelPath()};
  for (const auto& line : default_exclusions_for(Ecosystem::Mixed)) {
    INFO(line);
    CHECK(defaults.add({.pattern = line}));
  }
  const auto is_excluded = [&](std::string_view name, Entry entry) {
    return defaults.speaks_on(name, name, entry) != nullptr;
  };
  for (const auto* source : {"Makefile", "main.c", "package.json", "Cargo.lock", "build", "target",
                             "package-lock.json", "Package.resolved", ".env", "build.ninja"}) {
    INFO(source);
    CHECK_FALSE(is_excluded(source, Entry::File));
  }
  for (const auto* temporary :
       {"a.c~", ".#a.c", "#a.c#", "4913", ".a.c.swp", ".a.c.swx", "___jb_tmp___", "x.pyc"}) {
    INFO(temporary);
    CHECK(is_excluded(temporary, Entry::File));
  }
  for (const auto* directory : {"node_modules", "target", "__pycache__", "cmake-build-debug"}) {
    INFO(directory);
    CHECK(is_excluded(directory, Entry::Directory));
  }
}

// ---- The same question to git

namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  template <std::size_t N>
  std::string one_of(const char* const (&texts)[N]) {
    return texts[below(N)];
  }
  std::string name() {
    return one_of({"a", "b", "ab", "abc", "a.o", "b.o", ".h", "x y", "a ", "#a", "!b", "[a]", "a*",
                   "aa", "build", "a.b.o", "\xff", "-"});
  }
  std::string part() {
    std::string part;
    for (std::size_t i = below(3) + 1; i > 0; --i) {
      part += one_of({"a",           "b",   "ab",  "*",   "*",     "?",   "[ab]", "[!a]",  "[^b]",
                      "[a-c]",       ".o",  "*.o", "\\a", "\\*",   "\\ ", " ",    "[]a]",  "[a-]",
                      "[[:alpha:]]", "\\[", ".",   "**",  "build", "c",   "[",    "[\\]]", "\xff"});
    }
    return part;
  }
  std::string pattern() {
    if (below(12) == 0) return one_of({"a", "b", "x"}) + "**/" + name();
    std::string pattern = below(5) == 0 ? "!" : below(12) == 0 ? "\\!" : "";
    if (below(4) == 0) pattern += '/';
    for (std::size_t i = below(3) + 1; i > 0; --i) {
      pattern += below(3) == 0 ? "**" : below(2) == 0 ? name() : part();
      if (i > 1) pattern += '/';
    }
    if (below(3) == 0) pattern += '/';
    return pattern + one_of({"", "", "", "", " ", "  ", "\\ ", "\r", "\\", "\t"});
  }
  std::string rules() {
    std::string text = below(10) == 0 ? "\xEF\xBB\xBF" : "";
    for (std::size_t i = below(5) + 1; i > 0; --i) {
      text += below(8) == 0 ? "# a comment" : pattern();
      if (i > 1 || below(4) > 0) text += '\n';
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

struct Question {
  RelPath path;
  Entry entry;
};

// "source:line:pattern" of the rule that decides, as check-ignore -v says it.
std::string our_answer(const GitIgnores& rules, const Question& question) {
  std::string_view text = question.path.text();
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find('/', end + 1);
    const auto part = RelPath::parse(text.substr(0, end)).value();
    const auto entry = end == std::string_view::npos ? question.entry : Entry::Directory;
    const auto* rule = rules.speaks_on(rules.chain(part.parent()), part.text(), part.name(), entry);
    const bool last = end == std::string_view::npos;
    if (rule != nullptr && (last || !rule->takes_back)) {
      return fmt::format("{}:{}:{}", rule->source, rule->line, rule->pattern);
    }
  }
  return "";
}

std::vector<std::string> fields_of(const std::string& text) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  for (auto end = text.find('\0'); end != std::string::npos; end = text.find('\0', start)) {
    fields.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return fields;
}

std::vector<std::string> gits_answers(const TempDir& dir, const std::vector<Question>& questions) {
  std::ofstream input(dir / "questions", std::ios::binary);
  for (const auto& question : questions) input << question.path.text() << '\0';
  input.close();
  const std::string command = fmt::format(
      "cd {} && GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent XDG_CONFIG_HOME= git -c "
      "core.excludesFile={} "
      "check-ignore --no-index -v -n -z --stdin < {} > {}",
      (dir / "repo").string(), (dir / "global").string(), (dir / "questions").string(),
      (dir / "answers").string());
  const int status = std::system(command.c_str());
  REQUIRE((status == 0 || WEXITSTATUS(status) == 1));
  const auto fields = fields_of(dir.read("answers"));
  REQUIRE(fields.size() == questions.size() * 4);
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const bool none = fields[i * 4].empty();
    answers.push_back(none ? ""
                           : fields[i * 4] + ":" + fields[i * 4 + 1] + ":" + fields[i * 4 + 2]);
  }
  return answers;
}

// A repository of many small trees, each with rules of its own: starting git is what costs, so it
// is asked about all of them at once.
struct Forest {
  std::vector<RelPath> directories;
  std::vector<Question> questions;
  std::string rules;  // all of them, for the message
};

void add_tree(const TempDir& dir, Generator& generate, const RelPath& root, Forest& forest) {
  std::vector<RelPath> directories{root};
  std::set<RelPath> taken;
  std::filesystem::create_directory(root.under(dir / "repo"));
  for (int i = 0; i < 14; ++i) {
    const auto path = directories[generate.below(directories.size())].child(generate.name());
    if (!taken.insert(path).second) continue;
    const bool is_directory = generate.below(3) == 0;
    if (is_directory) {
      std::filesystem::create_directory(path.under(dir / "repo"));
      directories.push_back(path);
    } else {
      dir.write("repo/" + path.text(), "");
    }
    forest.questions.push_back({path, is_directory ? Entry::Directory : Entry::File});
  }
  for (const auto& directory : directories) {
    if (directory != root && generate.below(3) != 0) continue;
    const auto file = directory.child(".gitignore").text();
    const auto text = generate.rules();
    dir.write("repo/" + file, text);
    forest.rules += file + ":\n" + text + "\n";
  }
  forest.directories.insert(forest.directories.end(), directories.begin(), directories.end());
}

}  // namespace

TEST_CASE("on generated trees and rules, every decision is the one of git check-ignore") {
  constexpr int kTrees = 100;  // in one repository: asking git costs milliseconds
  const int repositories = (test::rounds(500, 10'000) + kTrees - 1) / kTrees;
  int decisions = 0;
  for (int seed = 0; seed < repositories; ++seed) {
    Generator generate(static_cast<unsigned>(seed));
    const TempDir dir(test::memory_directory());
    const auto init = fmt::format("git init -q --template= {}", (dir / "repo").string());
    REQUIRE(std::system(init.c_str()) == 0);
    Forest forest{.directories = {RelPath()}};
    for (int tree = 0; tree < kTrees; ++tree) {
      add_tree(dir, generate, RelPath().child(fmt::format("t{}", tree)), forest);
    }
    dir.write("repo/.git/info/exclude", generate.rules());
    dir.write("global", generate.rules());

    GitIgnores ours(dir / "repo", find_git_places(dir / "repo"), dir / "global");
    for (const auto& directory : forest.directories) ours.load(directory);
    const auto theirs = gits_answers(dir, forest.questions);
    for (std::size_t i = 0; i < forest.questions.size(); ++i) {
      auto answer = our_answer(ours, forest.questions[i]);
      // Git prints info/exclude relative to the working tree.
      const auto prefix = (dir / "repo").string() + "/";
      if (answer.starts_with(prefix)) answer = answer.substr(prefix.size());
      if (answer == theirs[i]) continue;
      FAIL("seed " << seed << ", path " << forest.questions[i].path.text() << ": ours \"" << answer
                   << "\", git's \"" << theirs[i] << "\"\n"
                   << forest.rules);
    }
    decisions += static_cast<int>(forest.questions.size());
  }
  CHECK(decisions > repositories * kTrees * 10);
}

TEST_CASE("ignore files above the root count, down from the working tree's root") {
  const TempDir dir;
  REQUIRE(std::system(fmt::format("git init -q {}", (dir / "repo").string()).c_str()) == 0);
  dir.write("repo/.gitignore", "/app/gen\n*.o\n");
  dir.write("repo/app/.gitignore", "!keep.o\n");
  dir.write(".gitignore", "*.c\n");
  GitIgnores rules(dir / "repo/app", find_git_places(dir / "repo/app"), {});
  rules.load(RelPath());
  CHECK(our_answer(rules, {RelPath::parse("gen").value(), Entry::Directory}) ==
        (dir / "repo/.gitignore").string() + ":1:/app/gen");
  CHECK(our_answer(rules, {RelPath::parse("keep.o").value(), Entry::File}) ==
        ".gitignore:1:!keep.o");
  CHECK(our_answer(rules, {RelPath::parse("a.c").value(), Entry::File}).empty());
}

TEST_CASE(".ignore has the word before .gitignore, however near that is") {
  const TempDir dir;
  dir.write(".ignore", "!*.log\n");
  dir.write("sub/.gitignore", "*.log\n");
  GitIgnores rules(dir.path(), std::nullopt, {});
  rules.load(RelPath());
  rules.load(RelPath::parse("sub").value());
  CHECK(our_answer(rules, {RelPath::parse("sub/a.log").value(), Entry::File}) ==
        ".ignore:1:!*.log");
}
