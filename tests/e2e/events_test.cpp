// SPDX-License-Identifier: MIT
// The journal from outside: `poltergeist events`, and the socket's method. Numbers are gapless, and
// whoever asks for those behind one gets each later one once, whenever it begins and whatever
// happens to the daemon or to its database meanwhile.
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <sstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "api/client.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::api::Client;
using Json = nlohmann::json;
using Numbers = std::vector<std::uint64_t>;
namespace fs = std::filesystem;

namespace {

constexpr poltergeist::Milliseconds kPatience{20'000};

// A target whose build says the numbers from 1 to `count` as events. It waits for its gate after
// half of them.
void configure_talker(const TestProject& project, std::uint64_t count) {
  project.write("app.txt", "");
  project.write("talk.sh", fmt::format("i=0\nwhile [ $i -lt {0} ]; do\n"
                                       "  i=$((i + 1)); echo \"::log::$i\"\n"
                                       "  if [ $i = {1} ]; then read -r go < gate; fi\ndone\n",
                                       count, count / 2));
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "sh talk.sh"},
                        {"watchPaths", {"app.txt"}}}}}});
}

void open_gate(const TestProject& project) {
  std::ofstream(project.root() / "gate") << "go\n";
}

Numbers numbers_in(const std::string& lines) {
  Numbers numbers;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const auto event = Json::parse(line);
    CHECK(event.at("scope") == "target:app");
    numbers.push_back(event.at("seq"));
  }
  return numbers;
}

Numbers counted(std::uint64_t from, std::uint64_t to) {
  Numbers numbers;
  for (auto number = from; number <= to; ++number) numbers.push_back(number);
  return numbers;
}

// The first number that does not follow on the one before it; 0: they all do.
std::uint64_t first_gap(const Numbers& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] != numbers[i - 1] + 1) return numbers[i];
  }
  return 0;
}

Numbers kept(const TestProject& project, std::uint64_t since = 0) {
  const auto ran =
      project.run_poltergeist({"events", "app", "--since", std::to_string(since), "--json"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return numbers_in(ran.out);
}

// What a follower hears until the build of the talker has ended. It writes to a file, so that it
// never waits for the test.
struct Follower {
  Follower(const TestProject& project, std::uint64_t from, int number)
      : since(from),
        file(project.root() / fmt::format("heard.{}", number)),
        program(call(project, from, file)) {}

  [[nodiscard]] Numbers heard() const {
    std::string text;
    REQUIRE(await([&] {
      std::ifstream in(file);
      text = {std::istreambuf_iterator<char>(in), {}};
      const auto end = text.find("\"type\":\"build_ended\"");
      return end != std::string::npos && text.find('\n', end) != std::string::npos;
    }));
    return numbers_in(text.substr(0, text.find('\n', text.find("\"type\":\"build_ended\"")) + 1));
  }

  static Call call(const TestProject& project, std::uint64_t from, const fs::path& to) {
    auto call = project.poltergeist(
        {"events", "target:app", "--since", std::to_string(from), "--follow", "--json"});
    const std::vector<std::string> into = {"/bin/sh", "-c", "exec \"$@\" > \"$0\"", to.string()};
    call.argv.insert(call.argv.begin(), into.begin(), into.end());
    return call;
  }

  std::uint64_t since;
  fs::path file;
  Program program;
};

// Somebody who holds the project's database.
class Database {
 public:
  explicit Database(const TestProject& project) {
    REQUIRE(::sqlite3_open((project.root() / ".poltergeist/history.db").c_str(), &connection_) ==
            SQLITE_OK);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { ::sqlite3_close(connection_); }
  void execute(const char* sql) const {
    REQUIRE(::sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

 private:
  sqlite3* connection_ = nullptr;
};

std::string degraded(const TestProject& project) {
  return project.status().at("_daemon").value("degraded", "");
}

}  // namespace

TEST_CASE("who begins in the middle of a burst gets each later event once and in order") {
  const auto count = static_cast<std::uint64_t>(rounds(1'000, 10'000));
  const TestProject project;
  configure_talker(project, count);
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] {
    const auto now = kept(project);
    return !now.empty() && now.back() > 100;
  }));
  std::vector<std::unique_ptr<Follower>> followers;
  const auto follow = [&](std::uint64_t since) {
    const auto number = static_cast<int>(followers.size());
    followers.push_back(std::make_unique<Follower>(project, since, number));
  };
  // Before its gate, at it, and behind it.
  for (const std::uint64_t since : {0, 1, 90}) follow(since);
  open_gate(project);
  for (const std::uint64_t since : {0, 63, 64, 100}) follow(since);
  for (auto& follower : followers) {
    const auto heard = follower->heard();
    REQUIRE_FALSE(heard.empty());
    // Those that were kept when it began.
    CHECK(heard.front() >= follower->since + 1);
    CHECK(first_gap(heard) == 0);
    CHECK(heard.back() > count);
    if (follower->since > 50) CHECK(heard.front() == follower->since + 1);
  }
}

TEST_CASE("a follower of everything that is kept is sent it at its own speed") {
  const TestProject project;
  project.write("app.txt", "");
  // Some 6 MB: more than may wait for a client.
  project.write("talk.sh",
                "text=$(head -c 3000 /dev/zero | tr '\\0' x)\ni=0\n"
                "while [ $i -lt 2000 ]; do i=$((i + 1)); echo \"::log::$text\"; done\n");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "sh talk.sh"},
                        {"watchPaths", {"app.txt"}}}}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  auto other = Client::connect(project.socket());
  REQUIRE((client && other));
  REQUIRE(client->call("events", {{"scope", "target:app"}, {"since", 0}}));
  // It does not read on before somebody else was answered. Whoever takes nothing for ten seconds is
  // dropped, so nothing here takes long, however slow the machine is.
  for (int i = 0; i < 20; ++i) CHECK(other->call("status", Json::object()));
  std::uint64_t heard = 0;
  for (std::string type; type != "build_ended"; ++heard) {
    const auto note = client->next_notification(kPatience);
    REQUIRE(note);
    REQUIRE(note->params["seq"] == heard + 1);
    type = note->params["type"];
  }
  CHECK(heard > 2000);
}

TEST_CASE("whoever asks for what is kept is answered with that, with a daemon and without one") {
  const TestProject project;
  project.write("app.txt", "one");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto before = kept(project);
  CHECK(before == counted(1, before.size()));
  project.write("app.txt", "two");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  const auto after = kept(project, before.back());
  REQUIRE_FALSE(after.empty());
  CHECK(after == counted(before.back() + 1, after.back()));
  // In words, for people.
  const auto text = project.run_poltergeist({"events", "app"}).out;
  CHECK(text.find("  target:app 1  ") != std::string::npos);
  CHECK(text.find("build_ended  duration=") != std::string::npos);

  CHECK(project.run_poltergeist({"stop"}).code == 0);
  const auto all = kept(project);
  CHECK(all == counted(1, all.size()));
  CHECK(all.size() >= after.back());
  CHECK(kept(project, all.back()).empty());
  const auto everything = project.run_poltergeist({"events", "--json"});
  CHECK(everything.out.find("daemon_stopping") != std::string::npos);
  CHECK(project.run_poltergeist({"events", "nobody"}).code == 4);
  CHECK(project.run_poltergeist({"events", "--follow"}).code == 3);

  // The next daemon goes on where this one ended.
  project.haunt();
  const auto later = kept(project, all.back());
  CHECK(later == counted(all.back() + 1, later.back()));
}

TEST_CASE("a number that is none of the journal's is refused") {
  const TestProject project;
  project.write("app.txt", "");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto ran = project.run_poltergeist({"events", "app", "--since", "1000000"});
  CHECK(ran.code == 1);
  CHECK(ran.err.find("1000000 is none of them") != std::string::npos);
  CHECK(project.run_poltergeist({"events", "--since", "3"}).code == 2);
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  for (const auto& params : {Json{{"since", -1}, {"scope", "daemon"}}, Json{{"since", "1"}},
                             Json{{"scope", 1}}, Json{{"follow", 1}}, Json{{"since", 7}}}) {
    const auto answer = client->call_rpc("events", params);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == poltergeist::api::ErrorCode::InvalidParams);
  }
}

TEST_CASE("what anybody was told is kept when the daemon is killed at a random moment") {
  std::mt19937 random(rounds(1, 1));
  for (int round = 0; round < rounds(3, 100); ++round) {
    const TestProject project;
    configure_talker(project, 2'000);
    REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
    auto client = Client::connect(project.socket());
    REQUIRE(client);
    REQUIRE(client->call("events", {{"scope", "target:app"}, {"since", 0}}));
    open_gate(project);
    std::uint64_t heard = 0;
    const auto last = std::uniform_int_distribution<std::uint64_t>(1, 1'900)(random);
    while (true) {
      const auto note = client->next_notification(kPatience);
      if (!note) break;
      CHECK(note->params["seq"] == heard + 1);
      heard = note->params["seq"];
      if (heard == last) ::kill(project.daemon_pid(), SIGKILL);
    }
    CHECK(heard >= last);
    REQUIRE(await([&] { return project.run_poltergeist({"events", "--follow"}).code == 3; }));
    const auto left = kept(project);
    CHECK(left.size() >= heard);
    CHECK(left == counted(1, left.size()));
  }
}

TEST_CASE("builds go on while another program holds the database, and status says so") {
  const TestProject project;
  project.write("app.txt", "one");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  REQUIRE(client->call("events", {{"scope", "target:app"}}));
  {
    const Database other(project);
    other.execute("BEGIN EXCLUSIVE");
    project.write("app.txt", "two");
    CHECK(project.run_poltergeist({"wait"}).code == 0);
    CHECK(project.read("app") == "two");
    CHECK(degraded(project).find("events are kept in memory only") == 0);
    CHECK(project.run_poltergeist({"events", "daemon"}).out.find("state_degraded") !=
          std::string::npos);
  }
  // Those who listen heard of it as it happened.
  Numbers heard;
  for (std::string type; type != "build_ended";) {
    const auto note = client->next_notification(kPatience);
    REQUIRE(note);
    heard.push_back(note->params["seq"]);
    type = note->params["type"];
  }
  CHECK(heard == counted(heard.front(), heard.back()));
  CHECK(await([&] { return degraded(project).empty(); }));
  const auto all = kept(project);
  CHECK(all == counted(1, all.size()));
}

TEST_CASE("builds go on when the database is damaged, and what comes is kept") {
  const TestProject project;
  project.write("app.txt", "one");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  const auto before = kept(project).back();
  const auto file = project.root() / ".poltergeist/history.db";
  SECTION("it is removed") {
    fs::remove_all(file.parent_path());
  }
  SECTION("something else lies there") {
    fs::remove(file);
    std::ofstream(file) << std::string(100'000, 'x');
  }
  project.write("app.txt", "two");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.read("app") == "two");
  const auto after = kept(project, before);
  REQUIRE_FALSE(after.empty());
  CHECK(after == counted(before + 1, after.back()));
  CHECK(degraded(project).empty());
}

TEST_CASE("a daemon that cannot open its database builds, and status says so") {
  const TestProject project;
  project.write("app.txt", "one");
  project.write(".poltergeist", "no directory");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  CHECK(project.read("app") == "one");
  CHECK(degraded(project).find("events are kept in memory only") == 0);
  const auto some = kept(project);
  CHECK(some == counted(1, some.size()));
}

TEST_CASE("progress is told of at most five times a second") {
  const TestProject project;
  project.write("app.txt", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "for i in $(seq 1000); do echo \"[$i/1000] cc\"; done"},
                        {"watchPaths", {"app.txt"}}}}}});
  project.haunt();
  const auto all = project.run_poltergeist({"events", "app", "--json"}).out;
  std::istringstream lines(all);
  long told = 0;
  double duration = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto event = Json::parse(line);
    told += event.at("type") == "build_progress" ? 1 : 0;
    if (event.at("type") == "build_ended") duration = event.at("data").at("duration");
  }
  CHECK(told >= 1);
  CHECK(static_cast<double>(told) <= 1 + duration / 200);
}
