// SPDX-License-Identifier: MIT
#include "process/line_pump.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sys/clock.h"

namespace poltergeist::process {

namespace {

constexpr std::size_t kReadSize = 64 << 10;
constexpr int kReadsPerTurn = 4;
// More than a pipe holds by default: what its writer had written when it exited is in the first of
// them.
constexpr int kReadsAtTheEnd = 16;

// Up to the first line break, or all of them. Compared by hand: find_first_of() asks memchr() for
// each byte, which takes several times as long.
std::size_t length_of_part(std::string_view bytes) {
  std::size_t length = 0;
  while (length < bytes.size() && bytes[length] != '\n' && bytes[length] != '\r') ++length;
  return length;
}

}  // namespace

void LineSplitter::feed(std::string_view bytes, const OnLine& on_line) {
  while (!bytes.empty()) {
    if (after_return_) {
      // "\r\n" ends a line, "\r\r" is a return, anything else begins to write over what was there.
      after_return_ = bytes.front() == '\r';
      if (bytes.front() == '\n') end_line({}, LineEnd::Newline, on_line);
      if (bytes.front() == '\n' || bytes.front() == '\r') {
        bytes.remove_prefix(1);
        continue;
      }
      if (!rest_.empty()) end_line({}, LineEnd::Overwritten, on_line);
    }
    const auto end = length_of_part(bytes);
    const auto part = bytes.substr(0, end);
    if (end < bytes.size() && bytes[end] == '\n') {
      end_line(part, LineEnd::Newline, on_line);
    } else {
      append(part, on_line);
      after_return_ = end < bytes.size();
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  after_return_ = false;
  if (!rest_.empty()) end_line({}, LineEnd::Eof, on_line);
}

void LineSplitter::end_line(std::string_view part, LineEnd end, const OnLine& on_line) {
  if (rest_.empty() && part.size() <= longest_) {
    on_line({part, end});  // the usual case: a whole line, not copied
    return;
  }
  append(part, on_line);
  const std::string line = std::exchange(rest_, {});
  on_line({line, end});
}

void LineSplitter::append(std::string_view part, const OnLine& on_line) {
  while (rest_.size() + part.size() > longest_) {
    const auto fits = longest_ - rest_.size();
    rest_.append(part.substr(0, fits));
    part.remove_prefix(fits);
    const std::string line = std::exchange(rest_, {});
    on_line({line, LineEnd::Split});
  }
  rest_.append(part);
}

OutputPump::OutputPump(Loop& loop, UniqueFd pipe, OnBytes on_bytes, OnEnd on_end)
    : loop_(loop),
      on_bytes_(std::move(on_bytes)),
      on_end_(std::move(on_end)),
      pipe_(std::move(pipe)) {}

Result<std::unique_ptr<OutputPump>> OutputPump::start(Loop& loop, UniqueFd pipe, OnBytes on_bytes,
                                                      OnEnd on_end) {
  auto pump = std::unique_ptr<OutputPump>(
      new OutputPump(loop, std::move(pipe), std::move(on_bytes), std::move(on_end)));
  auto* self = pump.get();
  auto handle = loop.watch(pump->pipe_.get(), EPOLLIN, "output of a child",
                           [self](std::uint32_t) { self->read_some(kReadsPerTurn); });
  if (!handle) return fail(handle.error());
  pump->readable_ = std::move(*handle);
  return pump;
}

void OutputPump::finish_by(Instant when) {
  if (has_ended_) return;
  last_call_ = loop_.at(when, "last output of a child", [this] {
    if (read_some(kReadsAtTheEnd)) end();
  });
}

bool OutputPump::read_some(int reads) {
  std::array<char, kReadSize> buffer;
  for (int i = 0; i < reads; ++i) {
    const ssize_t count = ::read(pipe_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) {
      pipe_at_end_ = true;
      end();
      return false;
    }
    on_bytes_(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
  return true;
}

void OutputPump::end() {
  has_ended_ = true;
  readable_.reset();
  last_call_.reset();
  if (pipe_at_end_) pipe_.reset();
  // The callback may destroy this pump, and itself with it.
  const auto on_end = std::move(on_end_);
  on_end();
}

}  // namespace poltergeist::process
