// SPDX-License-Identifier: MIT
// Each of the 256 exit codes and of the 31 signals: polter ends as the program does when nobody
// stands between, `poltergeist exec` says it as a shell would.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

struct How {
  std::string mode;  // what tests/polter/probe.cpp calls it
  int number = 0;

  [[nodiscard]] std::string text() const { return mode + " " + std::to_string(number); }
};

constexpr std::array kDumping{SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
                              SIGFPE,  SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS};
constexpr std::array kIgnored{SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
constexpr std::array kStopping{SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

template <std::size_t N>
bool is_among(const std::array<int, N>& signals, int signal) {
  return std::find(signals.begin(), signals.end(), signal) != signals.end();
}

std::vector<How> every_way() {
  std::vector<How> ways;
  for (int code = 0; code < 256; ++code) ways.push_back({"exit", code});
  for (int signal = 1; signal < 32; ++signal) ways.push_back({"die", signal});
  for (const int signal : kDumping) ways.push_back({"dump", signal});
  return ways;
}

// What a parent sees of its child, a shell for example: the signals that stopped it, and the end.
struct Seen {
  std::vector<int> stops;
  int status = 0;

  bool operator==(const Seen&) const = default;
};

// As a job of ours, so that it can be stopped; it is continued at once.
Seen seen_of(const Call& call) {
  std::vector<std::string> variables;
  std::vector<char*> argv;
  std::vector<char*> environment;
  for (const auto& [name, value] : call.env) variables.push_back(name + "=" + value);
  for (auto& variable : variables) environment.push_back(variable.data());
  auto words = call.argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);  // a slow machine makes polter talk
    if (::chdir(call.cwd.c_str()) == 0) ::execve(argv[0], argv.data(), environment.data());
    ::_exit(99);
  }
  Seen seen;
  while (::waitpid(pid, &seen.status, WUNTRACED) == pid && WIFSTOPPED(seen.status)) {
    seen.stops.push_back(WSTOPSIG(seen.status));
    ::kill(pid, SIGCONT);
  }
  return seen;
}

// What POSIX says of it.
bool is_as_written(const How& how, const Seen& seen) {
  if (how.mode == "exit") return WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == how.number;
  if (is_among(kStopping, how.number)) {
    return seen.stops == std::vector{how.number} && seen.status == 0;
  }
  if (is_among(kIgnored, how.number)) return seen.status == 0;
  return WIFSIGNALED(seen.status) && WTERMSIG(seen.status) == how.number;
}

// Asks of each way on a few threads; those for which the answer is no.
std::vector<std::string> exceptions(const std::vector<How>& ways,
                                    const std::function<bool(const How&)>& is_right) {
  constexpr int kWorkers = 4;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<std::string> wrong;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&] {
      for (auto at = next++; at < ways.size(); at = next++) {
        if (is_right(ways[at])) continue;
        const std::lock_guard lock(mutex);
        wrong.push_back(ways[at].text());
      }
    });
  }
  for (auto& worker : workers) worker.join();
  return wrong;
}

}  // namespace

TEST_CASE("all 256 exit codes and 31 signals are what they are without polter") {
  const TestProject project;
  project.write("app.txt", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "cp " POLTER_PROBE " app.new && mv app.new app"},
                        {"outputPath", "app"},
                        {"watchPaths", {"app.txt"}}}}}});
  project.haunt();
  const auto polter = project.polter({"app"});
  const auto wrong = exceptions(every_way(), [&](const How& how) {
    auto through = polter;
    through.argv.insert(through.argv.end(), {how.mode, std::to_string(how.number)});
    auto directly = polter;
    directly.argv = {POLTER_PROBE, how.mode, std::to_string(how.number)};
    // Two that leave their core file in one directory at the same time would keep each other from
    // it.
    for (auto* call : {&through, &directly}) {
      call->cwd /= how.text() + (call == &through ? " through polter" : " directly");
      std::filesystem::create_directories(call->cwd);
    }
    const auto seen = seen_of(through);
    return seen == seen_of(directly) && is_as_written(how, seen);
  });
  CAPTURE(wrong);
  CHECK(wrong.empty());
  CHECK(every_way().size() == 256 + 31 + kDumping.size());
}

TEST_CASE("a task's 256 exit codes and deaths by signal are the codes of poltergeist exec") {
  const TestProject project;
  project.configure({{"targets", Json::array()},
                     {"tasks",
                      {{{"name", "end"},
                        {"shell", true},
                        {"command", "exec " POLTER_PROBE " \"$INPUT_MODE\" \"$INPUT_NUMBER\""}}}}});
  auto ways = every_way();
  // It stays stopped for as long as it may take: nobody continues it.
  std::erase_if(ways, [](const How& how) { return how.mode == "die" && how.number == SIGSTOP; });
  const auto wrong = exceptions(ways, [&](const How& how) {
    const auto code = project
                          .run_poltergeist({"exec", "end", "--input", "mode=" + how.mode, "--input",
                                            "number=" + std::to_string(how.number)})
                          .code;
    if (how.mode == "exit") return code == how.number;
    // In a session of its own nobody could continue it, so that these stop nothing either.
    const bool ends = !is_among(kIgnored, how.number) && !is_among(kStopping, how.number);
    return code == (ends ? 128 + how.number : 0);
  });
  CAPTURE(wrong);
  CHECK(wrong.empty());
}
