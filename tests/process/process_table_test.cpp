// SPDX-License-Identifier: MIT
#include "process/process_table.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "process/unit_mark.h"
#include "sys/files.h"
#include "sys/unique_fd.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

std::string stat_line(const std::string& name, const std::string& state, int threads) {
  return "42 (" + name + ") " + state + " 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 " +
         std::to_string(threads) + " 0 12345 2703360 224 18446744073709551615\n";
}

}  // namespace

TEST_CASE("a line of /proc/PID/stat tells who, whose child, since when and how it is") {
  const auto entry = parse_stat(stat_line("sleep", "S", 1));
  REQUIRE(entry);
  CHECK(entry->id == ProcessId{42, 12345});
  CHECK(entry->parent == 7);
  CHECK(entry->name == "sleep");
  CHECK(entry->state == ProcessState::Alive);
  CHECK(parse_stat(stat_line("sleep", "T", 1))->state == ProcessState::Stopped);
  CHECK(parse_stat(stat_line("sleep", "Z", 1))->state == ProcessState::Dead);
}

TEST_CASE("a line of /proc/PID/stat tells what it and those that it waited for have used") {
  const auto line = [](const std::string& times) {
    return "42 (a b) S 7 42 42 0 -1 4194560 1 0 0 0 " + times + " 20 0 1 0 12345 2703360\n";
  };
  const auto tick = Duration(Seconds(1)) / ::sysconf(_SC_CLK_TCK);
  CHECK(processor_time_of(line("1 20 300 4000")) == 4321 * tick);
  CHECK(processor_time_of(line("0 0 0 0")) == Duration::zero());
  for (const auto* broken : {"1 2 3", "1 2 3 x", ""}) {
    CHECK_FALSE(processor_time_of("42 (a) S 7 42 42 0 -1 4194560 1 0 0 0 " + std::string(broken)));
  }
  CHECK_FALSE(processor_time_of("no line"));
  CHECK(processor_time_of(::getpid()));
}

TEST_CASE("a name may hold anything") {
  CHECK(parse_stat(stat_line(") S 1 1 (", "R", 1))->name == ") S 1 1 (");
  CHECK(parse_stat(stat_line("", "R", 1))->parent == 7);
}

TEST_CASE("a process whose main thread ended before the others lives") {
  CHECK(parse_stat(stat_line("java", "Z", 3))->state == ProcessState::Alive);
}

TEST_CASE("what is no such line is nothing") {
  const auto whole = stat_line("sleep", "S", 1);
  const auto needed = whole.find("12345");
  for (std::size_t size = 0; size < needed; ++size) CHECK_FALSE(parse_stat(whole.substr(0, size)));
  CHECK_FALSE(parse_stat("x (y) z"));
  CHECK_FALSE(parse_stat(") ("));
}

TEST_CASE("the table knows this process, its children and their environments") {
  const auto self = find_process(::getpid());
  REQUIRE(self);
  CHECK(self->parent == ::getppid());

  auto pipe = make_pipe().value();
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    pipe.write_end.reset();
    [[maybe_unused]] const auto end = ::read(pipe.read_end.get(), &byte, 1);
    ::_exit(0);
  }
  CHECK(children_of(::getpid()) == std::vector<pid_t>{child});
  pipe.write_end.reset();
  ::waitpid(child, nullptr, 0);
  CHECK(children_of(::getpid()).empty());
  CHECK_FALSE(find_process(child));

  CHECK(has_environment_entry(::getpid(), "PATH=" + std::string(::getenv("PATH"))));
  CHECK_FALSE(has_environment_entry(::getpid(), "PATH="));
}

TEST_CASE("a mark names who started the unit and its leader, and no usual limit is one") {
  const auto mark = UnitMark::create();
  constexpr pid_t kHighestPid = (1 << 22) - 1;
  const auto carried = parse_mark(mark.number_for(kHighestPid));
  REQUIRE(carried);
  CHECK(carried->owner == ::getpid());
  CHECK(carried->leader == kHighestPid);
  CHECK(static_cast<std::int64_t>(carried->number) > 0);
  CHECK(UnitMark::create().number_for(1) != mark.number_for(1));
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{200'000}, ~std::uint64_t{0}}) {
    CHECK_FALSE(parse_mark(limit));
  }
}
