// SPDX-License-Identifier: MIT
#include "api/client.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <thread>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::api;
using namespace std::chrono_literals;

namespace {

// A listener that sends `script` to its first client, reading one line before each element but the
// first.
std::thread serve(const UniqueFd& listener, std::vector<std::string> script) {
  return std::thread([fd = listener.get(), script = std::move(script)] {
    UniqueFd connection;
    while (!connection) connection = accept_from(fd).value();
    // Accepted non-blocking: made blocking for this simple server.
    const int flags = ::fcntl(connection.get(), F_GETFL);
    ::fcntl(connection.get(), F_SETFL, flags & ~O_NONBLOCK);
    for (std::size_t i = 0; i < script.size(); ++i) {
      if (i > 0) {
        char byte = 0;
        while (::read(connection.get(), &byte, 1) == 1 && byte != '\n') {
        }
      }
      [[maybe_unused]] const auto sent =
          ::send(connection.get(), script[i].data(), script[i].size(), MSG_NOSIGNAL);
    }
  });
}

constexpr int kNext = kProtocols.newest + 1;

std::string hello_line(ProtocolRange protocols = kProtocols) {
  return encode(Notification{"hello", to_json(Hello{protocols, "0.1.0", "/p", 1})});
}

}  // namespace

TEST_CASE("a call gets its answer, and the notifications before it") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto server =
      serve(listener,
            {hello_line(), encode(Notification{"progress", {{"n", 1}}}) +
                               encode(Response{RequestId(std::int64_t{1}), Json{{"ok", true}}})});
  auto client = Client::connect(dir / "s").value();
  CHECK(client.hello().project == "/p");
  int notes = 0;
  const auto answer =
      client.call("wait", Json::object(), 5s, [&](const Notification&) { ++notes; });
  CHECK(answer->at("ok") == true);
  CHECK(notes == 1);
  server.join();
}

TEST_CASE("a request is sent without waiting, and its answer taken when it comes") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto server =
      serve(listener, {hello_line(), encode(Notification{"progress", Json::object()}) +
                                         encode(Response{RequestId(std::int64_t{1}), Json{1}})});
  auto client = Client::connect(dir / "s").value();
  CHECK(client.next_message(0ms).error().code == Errc::Timeout);
  CHECK(client.send_request("wait") == 1);
  CHECK(std::holds_alternative<Notification>(client.next_message(5s).value()));
  CHECK(std::get<Response>(client.next_message(5s).value()).outcome == Json{1});
  server.join();
}

TEST_CASE("a request may be sent before the greeting has come") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto client = Client::open(dir / "s").value();
  CHECK(client.send_request("wait") == 1);
  auto server =
      serve(listener, {hello_line() + encode(Response{RequestId(std::int64_t{1}), Json{1}}), ""});
  CHECK(client.take_greeting(client.next_message(5s).value()));
  CHECK(client.hello().project == "/p");
  CHECK(std::get<Response>(client.next_message(5s).value()).outcome == Json{1});
  CHECK_FALSE(client.take_greeting(Notification{"progress", Json::object()}));
  server.join();
}

TEST_CASE("a daemon that goes away in the middle of a call is an error at once") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto server = serve(listener, {hello_line(), ""});
  auto client = Client::connect(dir / "s").value();
  const auto answer = client.call("wait");
  CHECK(answer.error().code == Errc::Unavailable);
  server.join();
}

TEST_CASE("nobody, a stranger and another protocol are told apart") {
  const test::TempDir dir;
  CHECK(Client::connect(dir / "s").error().code == Errc::Unavailable);
  {
    const auto listener = listen_at(dir / "s").value();
    CHECK(Client::connect(dir / "s", 1ms).error().code == Errc::Timeout);
  }
  for (const auto& first : {std::string("220 smtp\r\n"), hello_line({kNext, kNext})}) {
    const auto listener = listen_at(dir / "s").value();
    auto server = serve(listener, {first});
    CHECK(Client::connect(dir / "s").error().code == Errc::Protocol);
    server.join();
  }
}

TEST_CASE("two sides speak the newest version that both do") {
  const auto ranges = {ProtocolRange{1, 1}, ProtocolRange{1, 2}, ProtocolRange{2, 3}};
  std::string table;
  for (const auto& one : ranges) {
    for (const auto& other : ranges) {
      CHECK(common_protocol(one, other) == common_protocol(other, one));
      table += std::to_string(common_protocol(one, other).value_or(0)) + ' ';
    }
  }
  CHECK(table == "1 1 0 1 2 2 0 2 3 ");
}

TEST_CASE("a daemon that speaks newer protocols as well is understood, and says which ones") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto server = serve(listener, {hello_line({kProtocols.newest, kNext})});
  const auto client = Client::connect(dir / "s");
  server.join();
  REQUIRE(client);
  CHECK(client->hello().protocols == ProtocolRange{kProtocols.newest, kNext});
}

TEST_CASE("a daemon of any protocol can be named, for whoever only wants to stop it") {
  const test::TempDir dir;
  const auto listener = listen_at(dir / "s").value();
  auto server = serve(listener, {hello_line({kNext, kNext})});
  const auto client = Client::connect(dir / "s", 5s, Client::Speaks::Any);
  server.join();
  REQUIRE(client);
  CHECK(client->hello().pid == 1);
}
