// SPDX-License-Identifier: MIT
#include "cli/why_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;
using nlohmann::json;

namespace {

const WallTime kNow = *from_iso8601("2026-01-31T12:00:10.000Z");

}  // namespace

TEST_CASE("why names the targets of a path with the pattern that says so") {
  CHECK(why_path_text(json::parse(R"({"path":"src/a.c","exists":true,"counts":true,
    "targets":[{"target":"app","pattern":"src/**/*.c","counts":true}]})")) ==
        "src/a.c counts for app: src/**/*.c\n");
}

TEST_CASE("why names the rule that ignores a path, with its file and line") {
  CHECK(why_path_text(json::parse(R"({"path":"build/a.o","exists":false,"counts":false,
    "targets":[{"target":"app","pattern":"**/*.o","counts":false}],
    "ignored":{"authority":"git","path":"build","source":".gitignore","line":3,
               "pattern":"/build/","reason":""}})")) ==
        "build/a.o would count for app: **/*.o\n"
        "build is ignored by .gitignore:3: /build/\n"
        "(there is no such file now)\n");
}

TEST_CASE("why says when nobody watches a path") {
  CHECK(why_path_text({{"path", "x"}, {"exists", true}}) == "x: no target watches it\n");
}

TEST_CASE("why says what made the last build of a target start") {
  CHECK(why_target_text(json::parse(R"({"target":"app","standing":"pending","hold":"window",
    "cause":"changed","paths":["a.c","b.c"],"totalPaths":7,
    "startedAt":"2026-01-31T12:00:05.000Z","waitedMs":21})"),
                        kNow) ==
        "app is pending; its next build waits for: window\n"
        "its last build started 5s ago: watched files changed\n"
        "    a.c\n"
        "    b.c\n"
        "    … and 5 more\n"
        "from the first change to its start: 21ms\n");
  CHECK(why_target_text({{"target", "app"}, {"standing", "fresh"}, {"hold", "none"}}, kNow) ==
        "app is fresh\nit has not been built since the daemon started\n");
}
