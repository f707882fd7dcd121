// SPDX-License-Identifier: MIT
// The patches of tests/mechanisms, with which scripts/mechanisms proves that tests can fail, are
// held against the tree, so that they do not rot between two such runs.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

const fs::path kSource = POLTERGEIST_SOURCE_DIR;

// What a patch takes for granted: that these lines stand in this file.
struct Hunk {
  fs::path file;
  std::string lines;
};

struct Mechanism {
  std::string name;
  std::vector<std::string> mechanism, target, test;  // the lines of its head
  std::vector<Hunk> hunks;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

void read_head(const std::string& line, Mechanism& mechanism) {
  const auto take = [&](const std::string& key, std::vector<std::string>& values) {
    if (line.starts_with(key) && line.size() > key.size()) {
      values.push_back(line.substr(key.size()));
    }
  };
  take("Mechanism: ", mechanism.mechanism);
  take("Target: ", mechanism.target);
  take("Test: ", mechanism.test);
}

Mechanism mechanism_of(const fs::path& patch) {
  Mechanism mechanism{.name = patch.stem().string()};
  fs::path file;
  std::istringstream lines(text_of(patch));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("--- a/")) {
      file = line.substr(6);
    } else if (line.starts_with("@@")) {
      mechanism.hunks.push_back({.file = file, .lines = {}});
    } else if (line.starts_with("diff --git ")) {
      file = "?";
    } else if (file.empty()) {
      read_head(line, mechanism);
    } else if (!mechanism.hunks.empty() && (line.starts_with(' ') || line.starts_with('-'))) {
      mechanism.hunks.back().lines += line.substr(1) + '\n';
    }
  }
  return mechanism;
}

std::vector<Mechanism> all_mechanisms() {
  std::vector<Mechanism> all;
  for (const auto& entry : fs::directory_iterator(kSource / "tests/mechanisms")) {
    all.push_back(mechanism_of(entry.path()));
  }
  return all;
}

// "watch/watch_test" and the text of its one test, without the star that stands for the rest of it:
// Catch2 takes a comma for the end of a name.
struct NamedTest {
  fs::path program;
  std::string text;
};

NamedTest named_in(const std::string& command) {
  static const std::regex form(
      R"re(^(?:[A-Z_]+=\S+ )*([a-z0-9_]+/[a-z0-9_]+) "\*?([^"*]+)\*?"$)re");
  std::smatch match;
  if (!std::regex_match(command, match, form)) return {};
  return {.program = match[1].str(), .text = match[2]};
}

bool is_in_a_test_of(const fs::path& directory, const std::string& text) {
  const fs::directory_iterator files(directory);
  return std::any_of(begin(files), end(files), [&](const auto& entry) {
    return entry.path().extension() == ".cpp" &&
           text_of(entry.path()).find(text) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("each mechanism says what is switched off, what to build and which test must notice") {
  const auto all = all_mechanisms();
  CHECK(!all.empty());
  for (const auto& one : all) {
    INFO(one.name);
    CHECK(one.mechanism.size() == 1);
    CHECK(one.target.size() == 1);
    CHECK(!one.test.empty());
    for (const auto& command : one.test) {
      INFO(command);
      const auto test = named_in(command);
      REQUIRE(!test.text.empty());
      CHECK(is_in_a_test_of(kSource / "tests" / test.program.parent_path(), test.text));
      CHECK(one.target.front().find(test.program.filename().string()) != std::string::npos);
    }
  }
}

TEST_CASE("each mechanism can still be switched off") {
  for (const auto& one : all_mechanisms()) {
    INFO(one.name);
    CHECK(!one.hunks.empty());
    for (const auto& hunk : one.hunks) {
      INFO(hunk.file.string() << " holds no longer:\n" << hunk.lines);
      CHECK(('\n' + text_of(kSource / hunk.file)).find('\n' + hunk.lines) != std::string::npos);
    }
  }
}
