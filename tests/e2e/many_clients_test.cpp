// SPDX-License-Identifier: MIT
// Twenty clients that command a daemon all at once, while it is restarted and killed: each command
// has its effect once, and all ends where the last one left it.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/oracle_project.h"
#include "support/rounds.h"

using namespace poltergeist::test;
using poltergeist::api::Client;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr int kClients = 20;
constexpr int kTries = 10;

// The pause flag is written and read by many at once. What a read may say is what a write said that
// was not over before another one began that was over before the read did.
class Register {
 public:
  using Time = std::int64_t;
  enum class Heard { Yes, No };  // that it was done; if not, it may have been, but not later

  Time now() { return ++clock_; }
  void wrote(bool value, Time begin, Time end, Heard heard) {
    const std::lock_guard lock(mutex_);
    writes_.push_back({value, begin, end, heard});
  }
  void read(bool value, Time begin, Time end) {
    const std::lock_guard lock(mutex_);
    reads_.push_back({value, begin, end});
  }
  // How many reads said what nobody can have left there.
  [[nodiscard]] int contradictions() const {
    int count = 0;
    for (const auto& read : reads_) {
      Time latest = 0;
      for (const auto& write : writes_) {
        if (write.heard == Heard::Yes && write.end < read.begin) {
          latest = std::max(latest, write.begin);
        }
      }
      count += std::any_of(writes_.begin(), writes_.end(),
                           [&](const Use& write) {
                             return write.value == read.value && write.begin < read.end &&
                                    write.end >= latest;
                           })
                   ? 0
                   : 1;
    }
    return count;
  }
  [[nodiscard]] std::size_t reads() const { return reads_.size(); }

 private:
  struct Use {
    bool value;
    Time begin;
    Time end;
    Heard heard = Heard::Yes;
  };
  std::atomic<Time> clock_ = 0;
  std::mutex mutex_;
  std::vector<Use> writes_{{false, 0, 0}};
  std::vector<Use> reads_;
};

// One client, which connects again whenever it is left.
class Commander {
 public:
  Commander(const OracleProject& project, fs::path socket, Register& paused, int number)
      : project_(project),
        socket_(std::move(socket)),
        paused_(paused),
        random_(static_cast<unsigned>(number)),
        file_("src/c" + std::to_string(number)) {}

  // False if nobody answered any more.
  bool do_something() {
    switch (random_() % 8) {
      case 0:
        return set_paused(true);
      case 1:
        return set_paused(false);
      case 2:
        return call("build", {{"target", "oracle"}, {"force", random_() % 4 == 0}}).has_value();
      case 3:
        return call("wait", {{"timeoutMs", random_() % 50}}).has_value();
      case 4:
        project_.write(file_, std::to_string(random_()));
        return true;
      default:
        return look();
    }
  }
  // Again where the daemon went away meanwhile.
  bool set_paused(bool value) {
    for (int tries = 0; tries < kTries; ++tries) {
      const auto begin = paused_.now();
      const auto done = call(value ? "pause" : "resume", Json::object());
      paused_.wrote(value, begin, paused_.now(),
                    done && *done ? Register::Heard::Yes : Register::Heard::No);
      if (!done || *done) return done.has_value();
    }
    return false;
  }
  bool look() {
    for (int tries = 0; tries < kTries; ++tries) {
      const auto begin = paused_.now();
      const auto status = call("status", Json::object());
      if (!status) return false;
      if (!*status) continue;
      paused_.read((**status).at("paused"), begin, paused_.now());
      return true;
    }
    return false;
  }

 private:
  // The inner one is absent where the answer was lost, or an error.
  std::optional<std::optional<Json>> call(std::string_view method, const Json& params) {
    if (!client_ && !await([&] {
          auto opened = Client::connect(socket_);
          if (opened) client_.emplace(std::move(*opened));
          return opened.has_value();
        })) {
      return std::nullopt;
    }
    auto answer = client_->call_rpc(method, params, poltergeist::Milliseconds(kGuard));
    if (answer) return std::optional(std::move(*answer));
    if (answer.error().code == poltergeist::api::ErrorCode::Unavailable) client_.reset();
    return std::optional<Json>();
  }

  const OracleProject& project_;
  fs::path socket_;
  Register& paused_;
  std::mt19937 random_;
  std::string file_;
  std::optional<Client> client_;
};

// The name of a file that programs read and that does not parse; empty if there is none.
std::string torn_file(const fs::path& state_dir) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(state_dir)) {
    const auto extension = entry.path().extension();
    if (extension != ".state" && extension != ".json") continue;
    std::ifstream stream(entry.path());
    if (stream && !Json::accept(stream)) return entry.path().string();
  }
  return {};
}

}  // namespace

TEST_CASE(
    "twenty clients command at once, daemons come and go, and no command is lost or doubled") {
  OracleProject project;
  for (int i = 0; i < kClients; ++i) project.write("src/c" + std::to_string(i), "first");
  project.haunt();
  Register paused;
  const auto socket = project.socket();
  const int steps = rounds(40, 3'000);
  std::atomic<int> done = 0;
  std::atomic<int> unanswered = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      Commander commander(project, socket, paused, i);
      for (int step = 0; step < steps; ++step) {
        if (!commander.do_something()) ++unanswered;
        ++done;
      }
    });
  }
  std::string torn;
  std::jthread reader([&] {
    while (done < kClients * steps && torn.empty()) torn = torn_file(project.state_dir());
  });
  const auto await_share = [&](int part) {
    return await([&] { return done >= kClients * steps * part / 3; }, 10 * kGuard);
  };
  CHECK(await_share(1));
  CHECK(project.run_poltergeist({"restart"}).code == 0);
  CHECK(await_share(2));
  const auto be_killed = [&] {
    CHECK(::kill(project.daemon_pid(), SIGKILL) == 0);
    CHECK(await([&] { return project.run_poltergeist({"haunt"}).code == 0; }));
  };
  be_killed();
  for (auto& client : clients) client.join();
  reader.join();
  Commander last(project, socket, paused, kClients);
  CHECK(last.look());
  CHECK(last.set_paused(true));
  be_killed();
  CHECK(last.look());

  CHECK(unanswered == 0);
  CHECK(torn == "");
  CHECK(paused.reads() > 100);
  CHECK(paused.contradictions() == 0);
  CHECK(last.set_paused(false));
  CHECK(project.fault() == "");
}
