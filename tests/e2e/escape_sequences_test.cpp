// SPDX-License-Identifier: MIT
// What a compiler, a file's name or a hook says in the language of terminals is not passed on to
// the terminal of whoever looks: text and colours come out, and nothing else.
#include <sys/stat.h>

#include <fstream>
#include <tuple>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::is_control;
using poltergeist::utf8_length;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kColoured = "\x1b[1;31mred\x1b[0m plain \x1b[38;5;208morange\x1b[m";
constexpr const char* kText =
    "na\xC3\xAFve \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E \xF0\x9F\x91\xBB ~ \xD7\xA9\xD7\x9C";
constexpr const char* kLast = "the last line";

// Each does something to a terminal that is not ours to do.
const std::vector<std::string>& sequences() {
  static const std::vector<std::string> all = {
      "\x1b]0;title\x07",
      "\x1b]0;title\x1b\\",
      "\x1b]2;title\x07",
      "\x1b]4;1;rgb:ff/00/00\x07",  // a colour of the palette
      "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
      "\x1b]52;c;ZXZpbA==\x07",  // the clipboard
      "\x1b]1337;File=inline=1:AAAA\x07",
      "\x1b]777;notify;a;b\x07",
      "\x1bPq#0;2;0;0;0#0~~\x1b\\",  // DCS: a picture
      "\x1bP+q544e\x1b\\",           // DCS: what terminal are you
      "\x1b_Gf=100;AAAA\x1b\\",      // APC
      "\x1b^secret\x1b\\",
      "\x1bXstring\x1b\\",  // PM, SOS
      "\x1b[2J",
      "\x1b[H",
      "\x1b[1A",
      "\x1b[999D",
      "\x1b[?1049h",
      "\x1b[?25l",
      "\x1b[?2004h",
      "\x1b[6n",
      "\x1b[c",
      "\x1b[>c",
      "\x1b[5i",
      "\x1b[21t",
      "\x1b[4;1;1t",
      "\x1b[!p",
      "\x1b[?1000h",
      "\x1b[38;5;1;?m",
      "\x1b[>4;2m",
      "\x1b[1 q",  // end as a colour does, or nearly
      "\x1b"
      "c",
      "\x1b"
      "7",
      "\x1b"
      "8",
      "\x1b=",
      "\x1b#8",
      "\x1b(0",
      "\x1bN",
      "\x1b%@",
      "\xC2\x9B"
      "2J",
      "\xC2\x9D"
      "0;title\xC2\x9C",
      "\xC2\x90q\xC2\x9C",
      "\xC2\x85",  // C1 in UTF-8
      "\x9B"
      "2J",
      "\x9D"
      "0;title\x9C",
      "\x90q\x9C",  // C1 in 8 bits
      "\b\b\b",
      "\a",
      "\r",
      "\v",
      "\f",
      "\x0e",
      "\x0f",
      "\x05",
      "\x18",
      "\x1a",
      "\x7f",
      "\xE2\x80\xAE"
      "cod.exe\xE2\x80\xAC",
      "\xE2\x81\xA6x\xE2\x81\xA9",
      "\xE2\x80\xAA",
      "\x1b[31",
      "\x1b[31\x1b[2J",
      "\x1b]0;\x1b[2J\x07",
      "\x1b\x1b[2J",
      "\x1b[\x1b]0;x\x07",
  };
  return all;
}

// Each whole, and broken off behind each of its bytes, in a line of its own; as a message of a
// compiler; and what is to come out as it is.
std::string corpus() {
  std::string text;
  for (const auto& sequence : sequences()) {
    for (std::size_t end = 1; end <= sequence.size(); ++end) {
      text += "<" + sequence.substr(0, end) + ">\n";
    }
    text += "src/" + sequence + "a.c:3:1: error: bad " + sequence + " thing\n";
  }
  return text + kColoured + "\n" + kText + "\n" + kLast + "\n";
}

enum class Allowed { Text, TextAndColours, Screen, Json };

// The length of the escape sequence at the beginning if `allowed` has it, else 0.
std::size_t allowed_escape(std::string_view bytes, Allowed allowed) {
  static constexpr std::string_view kOfTheScreen[] = {"\x1b[?25l", "\x1b[?25h", "\x1b[J",
                                                      "\x1b[?7l",  "\x1b[?7h",  "\x1b[K"};
  if (allowed == Allowed::Text || allowed == Allowed::Json) return 0;
  if (!bytes.starts_with("\x1b[")) return 0;
  const auto end = bytes.find_first_not_of("0123456789;:", 2);
  if (end == std::string_view::npos) return 0;
  if (bytes[end] == 'm') return end + 1;
  if (allowed != Allowed::Screen) return 0;
  if (bytes[end] == 'A') return end + 1;
  for (const auto sequence : kOfTheScreen) {
    if (bytes.starts_with(sequence)) return sequence.size();
  }
  return 0;
}

// The first thing in `bytes` that a terminal would take for a command and that is not allowed, with
// what is around it; empty if there is none. A strict reader: whatever it does not know is one.
std::string command_in(std::string_view bytes, Allowed allowed) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto rest = bytes.substr(at);
    const auto length = utf8_length(rest);
    const bool returns = rest[0] == '\r' && allowed == Allowed::Screen;
    const bool tab = rest[0] == '\t' && allowed == Allowed::Json;
    if (length > 0 && !tab && (returns || !is_control(rest.substr(0, length)))) {
      at += length;
      continue;
    }
    const auto escape = rest[0] == '\x1b' ? allowed_escape(rest, allowed) : 0;
    if (escape == 0) {
      std::string found = std::to_string(at) + ":";
      for (const char byte : bytes.substr(at < 20 ? 0 : at - 20, 40)) {
        found += byte >= ' ' && byte <= '~'
                     ? std::string(1, byte)
                     : "\\" + std::to_string(static_cast<unsigned char>(byte));
      }
      return found;
    }
    at += escape;
  }
  return {};
}

constexpr const char* kFile = "a\x1b]0;pwn\x07\xE2\x80\xAE.txt";

// "app" prints the corpus, byte by byte, and fails; so does its hook.
class World {
 public:
  World() {
    project.env["TERM"] = "xterm-256color";
    project.env["NO_COLOR"] = "";
    project.write("corpus", corpus());
    project.write(kFile, "");
    project.configure(
        {{"targets",
          {{{"name", "app"},
            {"type", "custom"},
            {"buildCommand", "dd if=corpus bs=1 status=none; exit 1"},
            {"watchPaths", {"*.txt"}},
            {"postBuild",
             {{{"name", "tell"}, {"command", "cat corpus"}, {"runOn", {"failure"}}}}}}}}});
  }
  // On a terminal: all that comes to it.
  [[nodiscard]] std::string shown_by(std::vector<std::string> words) const {
    auto call = project.poltergeist(std::move(words));
    call.streams = Call::Streams::Terminal;
    Program program(call);
    std::ignore = program.await_end();
    return program.output();
  }

  TestProject project;
};

}  // namespace

TEST_CASE("the reader of terminal commands knows each of the sequences for one") {
  for (const auto& sequence : sequences()) {
    INFO(poltergeist::for_terminal(sequence));
    CHECK_FALSE(command_in(sequence, Allowed::TextAndColours).empty());
  }
  CHECK(command_in(kText, Allowed::Text).empty());
  CHECK(command_in(kColoured, Allowed::TextAndColours).empty());
  CHECK_FALSE(command_in(kColoured, Allowed::Text).empty());
}

TEST_CASE("what a build says commands no terminal in any view of it") {
  const World world;
  world.project.haunt();
  // Something newer, of a file with such a name.
  world.project.write(kFile, "new");
  world.project.run_poltergeist({"wait"});
  const std::vector<std::vector<std::string>> views = {{"status"},
                                                       {"status", "--verbose"},
                                                       {"status", "app"},
                                                       {"errors"},
                                                       {"errors", "--format", "quickfix"},
                                                       {"logs", "-n", "100000"},
                                                       {"logs", "-C", "hook", "-n", "100000"},
                                                       {"wait"},
                                                       {"why", "app"},
                                                       {"why", kFile},
                                                       {"why", kText},
                                                       {"list", "--verbose"},
                                                       {"events"},
                                                       {"events", "app", "--since", "0"},
                                                       {"status", "--timing"},
                                                       {"status", kFile},
                                                       {"logs", "-C", kFile}};
  for (const auto& view : views) {
    const auto shown = world.shown_by(view);
    INFO(view.front() << (view.size() > 1 ? " " + poltergeist::for_terminal(view[1]) : ""));
    CHECK(shown != "");
    CHECK(command_in(shown, Allowed::TextAndColours) == "");
  }
  // Somebody reads the same from a pipe.
  for (const auto* format : {"text", "quickfix"}) {
    const auto listed = world.project.run_poltergeist({"errors", "--format", format});
    CHECK(listed.out.find("bad ") != std::string::npos);
    CHECK(command_in(listed.out, Allowed::Text) == "");
  }
}

TEST_CASE("the JSON of every view holds no raw control byte and is JSON") {
  const World world;
  world.project.haunt();
  world.project.write(kFile, "new");
  world.project.run_poltergeist({"wait"});
  for (const std::vector<std::string>& view : {std::vector<std::string>{"status", "--json"},
                                               {"errors", "--format", "json"},
                                               {"errors", "--format", "sarif"},
                                               {"wait", "--json"},
                                               {"list", "--json"}}) {
    const auto ran = world.project.run_poltergeist(view);
    INFO(view.front() << " " << view.back());
    CHECK(command_in(ran.out, Allowed::Json) == "");
    CHECK(Json::accept(ran.out));
  }
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{"logs", "--json", "-n", "100000"}, {"events", "--json"}}) {
    const auto out = world.project.run_poltergeist(lines).out;
    CHECK(command_in(out, Allowed::Json) == "");
    CHECK_FALSE(out.empty());
    for (const auto line : poltergeist::lines_of(out)) REQUIRE(Json::accept(line));
  }
}

TEST_CASE("text and colours of a build come to the terminal as they are") {
  const World world;
  world.project.haunt();
  for (const auto& shown :
       {world.shown_by({"logs", "-n", "100000"}), world.shown_by({"build", "app", "--force"})}) {
    CHECK(shown.find(std::string("\n") + kText + "\n") != std::string::npos);
    CHECK(shown.find(kColoured) != std::string::npos);
    CHECK(shown.find(kLast) != std::string::npos);
    CHECK(command_in(shown, Allowed::Screen) == "");
  }
}

TEST_CASE("the wait screen of polter shows what a build says as text") {
  World world;
  REQUIRE(::mkfifo((world.project.root() / "gate").c_str(), 0600) == 0);
  world.project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "executable"},
          {"buildCommand",
           "dd if=corpus bs=1 status=none; { read line < gate; } 2> /dev/null; exit 1"},
          {"outputPath", "app"},
          {"watchPaths", {"*.txt"}}}}}});
  REQUIRE(world.project.run_poltergeist({"haunt"}).code == 0);
  auto call = world.project.polter({"--log-lines", "20", "app"});
  call.streams = Call::Streams::Terminal;
  Program polter(call);
  REQUIRE(polter.await_output(kLast));
  { std::ofstream(world.project.root() / "gate") << "\n"; }
  CHECK(polter.await_end().shell_code() == 1);
  CHECK(polter.output().find(kText) != std::string::npos);
  CHECK(command_in(polter.output(), Allowed::Screen) == "");
}
