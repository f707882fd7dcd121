// SPDX-License-Identifier: MIT
// Programs that tell their version, and those that do other things when they are asked.
#include "cli/doctor/tool_versions.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/program.h"
#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::doctor;
using Answer = ToolFacts::Answer;

namespace {

class Tools {
 public:
  // A script that is asked for its version.
  ToolFacts script(const std::string& name, const std::string& text) {
    const auto file = dir_.write("bin/" + name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return {.name = name, .file = file};
  }
  ToolFacts asked(const std::string& name, const std::string& text,
                  Milliseconds patience = Seconds(30)) {
    return with_versions({script(name, text)}, dir_.path(), patience).value().front();
  }
  // A pipe with no writer: who reads it waits for ever.
  std::string endless() {
    const auto fifo = dir_ / "endless";
    if (!std::filesystem::exists(fifo)) REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    return fifo.string();
  }
  [[nodiscard]] const test::TempDir& dir() const { return dir_; }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("the first line of what a tool says is its version") {
  Tools tools;
  const auto plain = tools.asked("cc", "echo 'cc 12.2'; echo 'Copyright'");
  CHECK(plain.answer == Answer::Version);
  CHECK(plain.text == "cc 12.2");
  CHECK(tools.asked("cc", "printf 'no newline'").text == "no newline");
  CHECK(tools.asked("cc", "echo; echo '  cc 2  '").text == "cc 2");
  CHECK(tools.asked("cc", "echo 'on stderr' >&2").text == "on stderr");
  CHECK(tools.asked("cc", "printf '\\033[31mred\\007\\n'").text == "red");
}

TEST_CASE("each is asked in the way that it understands, in the project") {
  Tools tools;
  CHECK(tools.asked("cc", "echo \"$*\"").text == "--version");
  CHECK(tools.asked("go", "echo \"$*\"").text == "version");
  CHECK(tools.asked("cc", "pwd").text == tools.dir().path().string());
}

TEST_CASE("a tool without a version is said to have none") {
  Tools tools;
  CHECK(tools.asked("cc", "echo 'unknown option' >&2; exit 2").answer == Answer::Nothing);
  CHECK(tools.asked("cc", "exit 0").answer == Answer::Nothing);
  CHECK(with_versions({{.name = "cc"}}, "/").value().front().answer == Answer::Missing);
  auto broken = tools.script("cc", "");
  tools.dir().write("bin/cc",
                    "\x7f"
                    "ELF and no more");
  CHECK(with_versions({broken}, "/").value().front().answer == Answer::Unusable);
}

TEST_CASE("a tool that hangs does not hang us, nor keep the others from answering") {
  Tools tools;
  const auto answers =
      with_versions({tools.script("hangs", "read line < " + tools.endless()),
                     tools.script("ignores", "trap '' TERM INT; read line < " + tools.endless()),
                     tools.script("answers", "echo 1.0")},
                    tools.dir().path(), Milliseconds(500))
          .value();
  CHECK(answers[0].answer == Answer::Silent);
  CHECK(answers[1].answer == Answer::Silent);
  // On a machine where even that takes half a second it is silent as well, and no liar.
  CHECK((answers[2].answer == Answer::Version || answers[2].answer == Answer::Silent));
  CHECK(test::processes_mentioning(tools.endless()).empty());
}

TEST_CASE("a tool that floods is stopped when its first line is known") {
  Tools tools;
  const auto flood = tools.asked("cc", "echo 'cc 1'; while :; do echo more; done");
  CHECK(flood.answer == Answer::Version);
  CHECK(flood.text == "cc 1");
  const auto line = tools.asked("cc", "while :; do printf 'xxxxxxxxxxxxxxxx'; done");
  CHECK(line.text.size() <= 200);
}

TEST_CASE("what a tool leaves behind is gone") {
  Tools tools;
  const auto answer =
      tools.asked("cc", "(setsid sh -c 'read line < " + tools.endless() + "' &) ; echo 1.0");
  CHECK(answer.text == "1.0");
  CHECK(test::processes_mentioning(tools.endless()).empty());
}
