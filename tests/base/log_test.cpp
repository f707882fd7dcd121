// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <sys/stat.h>

#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/time.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using nlohmann::json;

namespace {

// What one line of the log holds after `line` was logged.
std::string written(LogFormat format, LogLevel level, std::string_view line) {
  const test::TempDir dir;
  REQUIRE(open_log(dir / "log", LogLevel::Debug, LogTo::File, format));
  log_line(level, line);
  const auto text = dir.read("log");
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 1);
  return std::string(lines.front());
}

json message_of(std::string_view line) {
  return json::parse(written(LogFormat::Json, LogLevel::Info, line)).at("message");
}

}  // namespace

TEST_CASE("what is no file of its own is not written to as a log") {
  const test::TempDir dir;
  const auto victim = dir.write("victim", "precious");
  SECTION("a link") {
    std::filesystem::create_symlink(victim, dir / "log");
  }
  SECTION("another name of a file") {
    std::filesystem::create_hard_link(victim, dir / "log");
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo((dir / "log").c_str(), 0600) == 0);
  }
  const auto opened = open_log(dir / "log", LogLevel::Info, LogTo::File);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::Denied);
  CHECK(dir.read("victim") == "precious");
}

TEST_CASE("a line of the log is the time, how important it is, and a sentence") {
  const auto line = written(LogFormat::Text, LogLevel::Warn, "build 3 of app failed");
  CHECK(from_iso8601(line.substr(0, 24)));
  CHECK(line.substr(24) == " warning: build 3 of app failed");
}

TEST_CASE("a log in JSON has an object with time, level and message in each line") {
  for (const auto& [level, name] : kLogLevels) {
    const auto line = json::parse(written(LogFormat::Json, level, "build 3 of app failed"));
    CHECK(line.size() == 3);
    CHECK(from_iso8601(line.at("time").get<std::string>()));
    CHECK(line.at("level") == name);
    CHECK(line.at("message") == "build 3 of app failed");
  }
}

TEST_CASE("no text breaks a log in JSON") {
  CHECK(message_of(R"(a "quoted" \ path)") == R"(a "quoted" \ path)");
  CHECK(message_of("two\nlines and\ta tab") == "two\nlines and\ta tab");
  CHECK(message_of("not \xFF UTF-8 \xC3") == "not \xEF\xBF\xBD UTF-8 \xEF\xBF\xBD");
  CHECK(message_of("a \x1B[31mcolour\x1B[0m and a \x01 bell \x07") == "a colour and a  bell ");
  CHECK(message_of("{\"%v\": {}}") == "{\"%v\": {}}");
  CHECK(message_of("") == "");
}

TEST_CASE("the format of a log can change while it is open") {
  const test::TempDir dir;
  REQUIRE(open_log(dir / "log", LogLevel::Info, LogTo::File));
  log_info("one");
  set_log_format(LogFormat::Json);
  log_info("two");
  set_log_format(LogFormat::Text);
  log_info("three");
  const auto text = dir.read("log");
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].ends_with("Z info: one"));
  CHECK(json::parse(lines[1]).at("message") == "two");
  CHECK(lines[2].ends_with("Z info: three"));
}
