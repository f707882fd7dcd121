// SPDX-License-Identifier: MIT
#include "process/line_protocol.h"

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "support/program.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

using Commands = std::vector<ProtocolCommand>;

Commands commands_in_pieces(const std::vector<std::string_view>& pieces,
                            std::size_t longest = LineSplitter::kLongest) {
  LineSplitter lines(longest);
  ProtocolReader reader;
  Commands commands;
  const auto on_line = [&](const Line& line) {
    if (auto command = reader.feed(line)) commands.push_back(std::move(*command));
  };
  for (const auto piece : pieces) lines.feed(piece, on_line);
  lines.finish(on_line);
  return commands;
}

// What a program says in its output, in lines of at most `longest` bytes.
Commands commands_in(std::string_view output, std::size_t longest = LineSplitter::kLongest) {
  return commands_in_pieces({output}, longest);
}

bool is_output(std::string_view line) {
  return commands_in(std::string(line) + '\n').empty();
}

std::vector<std::string> warnings_of(ProtocolReader& reader) {
  std::vector<std::string> warnings;
  while (auto warning = reader.take_warning()) warnings.push_back(*warning);
  return warnings;
}

std::vector<std::string> warnings_after(const std::vector<std::string>& lines) {
  ProtocolReader reader;
  for (const auto& line : lines) static_cast<void>(reader.feed({line, LineEnd::Newline}));
  return warnings_of(reader);
}

}  // namespace

TEST_CASE("a log command has a level and a message") {
  CHECK(commands_in("::log level=warn::mind the gap\n") ==
        Commands{LogMessage{LogLevel::Warn, "mind the gap"}});
  CHECK(commands_in("::log level=debug::a\n::log level=info::b\n::log level=error::c\n") ==
        Commands{LogMessage{LogLevel::Debug, "a"}, LogMessage{LogLevel::Info, "b"},
                 LogMessage{LogLevel::Error, "c"}});
}

TEST_CASE("a log command without a level informs") {
  CHECK(commands_in("::log::hello\n") == Commands{LogMessage{LogLevel::Info, "hello"}});
}

TEST_CASE("a log command with a level that does not exist is output") {
  CHECK(is_output("::log level=warning::x"));
  CHECK(is_output("::log level=WARN::x"));
  CHECK(is_output("::log level=::x"));
}

TEST_CASE("progress is a number and a label") {
  CHECK(commands_in("::progress percent=42::half of it\n") ==
        Commands{TaskProgress{42, "half of it"}});
  CHECK(commands_in("::progress percent=12.5::\n") == Commands{TaskProgress{12.5, ""}});
  CHECK(commands_in("::progress percent=0::\n::progress percent=100::\n") ==
        Commands{TaskProgress{0, ""}, TaskProgress{100, ""}});
}

TEST_CASE("progress without a finite number is output") {
  for (const auto* percent :
       {"", "nan", "inf", "-inf", "1e999", "50%", "0x10", "+5", "1,5", "many"}) {
    INFO(percent);
    CHECK(is_output(std::string("::progress percent=") + percent + "::x"));
  }
  CHECK(is_output("::progress::x"));
}

TEST_CASE("progress beyond its bounds is clamped, and its author told once") {
  ProtocolReader reader;
  const auto percent = [&](const std::string& line) {
    return std::get<TaskProgress>(reader.feed({line, LineEnd::Newline}).value()).percent;
  };
  CHECK(percent("::progress percent=100::x") == 100);
  CHECK(percent("::progress percent=0::x") == 0);
  CHECK(warnings_of(reader).empty());
  CHECK(percent("::progress percent=150::x") == 100);
  CHECK(percent("::progress percent=-3::x") == 0);
  CHECK(warnings_of(reader) ==
        std::vector<std::string>{"::progress:: says 150 percent, which counts as 100"});
}

TEST_CASE("a negative zero is zero") {
  const auto commands = commands_in("::progress percent=-0.0::x\n");
  REQUIRE(commands.size() == 1);
  CHECK_FALSE(std::signbit(std::get<TaskProgress>(commands.front()).percent));
}

TEST_CASE("state and outputs are set by key") {
  CHECK(commands_in("::set-state key=cursor::41\n::set-output key=url::http://x/?a=b\n") ==
        Commands{SetState{"cursor", "41"}, SetOutput{"url", "http://x/?a=b"}});
}

TEST_CASE("a value that is set may be empty") {
  CHECK(commands_in("::set-output key=x::\n::set-state key=y::\n") ==
        Commands{SetOutput{"x", ""}, SetState{"y", ""}});
}

TEST_CASE("a key is letters, digits, underscores, dots and hyphens, at most 128") {
  const std::string longest(128, 'k');
  CHECK(commands_in("::set-state key=Aa_0.b-9::v\n") == Commands{SetState{"Aa_0.b-9", "v"}});
  CHECK(commands_in("::set-output key=" + longest + "::v\n") == Commands{SetOutput{longest, "v"}});
  CHECK(is_output("::set-output key=" + longest + "k::v"));
  for (const auto* key : {"", "a/b", "a:b", "a=b", "\"a\"", "\xC3\xA4"}) {
    INFO(key);
    CHECK(is_output(std::string("::set-output key=") + key + "::v"));
    CHECK(is_output(std::string("::set-state key=") + key + "::v"));
  }
}

TEST_CASE("what has no key sets nothing") {
  CHECK(is_output("::set-state::v"));
  CHECK(is_output("::set-output name=x::v"));
}

TEST_CASE("a heartbeat is a sign of life, whatever it says") {
  CHECK(commands_in("::heartbeat::\n::heartbeat::still there\n") ==
        Commands{Heartbeat{}, Heartbeat{}});
}

TEST_CASE("a message is everything behind the second mark, byte for byte") {
  CHECK(commands_in("::log::a::b=c ::d\n") == Commands{LogMessage{LogLevel::Info, "a::b=c ::d"}});
  CHECK(commands_in("::log::  padded\t \n") == Commands{LogMessage{LogLevel::Info, "  padded\t "}});
  CHECK(commands_in("::log:::x\n") == Commands{LogMessage{LogLevel::Info, ":x"}});
  const std::string bytes("\xFF\xC3\0\x01\x7F", 5);
  CHECK(commands_in("::log::" + bytes + "\n") == Commands{LogMessage{LogLevel::Info, bytes}});
}

TEST_CASE("without the second mark there is no command") {
  CHECK(is_output("::heartbeat"));
  CHECK(is_output("::heartbeat:"));
  CHECK(is_output("::log level=info:x"));
  CHECK(is_output("::set-output key=a"));
  CHECK(is_output("::"));
}

TEST_CASE("a name begins with a letter and is lower case") {
  CHECK(is_output("::::"));
  CHECK(is_output(":: log::x"));
  CHECK(is_output("::Log::x"));
  CHECK(is_output("::-log::x"));
  CHECK(is_output("::log2::x"));
  CHECK(is_output("::log=info::x"));
}

TEST_CASE("a command begins where the line begins") {
  CHECK(is_output(" ::heartbeat::"));
  CHECK(is_output("x::heartbeat::"));
  CHECK(is_output("\t::heartbeat::"));
  CHECK(is_output(":::heartbeat::"));
}

TEST_CASE("pairs stand behind blanks, as many as there are") {
  CHECK(commands_in("::log \t level=warn  ::x\n") == Commands{LogMessage{LogLevel::Warn, "x"}});
  CHECK(commands_in("::log ::x\n") == Commands{LogMessage{LogLevel::Info, "x"}});
}

TEST_CASE("a pair needs a key and an equals sign") {
  CHECK(is_output("::log level::x"));
  CHECK(is_output("::log =warn::x"));
  CHECK(is_output("::log level=warn now::x"));
  CHECK(is_output("::set-output key = a::x"));
}

TEST_CASE("a key that comes twice makes no command, whichever it is") {
  CHECK(is_output("::log level=info level=info::x"));
  CHECK(is_output("::set-output key=a other=1 key=b::x"));
  CHECK(is_output("::heartbeat a=1 b=2 a=3::"));
}

TEST_CASE("pairs that a command does not know are those of a later version") {
  CHECK(commands_in("::log colour=red level=warn file=a=b:c::x\n") ==
        Commands{LogMessage{LogLevel::Warn, "x"}});
  CHECK(commands_in("::heartbeat every=5::\n") == Commands{Heartbeat{}});
  CHECK(commands_in("::set-output key=a mask=::x\n") == Commands{SetOutput{"a", "x"}});
}

TEST_CASE("an unknown command is output, and its author is told once, and what was meant") {
  CHECK(is_output("::group::build"));
  CHECK(warnings_after({"::group::build", "::group::test", "::progres percent=1::x"}) ==
        std::vector<std::string>{
            "there is no command ::group::, so the line is output",
            "there is no command ::progres::, so the line is output; did you mean \"progress\"?"});
}

TEST_CASE("what is no command at all is no warning either") {
  CHECK(warnings_after({"::operator()", "::", "plain", "::log level=x::y", "::std x::y",
                        "::set-output key=::x"})
            .empty());
}

TEST_CASE("a flood of unknown commands is a handful of warnings, and short ones") {
  std::vector<std::string> lines;
  for (char c = 'a'; c <= 'z'; ++c) lines.push_back(std::string("::x") + c + "::");
  CHECK(warnings_after(lines).size() == ProtocolReader::kMostUnknown);
  const auto warnings = warnings_after({"::" + std::string(60'000, 'x') + "::"});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().size() < 120);
}

TEST_CASE("escape sequences around and inside of a command are nothing") {
  CHECK(commands_in("\x1b[1;32m::log level=warn::ok\x1b(B\x1b[m\n") ==
        Commands{LogMessage{LogLevel::Warn, "ok"}});
  CHECK(commands_in("::pro\x1b[0mgress percent=\x1b[1m7\x1b[0m::\x1b[4mli\x1b[24mnk\n") ==
        Commands{TaskProgress{7, "link"}});
  CHECK(commands_in("\x1b]0;title\a::heartbeat::\n\x1b[2K\x1b[G::heartbeat::\n") ==
        Commands{Heartbeat{}, Heartbeat{}});
}

TEST_CASE("a line that was cut for its length is no command, and neither is the rest of it") {
  // The cut falls so that the rest begins with the mark of a command.
  const std::string rest = "::log::x";
  CHECK(commands_in("12345678::log::x\n", 8).empty());
  CHECK(commands_in("1234567887654321" + rest + "\n", 8).empty());
  CHECK(commands_in("12345678" + rest, 8).empty());
  CHECK(commands_in("::log::xyz\n", 8).empty());
  // Behind its end all is as before.
  CHECK(commands_in("123456789\n" + rest + "\n", 8) == Commands{LogMessage{LogLevel::Info, "x"}});
  CHECK(commands_in("12345678" + rest + "\r" + rest + "\n", 8) ==
        Commands{LogMessage{LogLevel::Info, "x"}});
}

TEST_CASE("a command that is too long for a line is output, and its author is told once") {
  ProtocolReader reader;
  const auto feed = [&](std::string_view text, LineEnd end) { return reader.feed({text, end}); };
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(feed("::set-output key=a::a long mess", LineEnd::Split));
    CHECK_FALSE(feed("::heartbeat::", LineEnd::Newline));
    CHECK_FALSE(feed("output that is long", LineEnd::Split));
    CHECK_FALSE(feed("::log::x", LineEnd::Eof));
  }
  CHECK(warnings_of(reader) ==
        std::vector<std::string>{
            "the message of ::set-output:: is longer than a line may be, so it is output"});
}

TEST_CASE("a line as long as one may be is a command like all others") {
  const std::string longest = "::log::" + std::string(LineSplitter::kLongest - 7, 'm');
  CHECK(commands_in(longest + "\n").size() == 1);
  CHECK(commands_in(longest + "m\n").empty());
}

TEST_CASE("lines that are written over are commands, too") {
  CHECK(commands_in("::progress percent=1::a\r::progress percent=2::b\r\n10%\r::heartbeat::\n") ==
        Commands{TaskProgress{1, "a"}, TaskProgress{2, "b"}, Heartbeat{}});
}

TEST_CASE("a last line without its end is a command") {
  CHECK(commands_in("output\n::set-output key=a::b") == Commands{SetOutput{"a", "b"}});
}

TEST_CASE("a line may end as Windows ends it") {
  CHECK(commands_in("::set-output key=a::b\r\n::log::c\r\n") ==
        Commands{SetOutput{"a", "b"}, LogMessage{LogLevel::Info, "c"}});
}

TEST_CASE("commands do not depend on how the bytes are cut into reads") {
  const std::string output =
      "plain\r\n::log level=warn::a::b\r\n\x1b[1m::progress percent=50::half\x1b[0m\rover\n"
      "12345678901234567890123456789012345678901234567890::heartbeat::\n::set-output key=k::\xFF\n"
      "::nonsense\n::set-state key=s::last";
  const auto whole = commands_in(output, 40);
  CHECK(whole == Commands{LogMessage{LogLevel::Warn, "a::b"}, TaskProgress{50, "half"},
                          SetOutput{"k", "\xFF"}, SetState{"s", "last"}});
  const std::string_view bytes = output;
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      const auto commands = commands_in_pieces(
          {bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)}, 40);
      INFO(first << ' ' << second);
      REQUIRE(commands == whole);
    }
  }
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
  CHECK(commands_in_pieces(single, 40) == whole);
}

TEST_CASE("the example of the protocol shows each command") {
  const auto ran =
      test::run({.argv = {"/bin/sh", POLTERGEIST_SOURCE_DIR "/examples/tasks/protocol-demo.sh"},
                 .env = {{"STATE_CURSOR", "4"}}});
  CHECK(ran.code == 0);
  CHECK(commands_in(ran.out) ==
        Commands{LogMessage{LogLevel::Info, "starting"}, TaskProgress{0, "step 0"},
                 TaskProgress{50, "step 50"}, TaskProgress{100, "step 100"}, Heartbeat{},
                 SetState{"cursor", "41"}, SetOutput{"url", "http://localhost:8080/?a=b::c"},
                 LogMessage{LogLevel::Warn, "nearly done"}});
}

TEST_CASE("twenty thousand pairs in one line take no time to speak of") {
  std::string line = "::heartbeat";
  for (int i = 0; line.size() < LineSplitter::kLongest - 20; ++i) line += fmt::format(" {}=", i);
  CHECK(commands_in(line + "::\n") == Commands{Heartbeat{}});
  CHECK(is_output(line + " 0=::"));
}
