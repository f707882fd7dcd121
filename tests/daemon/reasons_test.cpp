// SPDX-License-Identifier: MIT
// Every cause and every hold has its sentence.
#include "daemon/reasons.h"

#include <set>

#include <catch2/catch.hpp>

using namespace poltergeist;
using daemon::reason_of;

namespace {

std::vector<RelPath> paths_of(const std::vector<std::string>& texts) {
  std::vector<RelPath> paths;
  for (const auto& text : texts) paths.push_back(*RelPath::parse(text));
  return paths;
}

}  // namespace

TEST_CASE("each cause of a build is a sentence of its own") {
  std::set<std::string> sentences;
  for (const auto& cause : build::kCauses) {
    build::Why why;
    why.cause = cause.value;
    sentences.insert(reason_of(why));
  }
  CHECK(sentences.size() == build::kCauses.size());
  CHECK_FALSE(sentences.contains(""));
}

TEST_CASE("a change is told by its first path and how many more there were") {
  build::Why why;
  why.cause = build::Cause::Changed;
  CHECK(reason_of(why) == "a file changed");
  why.paths = paths_of({"src/a.c"});
  CHECK(reason_of(why) == "src/a.c changed");
  why.paths = paths_of({"src/a.c", "src/b.c"});
  CHECK(reason_of(why) == "src/a.c and 1 more changed");
  why.total_paths = 5000;
  CHECK(reason_of(why) == "src/a.c and 4999 more changed");
  why.paths = paths_of({"caf\xe9.c"});
  why.total_paths = 1;
  CHECK(reason_of(why) == "caf\xef\xbf\xbd.c changed");
}

TEST_CASE("a rebuilt dependency is named") {
  build::Why why;
  why.cause = build::Cause::Dependency;
  why.dependency = TargetId("lib");
  CHECK(reason_of(why) == "its dependency lib was rebuilt");
}

TEST_CASE("each hold but a running build is a sentence of its own") {
  std::set<std::string> sentences;
  std::size_t silent = 0;
  for (const auto& hold : build::kHolds) {
    build::Verdict verdict;
    verdict.hold = hold.value;
    const auto sentence = reason_of(TargetId("app"), verdict);
    sentence.empty() ? void(++silent) : void(sentences.insert(sentence));
  }
  CHECK(silent == 2);  // nothing holds it, or it is being built
  CHECK(sentences.size() + silent == build::kHolds.size());
}

TEST_CASE("who holds a target is named, and what to do about it") {
  build::Verdict verdict;
  verdict.blocked_by = TargetId("lib");
  verdict.hold = build::Hold::Blocked;
  CHECK(reason_of(TargetId("app"), verdict) == "lib failed, and app depends on it");
  verdict.hold = build::Hold::Dependency;
  CHECK(reason_of(TargetId("app"), verdict) == "lib is built first");
  verdict.hold = build::Hold::Paused;
  CHECK(reason_of(TargetId("app"), verdict).find("poltergeist resume") != std::string::npos);
  verdict.hold = build::Hold::Disabled;
  CHECK(reason_of(TargetId("app"), verdict).find("poltergeist build app") != std::string::npos);
  verdict.hold = build::Hold::Loop;
  verdict.loop = paths_of({"gen/a.h", "gen/b.h"});
  CHECK(reason_of(TargetId("app"), verdict)
            .find(R"(add "!gen/a.h", "!gen/b.h" to the watchPaths of app)") != std::string::npos);
}
