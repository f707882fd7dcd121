// SPDX-License-Identifier: MIT
// `polter --watch` in a pane of a real tmux, typed into by hand: the terminal is the program's, and
// afterwards the shell's again.
#include <signal.h>

#include "e2e/pane.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

void haunt(const TestProject& project, std::chrono::milliseconds stop_timeout) {
  project.write("app.txt", "");
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "executable"},
          {"buildCommand", "cp " POLTER_PROBE " app.new && mv app.new app"},
          {"outputPath", "app"},
          {"watchPaths", {"app.txt"}},
          {"autoRun", {{"enabled", false}, {"stopTimeoutMs", stop_timeout.count()}}}}}}});
  project.haunt();
}

std::string polter(const TestProject& project, const std::string& words) {
  return project.polter({}).argv[0] + " --watch --restart-signal TERM --restart-delay 0 " + words;
}

// What stty says, without the size.
std::string settings(const TestProject& project, const std::string& file) {
  const auto text = project.read(file);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("in a pane the keyboard, Ctrl+C and the window's size are the program's, once each") {
  if (!Pane::is_there()) return;
  const TestProject project;
  // No slow machine makes a program end that the test wants to go on.
  haunt(project, std::chrono::minutes(2));
  const Pane pane(project);
  pane.type("stty -a > before");
  REQUIRE(pane.await_prompt());

  pane.type(polter(project, "app converse"));
  const pid_t first = pane.await_up(1);
  CHECK(pane.await_shown("window 100x30"));
  pane.type("hello");
  CHECK(pane.await_shown("got hello"));
  pane.tmux({"resize-window", "-x", "91", "-y", "25"});
  CHECK(pane.await_shown("window 91x25"));

  project.write("app.txt", "edited");
  const pid_t second = pane.await_up(2);
  CHECK(second != first);
  CHECK_FALSE(is_alive(first));
  pane.type("hello again");
  CHECK(pane.await_shown("got hello again"));

  pane.press("C-c");
  REQUIRE(pane.await_shown("interrupt 1"));
  // It decides for itself when it ends, and has the keyboard until then.
  pane.type("not yet");
  REQUIRE(pane.await_shown("got not yet"));
  ::kill(second, SIGTERM);
  REQUIRE(pane.await_prompt());
  CHECK(pane.count("interrupt") == 1);
  CHECK(pane.count("told otherwise") == 2);
  CHECK_FALSE(is_alive(second));
  pane.type("echo code=$?");
  CHECK(pane.await_shown("code=130"));
  REQUIRE(pane.await_prompt());
  pane.type("stty -a > after");
  REQUIRE(pane.await_prompt());
  CHECK_FALSE(settings(project, "before").empty());
  CHECK(settings(project, "after") == settings(project, "before"));
}
