// SPDX-License-Identifier: MIT
// A client of the daemon on a real socket: what it sends in whatever pieces, and that one which
// does not read harms nobody.
#include "daemon/connection.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include <catch2/catch.hpp>

#include "sys/clock.h"

using namespace poltergeist;
using daemon::Connection;

namespace {

// A loop with one side of a socket as the daemon's client; the test holds the other.
struct Served {
  explicit Served(Loop& on, Milliseconds patience = Connection::kPatience) : loop(on) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    far = UniqueFd(ends[0]);
    auto opened = Connection::open(
        loop, UniqueFd(ends[1]),
        [this](const api::Message& message) {
          if (const auto* request = std::get_if<api::Request>(&message)) {
            methods.push_back(request->method);
          }
          if (on_message) on_message();
        },
        [this] {
          ++closed;
          connection.reset();
        },
        patience);
    REQUIRE(opened);
    connection = std::move(*opened);
  }

  void say(std::string_view bytes) const {
    REQUIRE(::send(far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  void say_half_of_what_fits(std::string_view bytes) const {
    [[maybe_unused]] const auto sent = ::send(far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // All that has come.
  std::string heard() const {
    std::string text;
    std::array<char, 64 << 10> bytes;
    for (ssize_t count = 0; (count = ::read(far.get(), bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  Loop& loop;
  UniqueFd far;
  std::unique_ptr<Connection> connection;
  std::vector<std::string> methods;
  std::function<void()> on_message;
  int closed = 0;
};

struct World {
  std::unique_ptr<Loop> loop = std::move(*Loop::create());
  Loop::Handle guard = loop->at(now() + Seconds(20), "the test's guard", [this] { loop->stop(); });

  [[nodiscard]] bool until(const std::function<bool()>& done) const {
    return loop->run_until(done);
  }
  // Everything that is ready now has been handled.
  void settle() const {
    bool passed = false;
    loop->post([&] { loop->post([&] { passed = true; }); });
    REQUIRE(until([&] { return passed; }));
  }
};

std::string request(const std::string& method) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}\n";
}

api::Notification large_note() {
  return {"note", {{"text", std::string(100'000, 'x')}}};
}

}  // namespace

TEST_CASE("a request that comes byte by byte is one request") {
  const World world;
  Served client(*world.loop);
  for (const char byte : request("sync")) {
    client.say({&byte, 1});
    world.settle();
  }
  CHECK(client.methods == std::vector<std::string>{"sync"});
}

TEST_CASE("two requests and a half in one packet are two requests, and the half waits") {
  const World world;
  Served client(*world.loop);
  const auto third = request("three");
  client.say(request("one") + request("two") + third.substr(0, 9));
  REQUIRE(world.until([&] { return client.methods.size() == 2; }));
  client.say(third.substr(9));
  REQUIRE(world.until([&] { return client.methods.size() == 3; }));
  CHECK(client.methods == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("what is no message is answered, and the next one is heard") {
  const World world;
  Served client(*world.loop);
  client.say("\x01\xff nonsense\n[]\n\n" + request("sync"));
  REQUIRE(world.until([&] { return client.methods.size() == 1; }));
  const auto answers = client.heard();
  CHECK(std::count(answers.begin(), answers.end(), '\n') == 2);
  CHECK(answers.find("-32700") != std::string::npos);
  CHECK(answers.find("-32600") != std::string::npos);
  CHECK(client.closed == 0);
}

TEST_CASE("a line that never ends is answered with the limit and its sender dropped") {
  const World world;
  Served client(*world.loop);
  const std::string endless(64 << 10, 'x');
  REQUIRE(world.until([&] {
    client.say_half_of_what_fits(endless);
    return client.closed == 1;
  }));
  CHECK(client.heard().find(std::to_string(api::kLongestMessage)) != std::string::npos);
}

TEST_CASE("a request that is too long is refused and not carried out, though it ends") {
  const World world;
  Served client(*world.loop);
  std::string text = request("sync");
  text.insert(text.size() - 1, api::kLongestMessage, ' ');
  std::string_view left = text;
  REQUIRE(world.until([&] {
    const auto sent = ::send(client.far.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) left.remove_prefix(static_cast<std::size_t>(sent));
    return client.closed == 1;
  }));
  CHECK(left.empty());
  CHECK(client.methods.empty());
  const auto heard = client.heard();
  CHECK(std::count(heard.begin(), heard.end(), '\n') == 1);
}

TEST_CASE("a client that asks on without reading is hung up on when patience is over") {
  const World world;
  Served client(*world.loop, Milliseconds(50));
  client.on_message = [&] { client.connection->send(large_note()); };
  const auto asked = request("sync");
  REQUIRE(world.until([&] {
    client.say_half_of_what_fits(asked);
    return client.closed == 1;
  }));
  CHECK(client.methods.size() * 100'000 < api::WriteBuffer::kDrop);
}

TEST_CASE("a client that only listens may take its time") {
  const World world;
  Served client(*world.loop, Milliseconds(0));
  constexpr std::size_t kNotes = 10;
  for (std::size_t i = 0; i < kNotes; ++i) client.connection->send(large_note());
  world.settle();
  world.settle();
  CHECK(client.closed == 0);
  std::size_t heard = 0;
  CHECK(world.until([&] {
    heard += client.heard().size();
    return heard > kNotes * 100'000;
  }));
}

TEST_CASE("whoever has more to send is called when all was taken, and not before") {
  const World world;
  Served client(*world.loop);
  int calls = 0;
  while (!client.connection->is_full()) client.connection->send(large_note());
  client.connection->when_taken([&] { ++calls; });
  world.settle();
  CHECK(calls == 0);
  CHECK(world.until([&] { return !client.heard().empty() && calls > 0; }));
  CHECK_FALSE(client.connection->is_full());
  CHECK(calls == 1);
  CHECK(client.closed == 0);
}

TEST_CASE("a client that takes nothing while more is there for it is dropped in the end") {
  const World world;
  Served client(*world.loop, Milliseconds(50));
  while (!client.connection->is_full()) client.connection->send(large_note());
  client.connection->when_taken([] {});
  CHECK(world.until([&] { return client.closed == 1; }));
}

TEST_CASE("a client that never reads is dropped, while another one is served") {
  const World world;
  Served deaf(*world.loop);
  Served other(*world.loop);
  std::size_t heard = 0;
  for (int sent = 0; deaf.closed == 0; ++sent) {
    REQUIRE(sent < 1000);
    deaf.connection->send(large_note());
    other.connection->send(large_note());
    world.settle();
    heard += other.heard().size();
  }
  CHECK(heard > api::WriteBuffer::kDrop);
  CHECK(other.closed == 0);
  other.say(request("sync"));
  CHECK(world.until([&] { return other.methods.size() == 1; }));
}

TEST_CASE("the requests of a client that does not read its answers wait, and none is lost") {
  const World world;
  Served client(*world.loop);
  client.on_message = [&] { client.connection->send(large_note()); };
  constexpr std::size_t kRequests = 20;
  for (std::size_t i = 0; i < kRequests; ++i) client.say(request("sync"));
  world.settle();
  world.settle();
  CHECK(client.methods.size() < kRequests);
  std::size_t heard = 0;
  REQUIRE(world.until([&] {
    heard += client.heard().size();
    return client.methods.size() == kRequests;
  }));
  CHECK(client.closed == 0);
}

TEST_CASE("a request that rested is taken up when its client has read, whoever wrote last") {
  const World world;
  Served client(*world.loop);
  client.on_message = [&] { client.connection->send(large_note()); };
  constexpr std::size_t kRequests = 10;
  for (std::size_t i = 0; i < kRequests; ++i) client.say(request("sync"));
  world.settle();
  const auto before = client.methods.size();
  REQUIRE(before < kRequests);
  // All that waits for the client is gone before the loop looks again.
  for (std::size_t i = 0; i < kRequests; ++i) {
    static_cast<void>(client.heard());
    client.connection->send(api::Notification{"note", {}});
  }
  CHECK(world.until([&] { return client.methods.size() > before; }));
}

TEST_CASE("what was asked before the end of the connection is carried out, then the end is told") {
  const World world;
  Served client(*world.loop);
  client.say(request("one") + request("two") + "{\"jsonrpc\"");
  client.far.reset();
  REQUIRE(world.until([&] { return client.closed == 1; }));
  CHECK(client.methods == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a connection may be destroyed by what it calls") {
  const World world;
  Served client(*world.loop);
  const std::string kept = "what the callback still needs after it";
  std::string seen;
  client.on_message = [&client, &seen, kept] {
    client.connection.reset();
    seen = kept;
  };
  client.say(request("one") + request("two"));
  REQUIRE(world.until([&] { return !seen.empty(); }));
  world.settle();
  CHECK(seen == kept);
  CHECK(client.methods == std::vector<std::string>{"one"});
  CHECK(client.closed == 0);
}
