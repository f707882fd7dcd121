// SPDX-License-Identifier: MIT
#include "cli/events_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using cli::EventGaps;
using Json = nlohmann::json;

namespace {

Json event(std::uint64_t seq, Json data = Json::object(), const std::string& scope = "target:app") {
  return {{"scope", scope},
          {"seq", seq},
          {"type", "build_ended"},
          {"data", std::move(data)},
          {"createdAt", "2026-01-31T12:00:00.000Z"}};
}

}  // namespace

TEST_CASE("an event is one line for people: words as they are and all else as JSON") {
  CHECK(cli::event_text(event(7)) == "2026-01-31T12:00:00.000Z  target:app 7  build_ended");
  const Json data{{"id", 12},           {"verdict", "success"}, {"reason", "a.c changed"},
                  {"trigger", {"a.c"}}, {"empty", ""},          {"equals", "a=b"}};
  CHECK(cli::event_text(event(7, data)) ==
        "2026-01-31T12:00:00.000Z  target:app 7  build_ended  empty=\"\" equals=\"a=b\" id=12"
        " reason=\"a.c changed\" trigger=[\"a.c\"] verdict=success");
}

TEST_CASE("an event that somebody else made up is a line all the same") {
  CHECK_FALSE(cli::event_text(Json::object()).empty());
  CHECK_FALSE(cli::event_text({{"scope", 1}, {"seq", "x"}, {"data", "none"}}).empty());
  CHECK(cli::event_text(event(1, {{"message", "a\x1b]0;b\x07\nc"}})).find('\x1b') ==
        std::string::npos);
}

TEST_CASE("the keys of an event as JSON come in the order of their document") {
  CHECK(
      cli::event_json(event(1)).dump() ==
      R"({"scope":"target:app","seq":1,"type":"build_ended","data":{},"createdAt":"2026-01-31T12:00:00.000Z"})");
}

TEST_CASE("events that are missing between two are told of") {
  EventGaps gaps;
  CHECK(gaps.before(event(5)).empty());  // nobody said where it begins
  CHECK(gaps.before(event(6)).empty());
  CHECK(gaps.before(event(1, {}, "daemon")).empty());
  CHECK(gaps.before(event(8)) == "event 7 of target:app is not kept");
  CHECK(gaps.before(event(20)) == "events 9 to 19 of target:app are not kept");
  EventGaps since;
  since.begin("target:app", 3);
  CHECK(since.before(event(5)) == "event 4 of target:app is not kept");
}
