// SPDX-License-Identifier: MIT
// Watchman as it should be, as it is when it dies, and as it is when something else answers.
#include "watch/watchman_source.h"

#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "support/watchman.h"
#include "sys/files.h"
#include "sys/unix_socket.h"
#include "watch/bser.h"
#include "watch/fallback_source.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;
using Json = nlohmann::json;

namespace {

FallbackSource::Open opener(const std::filesystem::path& root,
                            const std::filesystem::path& socket) {
  return [=]() -> Result<std::unique_ptr<ChangeSource>> {
    auto source = WatchmanSource::create(root, {socket});
    if (!source) return fail(source.error());
    return std::unique_ptr<ChangeSource>(std::move(*source));
  };
}

bool is_missing() {
  if (test::Watchman::is_installed()) return false;
  WARN("SKIPPED: watchman is not installed");
  return true;
}

Json files_named(std::initializer_list<const char*> names) {
  Json files = Json::array();
  for (const auto* name : names) files.push_back({{"name", name}, {"oclock", "c:2"}});
  return files;
}

// Answers the first requests as Watchman does; when it is told to go on, it sends `more` and
// closes, or stays silent.
class FakeWatchman {
 public:
  enum class End { Close, Silence };
  FakeWatchman(const std::filesystem::path& path, std::string more, End end)
      : listener_(std::move(*listen_at(path))),
        word_(std::move(*make_pipe())),
        thread_([this, more = std::move(more), end] { serve(more, end); }) {}
  void go_on() { word_.write_end.reset(); }
  ~FakeWatchman() {
    go_on();
    ::shutdown(connection_.get(), SHUT_RDWR);
    thread_.join();
  }

 private:
  void serve(const std::string& more, End end) {
    pollfd one{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, 20'000) != 1) return;
    connection_ = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    for (const Json& answer : {Json{{"watch", "/"}, {"relative_path", "r"}}, Json{{"clock", "c:1"}},
                               Json{{"subscribe", "x"}}}) {
      if (!await_request()) return;
      send(encode_bser(answer));
    }
    char none = 0;
    while (::read(word_.read_end.get(), &none, 1) > 0) {
    }
    send(more);
    if (end == End::Silence) {
      while (await_request()) {
      }
    }
    ::shutdown(connection_.get(), SHUT_RDWR);
  }
  bool await_request() {
    char bytes[4096];
    return ::recv(connection_.get(), bytes, sizeof bytes, 0) > 0;
  }
  void send(const std::string& bytes) {
    (void)::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  UniqueFd listener_;
  UniqueFd connection_;
  Pipe word_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("Watchman's hints wake us, and sync is a proof without reading the tree") {
  if (is_missing()) return;
  const test::Watchman watchman;
  World world;
  world.write("a/x.c");
  std::unique_ptr<ChangeSource> source;
  REQUIRE(test::await([&] {  // on a slow machine it may take more than one try
    auto opened = opener(world.root(), watchman.socket())();
    if (opened) source = std::move(*opened);
    return source != nullptr;
  }));
  auto& watcher = world.watch_with(std::move(source));
  CHECK(watcher.backend() == "watchman");
  CHECK_FALSE(watcher.deadline());
  for (int i = 0; i < test::rounds(50, 1'000); ++i) {
    const auto name = "d" + std::to_string(i) + "/f";
    world.write(name);
    REQUIRE(world.changes() == "+" + name);
    world.append("a/x.c");
    REQUIRE(world.changes() == "*a/x.c");
  }
  CHECK(watcher.counters().rescans == 0);
  world.write("bytes \xff\n/f");
  CHECK(world.changes() == "+bytes \xff\n/f");

  (void)watcher.apply(now());
  world.append("a/x.c", "that nobody asks for");
  REQUIRE(test::await([&] { return World::text_of(watcher.apply(now())) == "*a/x.c"; }));
}

TEST_CASE("that git's lock goes is told after all that git wrote before") {
  if (is_missing()) return;
  const test::Watchman watchman;
  const World world;
  std::filesystem::create_directories(world.root());
  std::filesystem::create_directories(world.outside());
  std::unique_ptr<ChangeSource> source;
  REQUIRE(test::await([&] {
    auto opened = opener(world.root(), watchman.socket())();
    if (opened) source = std::move(*opened);
    return source != nullptr;
  }));
  const auto tree = source->add(world.root(), Interest::Root);
  const auto beside = source->add(world.outside(), Interest::Aside);
  REQUIRE(tree);
  REQUIRE(beside);
  const auto lock = world.outside() / "index.lock";
  for (int i = 0; i < test::rounds(20, 1'000); ++i) {
    std::vector<Hint> hints;
    const auto of = [&](WatchToken token, Hint::What what) {
      return std::find_if(hints.begin(), hints.end(), [&](const Hint& hint) {
        return hint.token == token && hint.what == what;
      });
    };
    std::ofstream(lock).close();
    world.write("edit", "edit " + std::to_string(i));
    std::filesystem::remove(lock);
    REQUIRE(test::await([&] {
      hints.clear();
      (void)*source->read(hints, now());
      return of(*beside, Hint::What::Gone) != hints.end();
    }));
    CHECK(of(*tree, Hint::What::Changed) < of(*beside, Hint::What::Gone));
    while (*source->read(hints, now())) {
    }
  }
}

TEST_CASE("Watchman may die at any time and come back: nothing is lost") {
  if (is_missing()) return;
  test::Watchman watchman;
  World world;
  world.write("a/x.c");
  const auto open = opener(world.root(), watchman.socket());
  auto& watcher =
      world.watch_with(std::make_unique<FallbackSource>(open, open(), Milliseconds(50)));
  auto time = now();
  const auto comes = [&](std::string& seen) {
    return test::await([&] {
      seen += World::text_of(watcher.apply(time += Milliseconds(100)));
      return watcher.backend() == "watchman";
    });
  };
  std::string nothing;
  REQUIRE(comes(nothing));
  for (int i = 0; i < test::rounds(5, 100); ++i) {
    INFO("round " << i);
    world.write("a/" + std::to_string(i));
    watchman.kill();
    world.append("a/x.c");
    CHECK(world.changes() == "+a/" + std::to_string(i) + " *a/x.c");
    CHECK(watcher.state().kind == WatchState::Kind::Degraded);
    world.append("a/x.c");
    CHECK(World::text_of(watcher.apply(time = std::max(time, *watcher.deadline()))) == "*a/x.c");
    watchman.start();
    world.append("a/x.c");
    std::string seen;
    REQUIRE(comes(seen));
    CHECK(seen == "*a/x.c");
    CHECK(watcher.state().kind == WatchState::Kind::Ok);
  }
}

TEST_CASE("without Watchman the tree is polled, and status says how to start it") {
  World world;
  const auto open = opener(world.root(), world.outside() / "nobody");
  auto& watcher =
      world.watch_with(std::make_unique<FallbackSource>(open, open(), Milliseconds(50)));
  CHECK(watcher.backend() == "poll");
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK(watcher.state().reason.find("no Watchman of this user is running") == 0);
  world.write("a.c");
  CHECK(world.changes() == "+a.c");
}

TEST_CASE("what Watchman has answered already it does not tell again when its settling is over") {
  const World world;
  std::filesystem::create_directories(world.root());
  std::filesystem::create_directories(world.outside());
  const auto socket = world.outside() / "sock";
  const auto news = [](const char* name, const char* observed) {
    return Json{{"name", name}, {"oclock", observed}};
  };
  const auto unasked = [](const char* clock, Json files) {
    return encode_bser({{"subscription", "x"}, {"clock", clock}, {"files", std::move(files)}});
  };
  const auto answer =
      encode_bser({{"clock", "c:7:8:1:10"}, {"files", {news("answered", "c:7:8:1:10")}}});
  FakeWatchman fake(
      socket,
      answer + unasked("c:7:8:1:9", {news("answered before", "c:7:8:1:9")}) +
          unasked("c:7:8:1:11", {news("later", "c:7:8:1:11"), news("answered", "c:7:8:1:10")}) +
          unasked("c:9:1:1:2", {news("by another one", "c:9:1:1:2"), news("odd", "c:x")}),
      FakeWatchman::End::Silence);
  auto source = WatchmanSource::create(world.root(), {socket});
  REQUIRE(source);
  REQUIRE((*source)->add(world.root(), Interest::Root));
  fake.go_on();
  REQUIRE((*source)->sync());
  std::vector<std::string> told;
  REQUIRE(test::await([&] {
    std::vector<Hint> hints;
    (void)*(*source)->read(hints, now());
    for (const auto& hint : hints) told.emplace_back(hint.name);
    return !told.empty() && told.back() == "odd";
  }));
  CHECK(told == std::vector<std::string>{"answered", "later", "by another one", "odd"});
}

TEST_CASE("whatever answers in Watchman's place, no edit is lost") {
  struct Case {
    const char* name;
    std::string more;
    FakeWatchman::End end;
    bool tells;  // enough for the edit to be found without sync
    bool stays;  // and is not taken for one that failed
  };
  const auto fresh =
      encode_bser({{"subscription", "x"}, {"is_fresh_instance", true}, {"clock", "c:2"}});
  const auto files =
      encode_bser({{"subscription", "x"}, {"files", files_named({"a.c", "no/such", "/", ""})}});
  const auto canceled = encode_bser({{"subscription", "x"}, {"canceled", true}});
  const std::vector<Case> cases = {
      {"ends at once", "", FakeWatchman::End::Close, true, false},
      {"ends in a message", files.substr(0, files.size() / 2), FakeWatchman::End::Close, true,
       false},
      {"begins anew", fresh, FakeWatchman::End::Silence, true, true},
      {"gives up the root", canceled, FakeWatchman::End::Silence, true, false},
      {"gives up the root while it is asked", canceled, FakeWatchman::End::Silence, false, false},
      {"is silent", "", FakeWatchman::End::Silence, false, true},
      {"says nonsense", "HTTP/1.1 200 OK\r\n\r\n", FakeWatchman::End::Silence, true, false},
      {"names what is not there", files, FakeWatchman::End::Silence, true, true},
      {"wants too much", std::string("\x00\x01\x06\xff\xff\xff\xff\xff\xff\xff\x7f", 11),
       FakeWatchman::End::Silence, true, false}};
  for (const auto& one : cases) {
    INFO(one.name);
    World world;
    const auto socket = world.outside() / "sock";
    FakeWatchman fake(socket, one.more, one.end);
    const auto open = opener(world.root(), socket);
    auto opened = open();
    if (!opened) FAIL(opened.error().message);
    auto& watcher = world.watch_with(
        std::make_unique<FallbackSource>(open, std::move(opened), Milliseconds(50)));
    world.write("a.c");
    fake.go_on();
    std::string seen;
    if (one.tells) {
      pollfd ready{.fd = watcher.fd(), .events = POLLIN, .revents = 0};
      REQUIRE(::poll(&ready, 1, 20'000) == 1);
      REQUIRE(test::await([&] { return !(seen = World::text_of(watcher.apply(now()))).empty(); }));
    } else {
      seen = world.changes();  // nobody answers: after its patience sync reads the tree itself
    }
    CHECK(seen == "+a.c");
    CHECK((watcher.backend() == "watchman") == one.stays);
  }
}
