// SPDX-License-Identifier: MIT
// The real polter against a daemon that says what the test wants.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "polter/project.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::test;
using namespace std::chrono_literals;
using Args = std::vector<std::string>;

namespace {

Exit exit_of(const Project& project, const Args& args) {
  return run(project.plan(args)).exit;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

// How often a process has given up the processor by itself.
int pauses_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  const std::string key = "voluntary_ctxt_switches:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stoi(line.substr(key.size()));
  }
  return 0;
}

// A named pipe that nobody waits for without a deadline: both its ends are open.
class Fifo {
 public:
  explicit Fifo(const std::filesystem::path& path) : path_(path) {
    ::mkfifo(path.c_str(), S_IRWXU);
    fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] bool await_line() const {
    pollfd readable{fd_.get(), POLLIN, 0};
    return ::poll(&readable, 1, 60'000) == 1;
  }
  void write_line() const { [[maybe_unused]] const auto written = ::write(fd_.get(), "\n", 1); }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace

TEST_CASE(
    "the program finds its arguments, directory, signals and descriptors as if run directly") {
  Project project;
  project.daemon().settle(Project::fresh());
  const Args hostile = {"report", "", " ", "a b", "\"'\\$`", "-f", "--", "\xff\xfe\n", "*"};
  auto through = project.plan({"app"});
  auto directly = project.plan({});
  directly.argv = {kProbe};
  for (auto* plan : {&through, &directly}) {
    plan->argv.insert(plan->argv.end(), hostile.begin(), hostile.end());
    plan->before_exec = [] {
      ::signal(SIGHUP, SIG_IGN);  // as nohup does
      sigset_t set;
      ::sigemptyset(&set);
      ::sigaddset(&set, SIGUSR2);
      ::sigprocmask(SIG_BLOCK, &set, nullptr);
      ::dup2(STDOUT_FILENO, 7);  // as <(command) does
    };
  }
  const auto polter = run(through);
  CHECK(polter.out == run(directly).out);
  CHECK(polter.err.empty());
  CHECK(contains(polter.out, "arg " + hex(kProbe) + "\n"));
  CHECK(contains(polter.out, "arg " + hex("\xff\xfe\n") + "\n"));
  CHECK(contains(polter.out, "cwd " + (project.root() / "sub").string() + "\n"));
  CHECK(contains(polter.out, "fds 0 1 2 7\n"));
}

TEST_CASE("the answer is asked for with a lease, which ends with the exec") {
  Project project;
  project.daemon().settle(Project::fresh());
  auto plan = project.plan({"-t", "4000", "app", "serve"});
  Program program(plan);
  REQUIRE(program.await_output("up "));
  CHECK(project.daemon().await_connections(0));
  const auto waits = project.daemon().waits();
  REQUIRE(waits.size() == 1);
  CHECK(waits[0].target == "app");
  CHECK(waits[0].timeout == 4s);
  CHECK(waits[0].lease);
  CHECK_FALSE(waits[0].no_build);
  program.signal(SIGINT);
  CHECK(program.await_end() == Exit::by_code(0));
}

TEST_CASE("a build under way is waited for, and told in two plain lines") {
  Project project;
  project.daemon().begin_build("app");
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  Program program(project.plan({"app", "exit", "3"}));
  REQUIRE(project.daemon().await_resting([](const auto& wait) { return wait.lease; }));
  // The line comes from polter's own clock: as soon as it is there, the build may end.
  REQUIRE(program.await_error("building app"));
  project.daemon().settle(Project::fresh(2));
  CHECK(program.await_end() == Exit::by_code(3));
  CHECK(program.errors() == "[polter] building app…\n[polter] built in 1.2s\n");
  CHECK(program.output().empty());
}

TEST_CASE("a failed build is shown, safe for the terminal, and nothing is run") {
  Project project;
  project.daemon().settle(Project::failed());
  const auto ended = run(project.plan({"app"}));
  CHECK(ended.exit == Exit::by_code(1));
  CHECK(ended.out.empty());
  CHECK(ended.err ==
        "[polter] the build of app failed after 1.2s: main.c:1:1: error: no\n"
        "first line\nlast line\n[polter] its log: /s/app.log\n");
}

TEST_CASE("what is not fresh is not run, unless it is forced") {
  Project project;
  struct Row {
    api::Answer answer;
    int code;
  };
  for (const auto row : {Row{api::Answer::Failed, 1}, Row{api::Answer::Blocked, 1},
                         Row{api::Answer::Stale, 1}, Row{api::Answer::Unknown, 3}}) {
    auto answer = Project::fresh();
    answer.answer = row.answer;
    project.daemon().settle(answer);
    CHECK(exit_of(project, {"app", "exit", "7"}) == Exit::by_code(row.code));
    CHECK(exit_of(project, {"--force", "app", "exit", "7"}) == Exit::by_code(7));
  }
}

TEST_CASE("--no-wait asks for no build, and ends at once if one is under way") {
  Project project;
  project.daemon().settle(Project::fresh());
  CHECK(exit_of(project, {"-n", "app", "exit", "7"}) == Exit::by_code(7));
  project.daemon().begin_build("app");
  const auto ended = run(project.plan({"-n", "app", "exit", "7"}));
  CHECK(ended.exit == Exit::by_code(1));
  CHECK(contains(ended.err, "app is not fresh: it is being built"));
  CHECK(project.daemon().waits().back().no_build);
}

TEST_CASE("a daemon that dies during the wait ends it: nothing is run") {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  Program program(project.plan({"app", "exit", "7"}));
  REQUIRE(project.daemon().await_resting([](const auto&) { return true; }));
  project.daemon().die();
  CHECK(program.await_end() == Exit::by_code(3));
  CHECK(contains(program.errors(), "cannot know whether app is fresh"));
}

TEST_CASE("a wait that takes too long is 124, whether the daemon says so or is silent") {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  const auto ended = run(project.plan({"-t", "1", "app"}));
  CHECK(ended.exit == Exit::by_code(124));
  CHECK(contains(ended.err, "app was not fresh within 1ms (--timeout)"));
  project.daemon().refuse({api::ErrorCode::Timeout, "over", {}});
  CHECK(exit_of(project, {"app"}) == Exit::by_code(124));
}

TEST_CASE("an unknown target is 4, with the daemon's suggestion") {
  Project project;
  project.daemon().settle(Project::fresh());
  const auto ended = run(project.plan({"ap", "exit", "7"}));
  CHECK(ended.exit == Exit::by_code(4));
  CHECK(ended.err == "[polter] no target \"ap\"; did you mean \"app\"?\n");
  CHECK(exit_of(project, {"-f", "ap"}) == Exit::by_code(4));
}

TEST_CASE(
    "without a daemon --no-start ends with 3, and --force runs what the configuration names") {
  Project project;
  const auto ended = run(project.plan({"--no-start", "app"}));
  CHECK(ended.exit == Exit::by_code(3));
  CHECK(contains(ended.err, "poltergeist haunt"));
  auto plan = project.plan({"app"});
  plan.env["POLTERGEIST_NO_START"] = "1";
  CHECK(run(plan).exit == Exit::by_code(3));

  CHECK(exit_of(project, {"--no-start", "-f", "app"}) == Exit::by_code(127));
  std::filesystem::create_directories(project.root() / "bin");
  std::filesystem::create_symlink(kProbe, project.root() / "bin/app");
  CHECK(exit_of(project, {"--no-start", "-f", "app", "exit", "9"}) == Exit::by_code(9));
  CHECK(exit_of(project, {"--no-start", "-f", "other"}) == Exit::by_code(4));
  CHECK(exit_of(project, {"--no-start", "-f", "checks"}) == Exit::by_code(2));
}

TEST_CASE("a missing daemon is started with the configuration that was found, and said so") {
  Project project;
  auto plan = project.plan({"app"});
  plan.argv[0] = project.polter_with_haunt(
      "pwd > ../called; echo \"$@\" >> ../called; echo broken >&2; exit 2\n");
  const auto ended = run(plan);
  CHECK(ended.exit == Exit::by_code(2));
  CHECK(ended.err ==
        "[polter] starting the daemon of " + project.root().string() + "\n[polter] broken\n");
  CHECK(project.read("called") == project.root().string() + "\nhaunt --config " +
                                      (project.root() / "poltergeist.config.json").string() + "\n");
}

TEST_CASE("a daemon that somebody else started meanwhile is as good as ours") {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().die();
  const Fifo started(project.dir() / "started");
  const Fifo go_on(project.dir() / "go-on");
  auto plan = project.plan({"app", "exit", "7"});
  plan.argv[0] = project.polter_with_haunt("echo > " + started.path() + "; read x < " +
                                           go_on.path() + "; exit 3\n");
  Program program(plan);
  REQUIRE(started.await_line());
  project.daemon().revive();
  go_on.write_line();
  CHECK(program.await_end() == Exit::by_code(7));
}

TEST_CASE("without a configuration polter says what to do") {
  const TempDir empty;
  const Project project;
  auto plan = project.plan({"app"});
  plan.cwd = empty.path();
  const auto ended = run(plan);
  CHECK(ended.exit == Exit::by_code(2));
  CHECK(contains(ended.err, "poltergeist init"));
}

TEST_CASE("POLTERGEIST_CONFIG names the project, by its file or from a directory") {
  const TempDir elsewhere;
  Project project;
  project.daemon().settle(Project::fresh());
  for (const auto& named : {project.root() / "poltergeist.config.json", project.root() / "sub"}) {
    auto plan = project.plan({"app", "exit", "7"});
    plan.cwd = elsewhere.path();
    plan.env["POLTERGEIST_CONFIG"] = named.string();
    CHECK(run(plan).exit == Exit::by_code(7));
  }
}

TEST_CASE("what cannot be executed is 126, what is not there 127, each with its reason") {
  Project project;
  const auto ended_with = [&](const std::filesystem::path& artifact) {
    auto answer = Project::fresh();
    answer.output_path = artifact.string();
    project.daemon().settle(answer);
    return run(project.plan({"app"}));
  };
  const auto plain = project.write("p/data", "\x01\x02");
  CHECK(ended_with(plain).exit == Exit::by_code(126));
  ::chmod(plain.c_str(), S_IRWXU);
  const auto no_program = ended_with(plain);
  CHECK(no_program.exit == Exit::by_code(126));
  CHECK(contains(no_program.err, "#!"));
  CHECK(ended_with(project.root()).exit == Exit::by_code(126));
  CHECK(ended_with(project.root() / "gone").exit == Exit::by_code(127));
  const auto script = project.write("p/script", "#!/no/such/interpreter\n");
  ::chmod(script.c_str(), S_IRWXU);
  const auto no_interpreter = ended_with(script);
  CHECK(no_interpreter.exit == Exit::by_code(127));
  CHECK(contains(no_interpreter.err, "interpreter"));
  project.set_path("/nowhere");
  const auto no_node = ended_with(project.write("p/x.js", ""));
  CHECK(no_node.exit == Exit::by_code(127));
  CHECK(contains(no_node.err, "node: not found in PATH"));
}

TEST_CASE("scripts run by their interpreter, and executable ones by themselves") {
  Project project;
  auto answer = Project::fresh();
  const auto script = project.write("p/x.sh", "exit $(($# + 40))\n");
  answer.output_path = script.string();
  project.daemon().settle(answer);
  CHECK(exit_of(project, {"app", "a", "b"}) == Exit::by_code(42));
  std::ofstream(script, std::ios::trunc) << "#!/bin/sh\nexit 43\n";
  ::chmod(script.c_str(), S_IRWXU);
  CHECK(exit_of(project, {"app"}) == Exit::by_code(43));
}

TEST_CASE("a file that is still open for writing is tried again") {
  Project project;
  const auto copy = project.dir() / "busy";
  std::filesystem::copy_file(kProbe, copy);
  auto answer = Project::fresh();
  answer.output_path = copy.string();
  project.daemon().settle(answer);
  UniqueFd writer(::open(copy.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  REQUIRE(writer);
  Program program(project.plan({"--verbose", "app", "exit", "7"}));
  REQUIRE(program.await_error("executing"));
  // Each try ends in a pause, which is all that it can be waiting for now.
  const int before = pauses_of(program.pid());
  while (pauses_of(program.pid()) < before + 3) REQUIRE(is_alive(program.pid()));
  writer.reset();
  CHECK(program.await_end() == Exit::by_code(7));
}

TEST_CASE("a target without an output path cannot be run") {
  Project project;
  auto answer = Project::fresh();
  answer.output_path.clear();
  project.daemon().settle(answer);
  const auto ended = run(project.plan({"app"}));
  CHECK(ended.exit == Exit::by_code(2));
  CHECK(contains(ended.err, "Target 'app' does not have an output path"));
}

TEST_CASE("without a target polter lists what it could run, from the daemon or the configuration") {
  Project project;
  auto ended = run(project.plan({}));
  CHECK(ended.exit == Exit::by_code(2));
  CHECK(ended.out.empty());
  CHECK(contains(ended.err, "Usage: polter"));
  CHECK(contains(ended.err, "\n  app  no daemon\n"));
  CHECK_FALSE(contains(ended.err, "checks"));

  project.daemon().settle(Project::fresh());
  ended = run(project.plan({"--help"}));
  CHECK(ended.exit == Exit::by_code(0));
  CHECK(contains(ended.out, "Usage: polter"));
  CHECK(contains(ended.out, "\n  app  fresh\n"));
  CHECK(ended.err.empty());
}

TEST_CASE("the version is printed alone, a misuse is 2") {
  const Project project;
  CHECK(run(project.plan({"-v"})).out == "0.1.0\n");
  const auto ended = run(project.plan({"--forec", "app"}));
  CHECK(ended.exit == Exit::by_code(2));
  CHECK(contains(ended.err, "did you mean \"--force\"?"));
}

TEST_CASE("a broken connection in the middle of a message is an answer that did not come") {
  Project project;
  const auto listener = listen_at(project.socket()).value();
  std::thread stranger([&] {
    UniqueFd connection;
    while (!connection) connection = accept_from(listener.get()).value();
    const std::string_view half = "{\"jsonrpc\":\"2.0\",\"method\":\"hel";
    [[maybe_unused]] const auto sent = ::send(connection.get(), half.data(), half.size(), 0);
  });
  const auto ended = run(project.plan({"--no-start", "app"}));
  stranger.join();
  CHECK(ended.exit == Exit::by_code(3));
}
