// SPDX-License-Identifier: MIT
// What stands beside a program: port, readiness, sidecar, cleanup.
#include <catch2/catch.hpp>

#include "config/loading.h"

using namespace poltergeist;
using namespace poltergeist::config;

namespace {

std::string with_auto_run(std::string_view members) {
  return test::project(test::target("\"autoRun\": {" + std::string(members) + "}"));
}

AutoRun auto_run_of(std::string_view members, const Environment& environment = {}) {
  return test::load(with_auto_run(members), environment).project.targets.at(0).auto_run.value();
}

std::vector<std::string> problems_of(std::string_view members) {
  return test::problems_in(with_auto_run(members));
}

}  // namespace

TEST_CASE("a runner has nothing beside its program unless it is said") {
  const auto settings = auto_run_of("");
  CHECK(settings == AutoRun{});
  CHECK(settings.post_run_on_restart == OnRestart::Restart);
  CHECK(settings.on_exit == OnExit::Wait);
  CHECK(settings.cleanup_timeout == Seconds(5));
}

TEST_CASE("a port is a number or a range or any") {
  CHECK(auto_run_of(R"("port": 8080)").port == PortRange{8080, 8080});
  CHECK(auto_run_of(R"("port": "auto")").port == PortRange{3000, 9999});
  CHECK(auto_run_of(R"("port": {"from": 4000, "to": 4999})").port == PortRange{4000, 4999});
  CHECK(auto_run_of(R"("port": {"to": 4000, "from": 4000})").port == PortRange{4000, 4000});
  CHECK(auto_run_of(R"("port": "${PORT}")", {{"PORT", "8081"}}).port == PortRange{8081, 8081});
  CHECK(auto_run_of(R"("port": "${PORT:-auto}")").port == PortRange{3000, 9999});
}

TEST_CASE("what is no port says what one is") {
  for (const auto* value : {"0", "65536", "80.5", "-1", "true", "[80]", "null", "{\"from\": 1}",
                            "{\"from\": 1, \"to\": 70000}", "{\"from\": 1, \"to\": 2, \"x\": 3}",
                            "\"http\"", "\"65536\"", "\"\""}) {
    INFO(value);
    const auto problems = problems_of("\"port\": " + std::string(value));
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0], Catch::StartsWith("3:21: \"port\""));
  }
  CHECK(problems_of(R"("port": {"from": 5, "to": 4})") ==
        std::vector<std::string>{"3:21: \"port\": \"to\" must not be less than \"from\""});
}

TEST_CASE("readiness is one condition and a time") {
  CHECK(auto_run_of(R"("readyWhen": {"port": true})").ready_when ==
        ReadyWhen{.port = 0, .timeout = Seconds(30)});
  CHECK(auto_run_of(R"("readyWhen": {"port": 8080, "timeoutSeconds": 0})").ready_when ==
        ReadyWhen{.port = 8080, .timeout = Seconds(0)});
  CHECK(auto_run_of(R"("readyWhen": {"http": "/health?deep=1"})").ready_when->http ==
        "/health?deep=1");
  CHECK(auto_run_of(R"("readyWhen": {"logLine": "ready in \\d+"})").ready_when->log_line ==
        "ready in \\d+");
  CHECK(auto_run_of(R"("readyWhen": {"exec": "test -e x"})").ready_when->exec == "test -e x");
}

TEST_CASE("a condition that can never be met is a problem at its place") {
  for (const auto& [value, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({})", "is missing: give one of them"},
           {R"({"port": true, "exec": "true"})", "exclude each other"},
           {R"({"port": false})", "\"port\" must be true, or a port from 1 to 65535"},
           {R"({"http": "health"})", "\"http\" must be a path that begins with \"/\""},
           {R"({"http": "/a b"})", "\"http\" must be a path that begins with \"/\""},
           {R"({"http": "/a\r\nX: y"})", "\"http\" must be a path that begins with \"/\""},
           {R"({"logLine": "(("})", "\"logLine\" is no pattern: "},
           {R"({"exec": ""})", "\"exec\" may not be empty"}}) {
    INFO(value);
    const auto problems = problems_of("\"readyWhen\": " + value);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0], Catch::Contains(message));
  }
}

TEST_CASE("addresses to listen at are read with their variables") {
  const auto listen =
      auto_run_of(R"("listen": ["${HOST:-127.0.0.1}:${PORT}", "127.0.0.2:{port}", "./a.sock"])",
                  {{"PORT", "8081"}})
          .listen;
  REQUIRE(listen.size() == 3);
  CHECK(to_text(listen[0]) == "127.0.0.1:8081");
  CHECK(to_text(listen[1]) == "127.0.0.2:{port}");
  CHECK(to_text(listen[2]) == "a.sock");
  CHECK(auto_run_of(R"("listen": [])").listen.empty());
}

TEST_CASE("an address to listen at that is none is a problem at its place") {
  CHECK_THAT(
      problems_of(R"("listen": ["8080", "localhost:8081"])").at(0),
      Catch::StartsWith("3:32: \"listen\": \"localhost:8081\": before the port stands an IPv4 "
                        "address"));
  CHECK(problems_of(R"("listen": ["8080", "127.0.0.1:8080"])") ==
        std::vector<std::string>{"3:32: \"listen\": \"8080\" and \"127.0.0.1:8080\" exclude each "
                                 "other: keep one"});
  for (const auto* value : {"8080", "\"8080\"", "[8080]", "[\"\"]", "[\"8080\", \"8080\"]", "{}",
                            "null", "[\"x:y\"]", "[\"${NO_SUCH}\"]"}) {
    INFO(value);
    CHECK(problems_of("\"listen\": " + std::string(value)).size() == 1);
  }
}

TEST_CASE("who asks for a port that is held open anyway is told so") {
  const auto notes_of = [](const std::string& members) {
    return test::notes_in(with_auto_run(members));
  };
  for (const auto* members : {R"("listen": ["8080"], "readyWhen": {"port": true})",
                              R"("listen": ["8080"], "readyWhen": {"port": 8080})",
                              R"("listen": ["[::1]:{port}"], "readyWhen": {"port": true})"}) {
    INFO(members);
    REQUIRE(notes_of(members).size() == 1);
    CHECK_THAT(notes_of(members)[0], Catch::Contains("before the program is there"));
  }
  for (const auto* members : {R"("listen": ["8080"], "readyWhen": {"http": "/"})",
                              R"("listen": ["8080"], "readyWhen": {"port": 8081})",
                              R"("listen": ["./a.sock"], "readyWhen": {"port": true})",
                              R"("readyWhen": {"port": true})"}) {
    INFO(members);
    CHECK(notes_of(members).empty());
  }
}

TEST_CASE("a program runs from an image unless it is said and rolling back needs one") {
  CHECK(auto_run_of("").launch_image);
  CHECK_FALSE(auto_run_of(R"("launchImage": false)").launch_image);
  CHECK(auto_run_of(R"("rollback": true)").rollback);
  CHECK(problems_of(R"("rollback": true, "launchImage": false)") ==
        std::vector<std::string>{
            "3:25: \"rollback\" needs the copies that \"launchImage\": false does without"});
}

TEST_CASE("a sidecar is a text and nothing else") {
  CHECK(auto_run_of(R"("postRun": "tunnel {port} ${x}")").post_run == "tunnel {port} ${x}");
  for (const auto* value : {"1", "true", "[\"tunnel\"]", "null", "{}", "\"\""}) {
    INFO(value);
    CHECK(problems_of("\"postRun\": " + std::string(value)).size() == 1);
  }
  CHECK(problems_of(R"("postRunOnRestart": "kepe")") ==
        std::vector<std::string>{"3:33: \"postRunOnRestart\" must be \"restart\" or \"keep\", not "
                                 "\"kepe\"; did you mean \"keep\"?"});
}
