// SPDX-License-Identifier: MIT
#include "cli/arguments.h"

#include <catch2/catch.hpp>

using namespace poltergeist::cli;

namespace {

struct Given {
  bool flag = false;
  std::string value = "default";
  std::vector<std::string> many;
  std::uint64_t number = 7;
  std::string choice = "text";
  std::string positional;
};

std::optional<int> parse(Given& given, std::vector<std::string> words) {
  Arguments arguments({"verb", "", "About", ""}, std::move(words));
  arguments.positional("target", given.positional, "which");
  arguments.flag("-f,--force", given.flag, "force it");
  arguments.value("-C,--channel", given.value, "name", "the channel");
  arguments.values("-t,--target", given.many, "target", "these");
  arguments.number("-n,--tail", given.number, "lines", "so many");
  arguments.choice("--format", given.choice, {"text", "json", "sarif"}, "how");
  return arguments.end();
}

}  // namespace

TEST_CASE("options, values and a positional are taken in any order and spelling") {
  Given given;
  const auto end = parse(given, {"-f", "-Crunner", "app", "--tail=12", "-t", "a", "--target", "b",
                                 "--format", "json"});
  CHECK_FALSE(end.has_value());
  CHECK(given.flag);
  CHECK(given.value == "runner");
  CHECK(given.positional == "app");
  CHECK(given.number == 12);
  CHECK(given.many == std::vector<std::string>{"a", "b"});
  CHECK(given.choice == "json");
}

TEST_CASE("an option that may be repeated takes one word each time, never the positional") {
  Given given;
  CHECK_FALSE(parse(given, {"-t", "a", "app"}).has_value());
  CHECK(given.many == std::vector<std::string>{"a"});
  CHECK(given.positional == "app");
}

TEST_CASE("the last of a value that is given twice counts") {
  Given given;
  CHECK_FALSE(parse(given, {"-C", "one", "-C", "two"}).has_value());
  CHECK(given.value == "two");
}

TEST_CASE("what is not given keeps its default") {
  Given given;
  CHECK_FALSE(parse(given, {}).has_value());
  CHECK(given.value == "default");
  CHECK(given.number == 7);
  CHECK(given.choice == "text");
}

TEST_CASE("behind -- a word is a word") {
  Given given;
  CHECK_FALSE(parse(given, {"--", "--help"}).has_value());
  CHECK(given.positional == "--help");
}

TEST_CASE("every misuse ends with exit code 2") {
  const std::vector<std::vector<std::string>> misuses = {
      {"--unknown"}, {"-x"},           {"one", "two"},        {"--tail", "many"},
      {"--tail"},    {"--tail", "-1"}, {"--format", "jsonn"}, {"--tail", "99999999999"}};
  for (const auto& words : misuses) {
    Given given;
    CAPTURE(words);
    CHECK(parse(given, words) == 2);
  }
}

TEST_CASE("a required positional that is missing is a misuse") {
  std::string path;
  Arguments arguments({"why", "", "About", ""}, {});
  arguments.required("path", path, "what");
  CHECK(arguments.end() == 2);
}

TEST_CASE("describing declares and does nothing else") {
  std::string hidden;
  bool flag = false;
  Arguments arguments({"verb", "", "About", ""}, {"--misuse"}, Arguments::Mode::Describe);
  arguments.flag("-f,--force", flag, "force it");
  arguments.internal("--ready-fd", hidden);
  CHECK(arguments.end() == 0);
  REQUIRE(arguments.parameters().size() == 2);
  CHECK(arguments.parameters()[0].names == std::vector<std::string>{"-f", "--force"});
  CHECK(arguments.parameters()[1].internal);
}

TEST_CASE("help names every parameter but the internal ones") {
  std::string text;
  std::uint64_t number = 0;
  Arguments arguments({"verb", "alias", "Do it", "A note."}, {}, Arguments::Mode::Describe);
  arguments.required("path", text, "what to look at");
  arguments.number("-n,--tail", number, "lines", "so many");
  arguments.internal("--ready-fd", text);
  CHECK(help_text(arguments.verb(), arguments.parameters()) ==
        "Usage: poltergeist verb <path> [options]\n"
        "\n"
        "Do it.\n"
        "\n"
        "Arguments:\n"
        "  path                      what to look at\n"
        "\n"
        "Options:\n"
        "  -n, --tail <lines>        so many\n"
        "  -h, --help                show this help\n"
        "\n"
        "The same as `poltergeist alias`.\n"
        "\n"
        "A note.\n");
}
