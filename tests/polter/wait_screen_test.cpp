// SPDX-License-Identifier: MIT
#include "polter/wait_screen.h"

#include <unistd.h>

#include <sstream>

#include <catch2/catch.hpp>

#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::polter;
using namespace std::chrono_literals;

namespace {

WaitModel building() {
  WaitModel model;
  model.target = "app";
  model.waited = 3400ms;
  model.build_elapsed = 3200ms;
  model.style = {.utf8 = false};
  api::ProgressNote note;
  note.target = "app";
  note.phase = "building";
  note.percent = 50;
  note.average = 8s;
  note.label = "Compiling foo.c";
  note.lines = {"one", "two", "three"};
  model.build = note;
  model.log_lines = 2;
  return model;
}

std::string text_read_from(const UniqueFd& fd) {
  std::string text(4096, '\0');
  const auto count = ::read(fd.get(), text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace

TEST_CASE("a build shows its progress, its time, what it does, and its last lines") {
  CHECK(view(building(), {100, 30}) ==
        "| building app 50% [##########----------] 3.2s, about 5s left  Compiling foo.c\n"
        "  two\n"
        "  three");
}

TEST_CASE("a narrow terminal loses the bar first, then what the build says, then the ends") {
  CHECK(view(building(), {59, 30})
            .starts_with("| building app 50% 3.2s, about 5s left  Compiling foo.c\n"));
  CHECK(view(building(), {39, 30}).starts_with("| building app 50% 3.2s, about 5s left\n"));
  CHECK(view(building(), {10, 30}) == "| building\n  two\n  three");
  CHECK(view(building(), {1, 30}) == "|\n \n ");
}

TEST_CASE("a low terminal shows fewer lines, and never scrolls") {
  CHECK(view(building(), {59, 3}).find("two") == std::string::npos);
  CHECK(view(building(), {59, 3}).find("three") != std::string::npos);
  CHECK(view(building(), {59, 1}).find('\n') == std::string::npos);
}

TEST_CASE("without a percentage the average of earlier builds estimates it, never to the end") {
  auto model = building();
  model.build->percent.reset();
  CHECK(view(model, {50, 3}).find(" 40% ") != std::string::npos);
  model.build_elapsed = 80s;
  CHECK(view(model, {50, 3}).find(" 99% ") != std::string::npos);
  CHECK(view(model, {50, 3}).find("left") == std::string::npos);
  model.build->average.reset();
  CHECK(view(model, {50, 3}).find('%') == std::string::npos);
}

TEST_CASE("before the daemon says more, the screen says what is waited for") {
  WaitModel model;
  model.target = "app";
  model.waited = 250ms;
  CHECK(view(model, {80, 24}) == "| waiting for app 0.2s");
  model.style.utf8 = true;
  CHECK(view(model, {80, 24}) == "⠋ waiting for app 0.2s");
}

TEST_CASE("hostile lines can neither move the cursor nor break the frame") {
  auto model = building();
  model.log_lines = 5;
  model.build->label = "\x1b[2J\x1b]0;owned\x07 a\nb";
  model.build->lines = {"a\x1b[31mred\x1b[0m\r\tend", std::string(500, 'x'), "\xff\xfe"};
  const auto frame = view(model, {70, 30});
  CHECK(frame.find('\x1b') == std::string::npos);
  CHECK(frame.find('\r') == std::string::npos);
  CHECK(frame.find("  ared end\n") != std::string::npos);
  std::istringstream lines(frame);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) CHECK(display_width(line) <= 70);
  CHECK(count == 4);
}

TEST_CASE("wide characters take two columns and combining ones none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xCC\x81") == 1);
  CHECK(display_width("👻") == 2);
  CHECK(fitted("日本語", 5) == "日本");
  CHECK(fitted("", 5).empty());
}

TEST_CASE("frames are drawn over each other, and wiped with the cursor shown again") {
  auto pipe = make_pipe().value();
  {
    ScreenWriter writer(pipe.write_end.get());
    writer.draw("a\nb");
    CHECK(text_read_from(pipe.read_end) == "\x1b[?25l\r\x1b[J\x1b[?7la\r\nb\x1b[?7h");
    writer.draw("c");
    CHECK(text_read_from(pipe.read_end) == "\x1b[1A\r\x1b[J\x1b[?7lc\x1b[?7h");
  }
  CHECK(text_read_from(pipe.read_end) == "\r\x1b[J\x1b[?25h");
}

TEST_CASE("a screen that was never drawn writes nothing") {
  auto pipe = make_pipe().value();
  { const ScreenWriter writer(pipe.write_end.get()); }
  pipe.write_end.reset();
  CHECK(text_read_from(pipe.read_end).empty());
}
