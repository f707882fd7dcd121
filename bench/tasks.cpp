// SPDX-License-Identifier: MIT
// What it costs to execute tasks: thousands of `exit 0` through the daemon's queue, beside a bare
// loop that spawns the same shell and waits for it, as many at once. Prints one table.
//
//   tasks [TASKS] [ROUNDS]     defaults: 1000 tasks, 7 rounds
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

constexpr int kAtOnce = 8;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

double seconds_since(std::int64_t begin) {
  return static_cast<double>(monotonic_ns() - begin) / 1e9;
}

void spawn_shell() {
  std::array<char, 3> program{"sh"};
  std::array<char, 3> option{"-c"};
  std::array<char, 7> script{"exit 0"};
  std::array<char*, 4> argv{program.data(), option.data(), script.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, argv.data(), environ) != 0) {
    give_up("/bin/sh cannot be started");
  }
}

double bare_tasks_a_second(int tasks) {
  const auto begin = monotonic_ns();
  for (int started = 0, ended = 0; ended < tasks;) {
    if (started < tasks && started - ended < kAtOnce) {
      spawn_shell();
      ++started;
    } else if (::waitpid(-1, nullptr, 0) > 0) {
      ++ended;
    }
  }
  return tasks / seconds_since(begin);
}

Json take_answer(Client& client) {
  while (true) {
    auto message = client.next_message(std::nullopt);
    if (!message) give_up(message.error().message);
    const auto* answer = std::get_if<poltergeist::api::Response>(&*message);
    if (answer == nullptr) continue;
    if (!answer->outcome) give_up(answer->outcome.error().message);
    return *answer->outcome;
  }
}

// From the first submission until the last has been told as settled.
double our_tasks_a_second(Client& client, int tasks) {
  const auto begin = monotonic_ns();
  for (int i = 0; i < tasks; ++i) {
    if (!client.send_request("exec.submit", {{"task", "nothing"}})) give_up("the daemon is gone");
  }
  Json last;
  for (int i = 0; i < tasks; ++i) last = take_answer(client);
  // They end nearly in the order of their numbers: the last few are asked for.
  for (auto id = last.at("id").get<int>() - 2 * kAtOnce; id <= last.at("id").get<int>(); ++id) {
    if (!client.send_request("exec.wait", {{"id", id}})) give_up("the daemon is gone");
    if (take_answer(client).at("outcome") != "success") give_up("a task has failed");
  }
  return tasks / seconds_since(begin);
}

// Of several executions, how long after `due_ms` the last of it was gone, at most.
double most_late(Client& client, const std::string& task, int due_ms, int rounds) {
  double most = 0;
  for (int round = 0; round < rounds; ++round) {
    if (!client.send_request("exec.submit", {{"task", task}})) give_up("the daemon is gone");
    const auto id = take_answer(client).at("id");
    if (!client.send_request("exec.wait", {{"id", id}})) give_up("the daemon is gone");
    const auto ended = take_answer(client);
    if (ended.at("outcome") != "timeout") give_up("a task did not take its time");
    most = std::max(most, ended.at("result").at("durationMs").get<double>() - due_ms);
  }
  return most;
}

void ends_in_time(Client& client, int rounds) {
  row(fmt::format("beyond its time of 1 s, a task of five processes, most of {}", rounds),
      fmt::format("{:.0f} ms", most_late(client, "obeys", 1000, rounds)), "", "", "≤ 50 ms");
  row("beyond that and a grace period of 1 s, one whose five ignore SIGTERM",
      fmt::format("{:.0f} ms", most_late(client, "ignores", 2000, rounds)), "", "", "≤ 50 ms");
}

// Five processes; one has a session of its own.
Json lasting_task(const std::string& name, const std::string& trap) {
  const auto line = trap + "for i in 1 2 3; do sleep 60 & done; setsid sleep 60 & wait; wait";
  return {{"name", name},
          {"command", line},
          {"shell", true},
          {"timeoutSeconds", 1},
          {"gracePeriodSeconds", 1}};
}

}  // namespace

int main(int argc, char** argv) {
  const int tasks = argc > 1 ? std::max(100, std::atoi(argv[1])) : 1000;
  const int rounds = argc > 2 ? std::max(3, std::atoi(argv[2])) : 7;
  TestProject project;
  project.configure({{"targets", Json::array()},
                     {"worker", {{"concurrency", kAtOnce}}},
                     {"tasks",
                      {{{"name", "nothing"}, {"command", "exit 0"}, {"shell", true}},
                       lasting_task("obeys", ""),
                       lasting_task("ignores", "trap '' TERM; ")}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  if (!client) give_up(client.error().message);
  std::vector<double> ours;
  std::vector<double> bare;
  const auto daemon = project.daemon_pid();
  const auto before = processor_ns(daemon);
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(bare_tasks_a_second(tasks));
    ours.push_back(our_tasks_a_second(*client, tasks));
  }
  head();
  row(fmt::format("`exit 0` as a task, {} in the queue, {} at once", tasks, kAtOnce),
      fmt::format("{:.0f} a second", median(ours)),
      fmt::format("{:.0f} a second, spawned and awaited", median(bare)),
      fmt::format("{:.2f} ×", median(ours) / median(bare)), "≥ 0.7 ×");
  const auto taken = static_cast<double>(processor_ns(daemon) - before) / 1e3;
  row("processor time of the daemon for one of them",
      fmt::format("{:.0f} µs", taken / (tasks * rounds)), "", "", "");
  ends_in_time(*client, rounds);
}
