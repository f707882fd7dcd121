// SPDX-License-Identifier: MIT
#include "polter/options.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::polter;
using namespace std::chrono_literals;
using Args = std::vector<std::string>;

namespace {

Result<Options> parse(const Args& args) {
  std::vector<const char*> pointers;
  for (const auto& arg : args) pointers.push_back(arg.c_str());
  return parse_options(pointers);
}

std::string refusal(const Args& args) {
  return parse(args).error().message;
}

}  // namespace

TEST_CASE("options stand before the target or directly behind it") {
  for (const auto& args : {Args{"-t", "5", "-f", "app"}, Args{"app", "--timeout=5", "--force"},
                           Args{"-f", "app", "--timeout", "5"}, Args{"-t=5", "app", "-f", "--"}}) {
    const auto options = parse(args).value();
    CHECK(options.target == "app");
    CHECK(options.timeout == 5ms);
    CHECK(options.force);
    CHECK(options.args.empty());
  }
}

TEST_CASE("the first argument that is no option of ours, and all behind it, is the program's") {
  struct Row {
    Args args;
    Args programs;
  };
  const auto rows = std::to_array<Row>({
      {{"app", "x", "-f", "--watch"}, {"x", "-f", "--watch"}},
      {{"app", "--port", "80", "-n"}, {"--port", "80", "-n"}},
      {{"app", "--help"}, {"--help"}},
      {{"app", "-v", "-f"}, {"-v", "-f"}},
      {{"app", "--", "-f"}, {"-f"}},
      {{"app", "--", "--"}, {"--"}},
      {{"app", "-", "-f"}, {"-", "-f"}},
      {{"app", ""}, {""}},
      {{"--", "app", "-f"}, {"-f"}},
      {{"--", "app", "--", "-f"}, {"--", "-f"}},
      {{"app", "--forced"}, {"--forced"}},
      {{"app", "-fx"}, {"-fx"}},
  });
  for (const auto& row : rows) {
    CAPTURE(row.args);
    const auto options = parse(row.args).value();
    CHECK(options.target == "app");
    CHECK(options.args == row.programs);
    CHECK_FALSE(options.force);
    CHECK_FALSE(options.help);
    CHECK_FALSE(options.version);
  }
}

TEST_CASE("a target may begin with a dash behind --") {
  CHECK(parse({"--", "-app"})->target == "-app");
  CHECK(parse({"--"})->target.empty());
  CHECK(parse({})->target.empty());
}

TEST_CASE("without options the documented defaults hold, and nothing was chosen") {
  const auto options = parse({"app"}).value();
  CHECK(options.timeout == 300s);
  CHECK(options.log_lines == 5);
  CHECK_FALSE(options.restart_signal);
  CHECK_FALSE(options.restart_delay);
  CHECK_FALSE(options.watch);
}

TEST_CASE("restart settings are known to have been given, also as the default") {
  const auto options =
      parse({"app", "-w", "--restart-signal", "INT", "--restart-delay=250"}).value();
  CHECK(options.watch);
  CHECK(options.restart_signal == SIGINT);
  CHECK(options.restart_delay == 250ms);
  CHECK(parse({"--restart-signal=sigterm", "app"})->restart_signal == SIGTERM);
  CHECK(parse({"--restart-signal=9", "app"})->restart_signal == SIGKILL);
}

TEST_CASE("a misuse is told with what was meant") {
  CHECK(refusal({"--wacth", "app"}) ==
        "--wacth: no such option; did you mean \"--watch\"? (the program's own options stand "
        "behind its target)");
  CHECK(refusal({"--timeout=abc", "app"}) == "--timeout: \"abc\" is no number of milliseconds");
  CHECK(refusal({"--timeout=-1", "app"}) == "--timeout: \"-1\" is no number of milliseconds");
  CHECK(refusal({"--log-lines", "99999999999", "app"}) ==
        "--log-lines: \"99999999999\" is no number of lines");
  CHECK(refusal({"app", "-t"}) ==
        "--timeout needs a value: --timeout <ms> (behind `--` it would be the program's)");
  CHECK(refusal({"--force=yes", "app"}) == "--force takes no value");
  CHECK(refusal({"--restart-signal", "SIGTERN", "app"}) ==
        "--restart-signal: \"SIGTERN\" is no signal; did you mean \"SIGTERM\"?");
  CHECK(refusal({"-x", "app"}).starts_with("-x: no such option"));
}

TEST_CASE("help and version need nothing else, and end the reading") {
  CHECK(parse({"-h"})->help);
  CHECK(parse({"-f", "--version", "--nonsense"})->version);
}

TEST_CASE("every option that takes none or a number is understood by its names") {
  for (const auto& row : kOptions) {
    CAPTURE(row.name);
    const std::string value = row.value.empty() ? "" : (row.value == "sig" ? "=INT" : "=1");
    CHECK(parse({"--" + std::string(row.name) + value, "app"}));
    if (row.letter != 0) CHECK(parse({"-" + std::string(1, row.letter) + value, "app"}));
    CHECK(help_text().find("--" + std::string(row.name)) != std::string::npos);
  }
}

TEST_CASE("no line of the help is wider than a terminal") {
  std::istringstream lines(help_text());
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(line.size() <= 100);
  }
}
