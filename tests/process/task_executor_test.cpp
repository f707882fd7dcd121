// SPDX-License-Identifier: MIT
#include "process/task_executor.h"

#include <csignal>

#include "process/chaos_world.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::process;
using namespace std::chrono_literals;

namespace {

Command line_for_shell(const std::string& line) {
  return {.name = "a test",
          .argv = {"/bin/sh", "-c", line},
          .env = own_environment(),
          .most_kept = 64 << 10};
}

// A command, executed to its end.
struct Executed {
  Executed(const World& world, Command command) : executor(*world.orphanage) {
    Attempt::Listener listener;
    listener.on_line = [this](Source source, const Line& line) {
      lines.push_back((source == Source::Out ? "out " : "err ") + std::string(line.text));
    };
    listener.on_command = [this](const ProtocolCommand& said) { commands.push_back(said); };
    listener.on_time_out = [this] { ++time_outs; };
    listener.on_end = [this](CommandEnd ended) { end = std::move(ended); };
    auto started = executor.start(std::move(command), std::move(listener));
    if (started) {
      attempt = std::move(*started);
    } else {
      not_started = started.error();
    }
  }
  [[nodiscard]] bool has_ended() const { return end.has_value(); }

  TaskExecutor executor;
  std::vector<std::string> lines;
  std::vector<ProtocolCommand> commands;
  int time_outs = 0;
  std::optional<CommandEnd> end;
  std::optional<Error> not_started;
  std::unique_ptr<Attempt> attempt;
};

bool await(const World& world, const Executed& executed) {
  return world.run_until([&] { return executed.has_ended(); });
}

}  // namespace

TEST_CASE("a command is executed to its end, and both of its streams are kept apart") {
  const World world;
  Executed executed(world, line_for_shell("echo one; echo two >&2; printf three; exit 7"));
  REQUIRE(await(world, executed));
  CHECK(executed.end->exit == Exit::by_code(7));
  CHECK(executed.end->out.text == "one\nthree");
  CHECK(executed.end->err.text == "two\n");
  CHECK_FALSE(executed.end->timed_out);
  CHECK_FALSE(executed.end->cancelled);
}

TEST_CASE("errors lead where output leads, in order, if that is asked for") {
  const World world;
  auto command = line_for_shell("echo one; echo two >&2; echo three");
  command.errors_to_output = true;
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  CHECK(executed.lines == std::vector<std::string>{"out one", "out two", "out three"});
}

TEST_CASE("a command reads what it is given, and nothing where it is given nothing") {
  const World world;
  auto command = line_for_shell("cat; echo end");
  command.standard_input = std::string(300'000, 'x') + "\n";
  Executed given(world, std::move(command));
  REQUIRE(await(world, given));
  CHECK(given.end->out.bytes == 300'005);
  Executed nothing(world, line_for_shell("cat; echo end"));
  REQUIRE(await(world, nothing));
  CHECK(nothing.end->out.text == "end\n");
}

TEST_CASE(
    "commands of the protocol are heard and are no output, the last one without its newline, too") {
  const World world;
  Executed executed(world, line_for_shell("echo '::progress percent=50::half'; echo text; "
                                          "echo '::set-output key=no::on stderr' >&2; "
                                          "printf '::set-output key=a::b'"));
  REQUIRE(await(world, executed));
  REQUIRE(executed.commands.size() == 2);
  CHECK(executed.commands[0] == ProtocolCommand(TaskProgress{50, "half"}));
  CHECK(executed.commands[1] == ProtocolCommand(SetOutput{"a", "b"}));
  CHECK(executed.end->out.text == "text\n");
  CHECK(executed.end->err.text == "::set-output key=no::on stderr\n");
}

TEST_CASE("nobody sees a secret: no line, no command, nothing that is kept") {
  const World world;
  auto command = line_for_shell(
      "echo \"it is $DEPLOY_TOKEN\"; echo \"::set-output key=k::$DEPLOY_TOKEN\"; "
      "printf 'ter2 and inp-secret\\n' >&2; printf 'hun'; printf 'ter2'");
  command.env = merged_environment(own_environment(), {{"DEPLOY_TOKEN", "hunter2"}});
  command.secrets = {"inp-secret"};
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  CHECK(executed.end->out.text == "it is [REDACTED]\n[REDACTED]");
  CHECK(executed.end->err.text == "ter2 and [REDACTED]\n");
  CHECK(executed.commands == std::vector<ProtocolCommand>{SetOutput{"k", "[REDACTED]"}});
}

TEST_CASE("when its time is over a command is told to end, and then it has timed out") {
  const World world;
  auto command =
      line_for_shell("trap 'echo told; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  const Instant start = now();
  command.until = start + 300ms;
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  CHECK(executed.end->timed_out);
  CHECK(executed.time_outs == 1);
  CHECK(executed.end->exit == Exit::by_code(0));
  CHECK(executed.end->out.text == "ready\ntold\n");
  CHECK(now() - start >= 300ms);
}

TEST_CASE("a command that does not want to end is killed with all that it started") {
  const World world;
  auto command = line_for_shell(
      "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & "
      "echo ready; while :; do sleep 1; done");
  command.until = now() + 200ms;
  command.grace_period = Seconds(0);
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  CHECK(executed.end->timed_out);
  CHECK(executed.end->exit == Exit::by_signal(SIGKILL));
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("one that is cancelled has been cancelled, and did not time out") {
  const World world;
  auto command = line_for_shell("echo ready; exec sleep 600");
  command.until = now() + Seconds(600);
  Executed executed(world, std::move(command));
  REQUIRE(world.run_until([&] { return !executed.lines.empty(); }));
  executed.attempt->cancel();
  REQUIRE(await(world, executed));
  CHECK(executed.end->cancelled);
  CHECK_FALSE(executed.end->timed_out);
  CHECK(executed.end->exit == Exit::by_signal(SIGTERM));
}

TEST_CASE("what a task leaves behind is gone when its end is told") {
  const World world;
  Executed executed(world, line_for_shell("setsid sleep 600 & setsid sh -c 'sleep 600' & exit 3"));
  REQUIRE(await(world, executed));
  CHECK(executed.end->exit == Exit::by_code(3));
  CHECK(everyone_below() == std::vector<std::string>{});
}

TEST_CASE("what a build leaves behind lives on") {
  const World world;
  auto command = line_for_shell("sleep 600 & echo $!");
  command.leftovers = Leftovers::Keep;
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  const auto left = everyone_below();
  CHECK(left.size() == 1);
  ::kill(std::stoi(executed.end->out.text), SIGKILL);
  CHECK(world.run_until([&] { return everyone_below().empty(); }));
}

TEST_CASE("a program that is not there is an error, and nobody is told of an end") {
  const World world;
  Executed executed(world, {.name = "a test", .argv = {"/no/such/program"}});
  REQUIRE(executed.not_started.has_value());
  CHECK(executed.not_started->code == Errc::NotFound);
  CHECK_FALSE(executed.has_ended());
}

TEST_CASE("output without end is kept in bounded memory, its beginning and its end") {
  const World world;
  auto command = line_for_shell("echo first; seq 1 300000; echo last");
  command.most_kept = 10'000;
  Executed executed(world, std::move(command));
  REQUIRE(await(world, executed));
  CHECK(executed.end->out.truncated);
  CHECK(executed.end->out.text.size() < 11'000);
  CHECK(executed.end->out.text.starts_with("first\n1\n2\n"));
  CHECK(executed.end->out.text.ends_with("\n300000\nlast\n"));
  CHECK(executed.lines.size() == 300'002);
}

TEST_CASE("an attempt that is given up takes all of it along") {
  const World world;
  {
    Executed executed(world, line_for_shell("sleep 600 & echo ready; sleep 600"));
    REQUIRE(world.run_until([&] { return !executed.lines.empty(); }));
  }
  CHECK(everyone_below() == std::vector<std::string>{});
}
