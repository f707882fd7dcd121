// SPDX-License-Identifier: MIT
#include "support/oracle_project.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "api/client.h"
#include "support/rounds.h"
#include "sys/unique_fd.h"

namespace poltergeist::test {

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string tested_backend() {
  const char* name = std::getenv("POLTERGEIST_TEST_BACKEND");
  if (name == nullptr) return "auto";
  static const bool installed = Watchman::is_installed();
  if (name != std::string("watchman") || installed) return name;
  std::cerr << "SKIPPED: watchman is not installed; the usual back end is tested instead\n";
  return "auto";
}

int backend_rounds(int usually, int in_full) {
  const auto backend = tested_backend();
  const bool is_usual = backend == "auto" || backend == "inotify";
  return is_usual ? rounds(usually, in_full)
                  : rounds(std::max(1, usually / 4), std::max(1, in_full / 4));
}

OracleProject::OracleProject(nlohmann::json watcher) {
  std::filesystem::create_directories(src());
  std::filesystem::create_directories(outside());
  watcher.emplace("backend", tested_backend());
  if (tested_backend() == "watchman") {
    watchman_ = std::make_unique<Watchman>();
    env["WATCHMAN_SOCK"] = watchman_->socket();
  }
  watcher.emplace("useDefaultExclusions", false);
  std::string command = ORACLE_PROGRAM " src";
  for (const auto* name : {"stamp", "builds", "gate"}) command += " " + (outside() / name).string();
  configuration_ = {{"watcher", watcher},
                    {"targets",
                     {{{"name", "oracle"},
                       {"type", "custom"},
                       {"buildCommand", command},
                       {"watchPaths", {"src/**"}}}}}};
  configure_again();
}

std::filesystem::path OracleProject::outside() const {
  return root().parent_path() / "outside";
}

// Over the socket, as editors ask: a process for each question would be most of what these tests
// take. A daemon that compares a hundred thousand files that are all new lets others wait for
// seconds.
Result<nlohmann::json> OracleProject::ask(std::string_view method,
                                          const nlohmann::json& params) const {
  auto client = api::Client::connect(socket(), kGuard);
  if (!client) return fail(client.error());
  return client->call(method, params, kGuard + Seconds(5));
}

std::string OracleProject::what_is_not_fresh() const {
  const auto answer = ask(api::method::kWait, api::to_json(api::WaitParams{.timeout = kGuard}));
  if (!answer) return answer.error().message;
  const auto result = api::from_json<api::WaitResult>(*answer);
  if (!result) return result.error().message;
  for (const auto& target : result->targets) {
    if (target.answer != api::Answer::Fresh) return target.target + ": " + target.reason;
  }
  return {};
}

nlohmann::json OracleProject::watch_status() const {
  const auto status = ask(api::method::kStatus, nlohmann::json::object());
  if (!status) throw std::runtime_error(status.error().message);
  return status->at("watch");
}

std::string OracleProject::fault() const {
  if (const auto trouble = what_is_not_fresh(); !trouble.empty()) return "wait: " + trouble;
  if (text_of(outside() / "stamp") != oracle_of(src())) return "built from an older tree";
  const auto before = builds();
  if (!what_is_not_fresh().empty()) return "wait failed when all was quiet";
  if (builds() != before) return "built again though nothing had changed";
  return {};
}

bool OracleProject::converges_by_itself() const {
  // Polling takes its two seconds each time: most are asked for.
  if (tested_backend() == "poll" && calls_++ % 8 != 0) return fault().empty();
  // Asked when a build has ended, not all the time: that would take the daemon's time from it.
  const UniqueFd ends(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(ends.get(), outside().c_str(), IN_MOVED_TO);
  const auto guard = std::chrono::steady_clock::now() + kGuard;
  while (text_of(outside() / "stamp") != oracle_of(src())) {
    if (std::chrono::steady_clock::now() > guard) return false;
    pollfd one{.fd = ends.get(), .events = POLLIN, .revents = 0};
    ::poll(&one, 1, 1000);
    std::array<char, 4096> events{};
    while (::read(ends.get(), events.data(), events.size()) > 0) {
    }
  }
  return true;
}

std::size_t OracleProject::builds() const {
  const auto text = text_of(outside() / "builds");
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void OracleProject::hold_builds() const {
  ::mkfifo(gate().c_str(), 0600);
}

bool OracleProject::await_build(std::size_t earlier) const {
  if (tested_backend() == "poll") run_poltergeist({"status", "--fresh"});
  return await([&] { return builds() > earlier; });
}

void OracleProject::let_builds_end() const {
  // Whoever has it open reads its end; whoever comes later finds none.
  const UniqueFd writer(::open(gate().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  std::filesystem::remove(gate());
}

}  // namespace poltergeist::test
