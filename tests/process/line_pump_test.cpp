// SPDX-License-Identifier: MIT
#include "process/line_pump.h"

#include <fcntl.h>
#include <unistd.h>

#include "process/chaos_world.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

// "text|" for a line, "text^" if it is written over, "text+" if it goes on, "text." at the end.
std::string lines_in(const std::vector<std::string>& chunks, std::size_t longest = 64 << 10) {
  LineSplitter splitter(longest);
  std::string said;
  const auto on_line = [&](const Line& line) {
    said += line.text;
    said += "|^+."[static_cast<int>(line.end)];
  };
  for (const auto& chunk : chunks) splitter.feed(chunk, on_line);
  splitter.finish(on_line);
  return said;
}

Pipe non_blocking_pipe() {
  auto pipe = make_pipe().value();
  ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

}  // namespace

TEST_CASE("bytes become lines, whatever ends them") {
  CHECK(lines_in({"one\ntwo\r\n\nthree"}) == "one|two||three.");
  CHECK(lines_in({""}).empty());
  CHECK(lines_in({"\n"}) == "|");
  CHECK(lines_in({std::string("a\0b\xff\n", 5)}) == std::string("a\0b\xff|", 5));
}

TEST_CASE("of progress that is written over only the last state is a line") {
  CHECK(lines_in({"10%\r20%\r30%\ndone\n"}) == "10%^20%^30%|done|");
  CHECK(lines_in({"\r10%\r\r\n"}) == "10%|");
  CHECK(lines_in({"10%\r"}) == "10%.");
}

TEST_CASE("a line without end is cut, and the cuts are marked") {
  CHECK(lines_in({"123456789\nab\n"}, 4) == "1234+5678+9|ab|");
  CHECK(lines_in({"1234\n"}, 4) == "1234|");
  CHECK(lines_in({"12345678"}, 4) == "1234+5678.");
}

TEST_CASE("lines do not depend on how the bytes are cut into reads") {
  const std::string text = "one\r\ntwo\r\rthree\rfour\n\n123456789012\r\nx\r";
  const auto whole = lines_in({text}, 5);
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size(); at += size) chunks.push_back(text.substr(at, size));
    INFO(size);
    CHECK(lines_in(chunks, 5) == whole);
  }
}

TEST_CASE("a pump gives all bytes and then the end") {
  auto loop = Loop::create().value();
  auto pipe = non_blocking_pipe();
  std::string got;
  bool ended = false;
  const auto pump = OutputPump::start(
                        *loop, std::move(pipe.read_end), [&](std::string_view b) { got += b; },
                        [&] { ended = true; })
                        .value();
  REQUIRE(::write(pipe.write_end.get(), "hello", 5) == 5);
  loop->run_until([&] { return got == "hello"; });
  CHECK_FALSE(ended);
  pipe.write_end.reset();
  loop->run_until([&] { return ended; });
  CHECK(pump->has_ended());
  CHECK_FALSE(pump->take_pipe());
}

TEST_CASE("a pump ends on time though somebody holds the pipe, and hands it on") {
  auto loop = Loop::create().value();
  auto pipe = non_blocking_pipe();
  std::string got;
  bool ended = false;
  const auto pump = OutputPump::start(
                        *loop, std::move(pipe.read_end), [&](std::string_view b) { got += b; },
                        [&] { ended = true; })
                        .value();
  REQUIRE(::write(pipe.write_end.get(), "last", 4) == 4);
  pump->finish_by(now());
  loop->run_until([&] { return ended; });
  CHECK(got == "last");
  CHECK(pump->take_pipe());
}

TEST_CASE("one that writes much leaves the loop to the others between parts of it") {
  auto loop = Loop::create().value();
  auto pipe = non_blocking_pipe();
  constexpr int kMuch = 1 << 20;
  REQUIRE(::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, kMuch) >= kMuch);
  const std::string flood(kMuch, 'x');
  REQUIRE(::write(pipe.write_end.get(), flood.data(), flood.size()) == kMuch);
  std::size_t got = 0;
  const auto pump =
      OutputPump::start(
          *loop, std::move(pipe.read_end), [&](std::string_view b) { got += b.size(); }, [] {})
          .value();
  loop->run_until([&] { return got > 0; });
  CHECK(got <= 256 << 10);
  loop->run_until([&] { return got == kMuch; });
}
