// SPDX-License-Identifier: MIT
// What a restart costs: from the request to the first instruction of the new program, beside a bare
// loop that signals the same program, awaits it and spawns it; and from the end of a build to the
// signal. The program ends at once when it is told to, so that what is measured is ours. Prints one
// table.
//
//   restarts [ROUNDS]     default: 200 rounds
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "api/client.h"
#include "figures.h"

namespace {

using namespace poltergeist::bench;
using poltergeist::api::Client;
using poltergeist::test::TestProject;
using Json = nlohmann::json;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

// The shortest restart that waits for the old program's end.
class BareRunner {
 public:
  explicit BareRunner(const Stamps& stamps) : stamps_(stamps) { next(); }
  BareRunner(const BareRunner&) = delete;
  BareRunner& operator=(const BareRunner&) = delete;
  ~BareRunner() { end(); }

  double restart() {
    const auto begin = monotonic_ns();
    end();
    next();
    return stamps_.next_after(begin);
  }

 private:
  void end() const {
    ::kill(pid_, SIGINT);
    ::waitpid(pid_, nullptr, 0);
  }
  void next() {
    auto words = stamps_.waiting_command();
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, argv.front(), nullptr, nullptr, argv.data(), environ) != 0) {
      give_up(words.front() + " cannot be started");
    }
  }

  const Stamps& stamps_;
  pid_t pid_ = 0;
};

void configure(const TestProject& project, const Stamps& stamps) {
  const auto words = stamps.waiting_command();
  project.write("input", "");
  project.configure({{"watcher", {{"settlingDelay", 0}}},
                     {"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "true"},
                        {"watchPaths", {"input"}},
                        {"autoRun",
                         {{"enabled", true},
                          {"command", words.front()},
                          {"args", std::vector(words.begin() + 1, words.end())},
                          {"restartDelayMs", 0}}}}}}});
}

double our_restart(Client& client, const Stamps& stamps) {
  const auto begin = monotonic_ns();
  if (!client.send_request("runner.restart", {{"target", "app"}})) give_up("the daemon is gone");
  const auto time = stamps.next_after(begin);
  const auto answer = client.next_message(std::nullopt);
  if (!answer) give_up(answer.error().message);
  return time;
}

void restarts(int rounds) {
  TestProject project;
  const Stamps ours_at(project.root().parent_path() / "ours");
  const Stamps bare_at(project.root().parent_path() / "bare");
  configure(project, ours_at);
  const auto before = monotonic_ns();
  project.haunt();
  static_cast<void>(ours_at.next_after(before));
  auto client = Client::connect(project.socket());
  if (!client) give_up(client.error().message);
  BareRunner bare_runner(bare_at);

  std::vector<double> ours;
  std::vector<double> bare;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(bare_runner.restart());
    ours.push_back(our_restart(*client, ours_at));
  }
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    const auto time = percentile(ours, share);
    const auto beside = percentile(bare, share);
    row(fmt::format("restart → the new program's first instruction, {}", name),
        fmt::format("{:.2f} ms", time), fmt::format("{:.2f} ms bare kill, wait and spawn", beside),
        fmt::format("{:.2f} ×", time / beside), "≤ 1.5 ×");
  }
}

// As `status --timing` tells it, of the last 100 builds.
void build_to_signal(int rounds) {
  TestProject project;
  const Stamps stamps(project.root().parent_path() / "ours");
  configure(project, stamps);
  auto begin = monotonic_ns();
  project.haunt();
  static_cast<void>(stamps.next_after(begin));
  for (int round = 0; round < rounds; ++round) {
    begin = monotonic_ns();
    project.write("input", std::to_string(round));
    static_cast<void>(stamps.next_after(begin));
  }
  const auto timing = Json::parse(project.run_poltergeist({"status", "--timing", "--json"}).out);
  const auto& figures = timing.at("app");
  for (const auto& step : figures.at("steps")) {
    if (step.at("from") != "ended" || step.at("to") != "runnerSignalled") continue;
    row("end of a build → signal for the old program, p50 and p99",
        fmt::format("{:.2f} ms, {:.2f} ms", step.at("p50").get<double>(),
                    step.at("p99").get<double>()),
        "", "", "≤ 1 ms");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(20, std::atoi(argv[1])) : 200;
  head();
  restarts(rounds);
  build_to_signal(std::min(rounds, 100));
}
