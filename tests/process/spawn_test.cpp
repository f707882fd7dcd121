// SPDX-License-Identifier: MIT
#include "process/spawn.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>

#include "process/chaos_world.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

std::string output_of(const SpawnPlan& plan) {
  auto child = spawn(plan);
  if (!child) return child.error().message;
  const auto out = child->take_out();
  auto text = read_until(out.get());
  child->reap();
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A parent that nobody would want: everything blocked, much ignored, descriptors left open.
class HostileSurroundings {
 public:
  HostileSurroundings() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &mask_);
    for (const int number : kIgnored) ::signal(number, SIG_IGN);
    set_thread_signal(1);
    for (int i = 0; i < 20; ++i) junk_.emplace_back(::open("/dev/null", O_RDONLY));
  }
  ~HostileSurroundings() {
    for (const int number : kIgnored) ::signal(number, SIG_DFL);
    set_thread_signal(0);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  static constexpr std::array kIgnored = {SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGHUP, SIGCHLD};
  // 33, which the C library does not let anybody touch.
  static void set_thread_signal(unsigned long handler) {
    const std::array<unsigned long, 8> action = {handler};
    ::syscall(SYS_rt_sigaction, 33, action.data(), nullptr, 8);
  }
  sigset_t mask_{};
  std::vector<UniqueFd> junk_;
};

}  // namespace

TEST_CASE("a child has three descriptors, no blocked and no ignored signal, whatever we have") {
  // A process of its own, which ignores them from its beginning.
  const auto pipe = *make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const HostileSurroundings hostile;
    const auto report = output_of(chaos({"report"}));
    ::_exit(::write(pipe.write_end.get(), report.data(), report.size()) < 0 ? 1 : 0);
  }
  ::waitpid(pid, nullptr, 0);
  std::array<char, 4096> buffer{};
  const auto count = ::read(pipe.read_end.get(), buffer.data(), buffer.size());
  REQUIRE(count > 0);
  const std::string said(buffer.data(), static_cast<std::size_t>(count));
  INFO(said);
  CHECK(has(said, "fds: 0 1 2\n"));
  CHECK(has(said, "SigBlk:\t0000000000000000\n"));
  CHECK(has(said, "SigIgn:\t0000000000000000\n"));
  CHECK(has(said, "SigCgt:\t0000000000000000\n"));
}

TEST_CASE("our own signal mask is what it was after a start") {
  sigset_t before;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  CHECK(spawn(chaos({"exit", "0"})));
  SpawnPlan absent = chaos({});
  absent.argv = {"/no/such/program"};
  CHECK_FALSE(spawn(absent));
  sigset_t after;
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int number = 1; number < SIGRTMAX; ++number) {
    CHECK(sigismember(&before, number) == sigismember(&after, number));
  }
}

TEST_CASE("a child leads its session, or its group, or neither, as planned") {
  auto plan = chaos({"report"});
  auto said = output_of(plan);
  CHECK(has(said, "session: 1\ngroup: 1\n"));
  plan.group = Group::NewGroup;
  said = output_of(plan);
  CHECK(has(said, "session: 0\ngroup: 1\n"));
  plan.group = Group::Same;
  said = output_of(plan);
  CHECK(has(said, "session: 0\ngroup: 0\n"));
}

TEST_CASE(
    "a foreground child has the terminal before its first instruction, and is not stopped by it") {
  const UniqueFd keyboard(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::grantpt(keyboard.get()) == 0);
  REQUIRE(::unlockpt(keyboard.get()) == 0);
  const std::string name = ::ptsname(keyboard.get());
  const pid_t session = ::fork();  // a session of its own, whose terminal this becomes
  if (session == 0) {
    ::setsid();
    const UniqueFd terminal(::open(name.c_str(), O_RDWR | O_CLOEXEC));
    auto plan = shell("read line && test \"$line\" = typed");
    plan.in = plan.out = Stream::to(terminal.get());
    plan.group = Group::Foreground;
    plan.terminal = terminal.get();
    auto child = spawn(plan);
    const bool is_in_front = child && ::tcgetpgrp(terminal.get()) == child->pid();
    ::_exit(is_in_front ? child->reap().shell_code() : 100);
  }
  REQUIRE(::write(keyboard.get(), "typed\n", 6) == 6);
  int status = 0;
  REQUIRE(::waitpid(session, &status, 0) == session);
  CHECK(status == 0);
}

TEST_CASE("a child that stops itself is told of, once") {
  auto child = spawn(shell("kill -STOP $$; exit 5")).value();
  CHECK_FALSE(child.peek());
  siginfo_t info{};
  REQUIRE(::waitid(P_PIDFD, static_cast<id_t>(child.pidfd()), &info, WSTOPPED | WNOWAIT) == 0);
  CHECK(child.take_stop() == SIGSTOP);
  CHECK_FALSE(child.take_stop());
  ::kill(child.pid(), SIGCONT);
  CHECK(child.reap() == Exit::by_code(5));
}

TEST_CASE("a child works in its directory and dies before we do when memory runs out") {
  const test::TempDir dir;
  auto plan = chaos({"report"});
  plan.cwd = dir.path();
  const auto said = output_of(plan);
  CHECK(has(said, "cwd: " + dir.path().string() + "\n"));
  const int own = std::stoi(read_file("/proc/self/oom_score_adj").value());
  CHECK(has(said, "oom: " + std::to_string(std::min(own + 300, 1000)) + "\n"));
}

TEST_CASE("an independent child keeps our OOM score and carries no mark") {
  auto plan = chaos({"report"});
  plan.role = Role::Independent;
  const int own = std::stoi(read_file("/proc/self/oom_score_adj").value());
  CHECK(has(output_of(plan), "oom: " + std::to_string(own) + "\n"));
  plan.argv = chaos({"env", "POLTERGEIST_UNIT"}).argv;
  CHECK(output_of(plan) == "unset\n");
}

TEST_CASE("a program that is not there is an error and leaves no process") {
  const test::TempDir dir;
  auto plan = chaos({});
  plan.argv = {"no-such-program-anywhere"};
  auto child = spawn(plan);
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::NotFound);
  CHECK(has(child.error().message, "no-such-program-anywhere along PATH"));

  plan.argv = {(dir / "absent").string()};
  child = spawn(plan);
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::NotFound);

  plan = chaos({"exit", "0"});
  plan.cwd = dir / "nowhere";
  child = spawn(plan);
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::NotFound);
  CHECK(has(child.error().message, "its directory " + plan.cwd.string()));
  CHECK(children_of(::getpid()).empty());
}

TEST_CASE("what cannot be executed says why") {
  const test::TempDir dir;
  auto plan = chaos({});
  plan.argv = {dir.write("plain", "no program").string()};
  CHECK(spawn(plan).error().code == Errc::Denied);

  ::chmod(plan.argv.front().c_str(), 0755);
  const auto no_format = spawn(plan);
  CHECK(no_format.error().code == Errc::Invalid);
  CHECK(has(no_format.error().message, "#!"));

  plan.argv = {dir.write("script", "#!/no/such/interpreter\n").string()};
  ::chmod(plan.argv.front().c_str(), 0755);
  const auto no_interpreter = spawn(plan);
  CHECK(no_interpreter.error().code == Errc::NotFound);
  CHECK(has(no_interpreter.error().message, "interpreter"));

  plan.argv = {};
  CHECK(spawn(plan).error().code == Errc::Invalid);
  plan.argv = {std::string("a\0b", 3)};
  CHECK(spawn(plan).error().code == Errc::Invalid);
}

TEST_CASE("a program that is still open for writing is busy") {
  const test::TempDir dir;
  std::filesystem::copy_file("/bin/true", dir / "app");
  auto plan = chaos({});
  plan.argv = {(dir / "app").string()};
  {
    const UniqueFd writer(::open((dir / "app").c_str(), O_WRONLY | O_CLOEXEC));
    const auto child = spawn(plan);
    REQUIRE_FALSE(child);
    CHECK(child.error().code == Errc::Busy);
  }
  CHECK(spawn(plan).value().reap().ok());
}

TEST_CASE("a program is found along the PATH of its own environment") {
  const test::TempDir dir;
  const auto program = dir.write("bin/greet", "#!/bin/sh\necho found $0\n");
  ::chmod(program.c_str(), 0755);
  dir.write("shadow/greet", "not executable");
  auto plan = chaos({});
  plan.argv = {"greet"};
  plan.env = {"PATH=" + (dir / "none").string() + ":" + (dir / "shadow").string() + ":" +
              (dir / "bin").string()};
  CHECK(output_of(plan) == "found " + program.string() + "\n");
  plan.env = {"PATH=" + (dir / "shadow").string()};
  CHECK(spawn(plan).error().code == Errc::Denied);
}

TEST_CASE("a relative program is meant from where we are, not from where it shall work") {
  const test::TempDir dir;
  const auto here = std::filesystem::current_path();
  auto plan = chaos({"report"});
  plan.argv.front() = std::filesystem::relative(plan.argv.front(), here).string();
  if (plan.argv.front().find('/') == std::string::npos) plan.argv.front().insert(0, "./");
  plan.cwd = dir.path();
  CHECK(has(output_of(plan), "cwd: " + dir.path().string()));
}

TEST_CASE("every exit code and every deadly signal arrives as it is") {
  for (int code = 0; code < 256; ++code) {
    auto child = spawn(chaos({"exit", std::to_string(code)})).value();
    const auto exit = child.reap();
    CHECK(exit == Exit::by_code(code));
    CHECK(exit.shell_code() == code);
  }
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const bool is_deadly = signal != SIGCHLD && signal != SIGCONT && signal != SIGURG &&
                           signal != SIGWINCH && signal != SIGSTOP && signal != SIGTSTP &&
                           signal != SIGTTIN && signal != SIGTTOU && signal != 32 && signal != 33;
    if (!is_deadly) continue;
    auto plan = chaos({"die", std::to_string(signal)});
    plan.cwd = "/proc";  // no core file anywhere
    auto child = spawn(plan).value();
    const auto exit = child.reap();
    CHECK(exit == Exit::by_signal(signal));
    CHECK(exit.shell_code() == 128 + signal);
  }
  CHECK(Exit::by_code(3).text() == "exit 3");
  CHECK(Exit::by_signal(SIGKILL).text() == "SIGKILL");
}

TEST_CASE("both output streams go where they are told") {
  auto plan = chaos({"both"});
  plan.err = Stream::same_as_out();
  CHECK(output_of(plan) == "out\nerr\n");

  plan.err = Stream::pipe();
  auto child = spawn(plan).value();
  const auto out = child.take_out();
  const auto err = child.take_err();
  CHECK(read_until(out.get()) == "out\n");
  CHECK(read_until(err.get()) == "err\n");

  const test::TempDir dir;
  const UniqueFd file(::open((dir / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  plan.out = Stream::to(file.get());
  plan.err = Stream::dev_null();
  spawn(plan).value().reap();
  CHECK(dir.read("log") == "out\n");
}

TEST_CASE("standard streams may be swapped, and ours may be closed") {
  const test::TempDir dir;
  const UniqueFd log(::open((dir / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd own_in(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  const UniqueFd own_out(::fcntl(1, F_DUPFD_CLOEXEC, 10));
  ::dup2(log.get(), 0);
  ::dup2(null.get(), 1);
  auto plan = chaos({"both"});
  plan.in = Stream::to(1);
  plan.out = Stream::to(0);
  plan.err = Stream::same_as_out();
  const auto swapped = spawn(plan).value().reap();
  ::close(1);
  plan = chaos({"report"});
  plan.out = Stream::inherit();  // becomes /dev/null, not a hole for the next open()
  const auto closed = spawn(plan).value().reap();
  ::dup2(own_in.get(), 0);
  ::dup2(own_out.get(), 1);
  CHECK(swapped.ok());
  CHECK(closed.ok());
  CHECK(dir.read("log") == "out\nerr\n");
}

TEST_CASE("descriptors are passed on as 3 and upwards with the pid of the program itself") {
  const test::TempDir dir;
  std::vector<UniqueFd> files;
  auto plan = chaos({"passed"});
  std::string expected =
      "LISTEN_FDS=3\nLISTEN_FDNAMES=app:app:other\nLISTEN_PIDFDID=unset\npid: mine\n";
  for (const auto& [name, told] : {std::pair{"a", "app"}, {"b", "app"}, {"c", "other"}}) {
    files.emplace_back(::open(dir.write(name, "").c_str(), O_RDONLY | O_CLOEXEC));
    plan.passed.push_back({files.back().get(), told});
    expected += std::to_string(2 + files.size()) + ": " + (dir / name).string() + "\n";
  }
  CHECK(output_of(plan) == expected);
  for (const auto& file : files) CHECK((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("descriptors are passed on in their order whatever numbers they have here") {
  const test::TempDir dir;
  const auto first = dir.write("first", "");
  const auto second = dir.write("second", "");
  const auto pipe = *make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    // In each other's place, and where the output of the child is to come from.
    ::dup2(pipe.write_end.get(), 20);
    ::syscall(SYS_close_range, 3, 19, 0);
    ::dup2(::open(second.c_str(), O_RDONLY | O_CLOEXEC), 3);
    ::dup2(::open(first.c_str(), O_RDONLY | O_CLOEXEC), 4);
    ::dup2(20, 5);
    auto plan = chaos({"passed"});
    plan.out = Stream::to(5);
    plan.passed = {{4, "x"}, {3, "y"}, {3, "z"}};
    ::_exit(spawn(plan).value().reap().shell_code());
  }
  ::waitpid(pid, nullptr, 0);
  std::array<char, 4096> buffer{};
  const auto count = ::read(pipe.read_end.get(), buffer.data(), buffer.size());
  REQUIRE(count > 0);
  const std::string said(buffer.data(), static_cast<std::size_t>(count));
  CHECK(said == "LISTEN_FDS=3\nLISTEN_FDNAMES=x:y:z\nLISTEN_PIDFDID=unset\npid: mine\n3: " +
                    first.string() + "\n4: " + second.string() + "\n5: " + second.string() + "\n");
}

TEST_CASE("what our own environment says of passed descriptors reaches no child") {
  for (const auto role : {Role::Unit, Role::Independent}) {
    auto plan = chaos({"passed"});
    plan.role = role;
    for (const auto* entry :
         {"LISTEN_FDS=7", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "LISTEN_PIDFDID=1"}) {
      plan.env.emplace_back(entry);
    }
    plan.env.emplace_back("LISTEN_FDS_OF_OURS=1");
    CHECK(output_of(plan) ==
          "LISTEN_FDS=unset\nLISTEN_FDNAMES=unset\nLISTEN_PIDFDID=unset\npid: unset\n");
    plan.argv = chaos({"env", "LISTEN_FDS_OF_OURS"}).argv;
    CHECK(output_of(plan) == "1\n");
  }
  auto plan = chaos({"passed"});
  plan.env.emplace_back("LISTEN_FDS=7");
  plan.env.emplace_back("LISTEN_PID=1");
  plan.passed = {{0, "app"}};
  CHECK_THAT(
      output_of(plan),
      Catch::StartsWith("LISTEN_FDS=1\nLISTEN_FDNAMES=app\nLISTEN_PIDFDID=unset\npid: mine\n3: "));
}

TEST_CASE("a descriptor that is none cannot be passed on") {
  auto plan = chaos({"passed"});
  plan.passed = {{-1, "app"}};
  const auto child = spawn(plan);
  REQUIRE_FALSE(child);
  CHECK_THAT(child.error().message, Catch::Contains("duplicating descriptor -1"));
}

TEST_CASE("an environment has each name once") {
  const auto merged = merged_environment({"A=1", "AB=2", "B=3"}, {{"A", "x=y"}, {"C", ""}});
  CHECK(merged == std::vector<std::string>{"AB=2", "B=3", "A=x=y", "C="});
  CHECK(environment_value(merged, "A") == "x=y");
  CHECK(environment_value(merged, "B") == "3");
  CHECK(environment_value(merged, "D").empty());
}

TEST_CASE("a child that nobody holds any more is gone with everything that it started") {
  REQUIRE(become_subreaper());
  {
    auto child = spawn(chaos({"hydra", "2", "15"})).value();
    const auto out = child.take_out();
    REQUIRE(read_until(out.get(), "ready") == "ready\n");
    CHECK(child.containment().members().size() == 8);
  }
  CHECK(everyone_below() == std::vector<std::string>{});
}
