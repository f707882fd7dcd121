// SPDX-License-Identifier: MIT
#include "sys/ports.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/files.h"
#include "sys/unique_fd.h"

using namespace poltergeist;

namespace {

enum class Reuse { No, Yes };

UniqueFd tcp_socket(int family, Reuse reuse) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = reuse == Reuse::Yes ? 1 : 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return socket;
}

template <typename Address>
bool bind_to(const UniqueFd& socket, const Address& address) {
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

sockaddr_in ipv4(int port, in_addr_t host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(host);
  return address;
}

sockaddr_in6 ipv6(int port, const in6_addr& host) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  address.sin6_addr = host;
  return address;
}

// Empty where the machine has no such address.
template <typename Address>
UniqueFd listener_at(int family, const Address& address) {
  auto socket = tcp_socket(family, Reuse::Yes);
  if (!socket || !bind_to(socket, address) || ::listen(socket.get(), 1) != 0) return {};
  return socket;
}

UniqueFd listener_at(int port) {
  return listener_at(AF_INET, ipv4(port, INADDR_LOOPBACK));
}

// Successive free ports that no other test has while this lives, nor had a minute ago (TIME_WAIT),
// below those that the kernel hands out by itself. A name in the abstract space holds them: it
// leaves nothing behind.
class FreePorts {
 public:
  static constexpr int kCount = 32;

  FreePorts() {
    constexpr int kBlocks = 12'000 / kCount;
    std::random_device random;
    const auto start = static_cast<int>(random() % kBlocks);
    for (int i = 0; i < kBlocks; ++i) {
      first_ = 20'000 + (start + i) % kBlocks * kCount;
      if (hold() && are_free()) return;
    }
    throw std::runtime_error("no free ports");
  }

  [[nodiscard]] int operator[](int index) const { return first_ + index; }
  [[nodiscard]] PortRange first(int count) const { return {first_, first_ + count - 1}; }

 private:
  bool hold() {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const auto text = "poltergeist-test-ports-" + std::to_string(first_);
    text.copy(name.sun_path + 1, text.size());
    held_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return bind_to(held_, name);
  }
  [[nodiscard]] bool are_free() const {
    for (int i = 0; i < kCount; ++i) {
      const int port = first_ + i;
      const auto socket = tcp_socket(AF_INET, Reuse::No);
      if (!is_port_free(port) || !bind_to(socket, ipv4(port, INADDR_ANY))) return false;
    }
    return true;
  }

  UniqueFd held_;
  int first_ = 0;
};

// The server closes its side first, so that the port is in TIME_WAIT when this returns.
void serve_one_connection(int port) {
  const auto listener = listener_at(port);
  REQUIRE(listener);
  const auto client = tcp_socket(AF_INET, Reuse::No);
  const auto address = ipv4(port, INADDR_LOOPBACK);
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(server);
  server.reset();
  char byte = 0;
  REQUIRE(::read(client.get(), &byte, 1) == 0);
}

// A place for leases of ports that no other test has; `preferred` counts from the first of them.
struct Leases {
  test::TempDir dir;
  FreePorts ports;

  [[nodiscard]] Result<PortLease> take(int count, int preferred = 0) const {
    return PortLease::take(dir.path(), ports.first(count), ports[preferred]);
  }
};

// A process that runs `cat`, which is sure to have begun; it ends with its input.
class Cat {
 public:
  Cat() : input_(make_pipe().value()) {
    const auto output = make_pipe().value();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(input_.read_end.get(), STDIN_FILENO);
      ::dup2(output.write_end.get(), STDOUT_FILENO);
      ::execlp("cat", "cat", nullptr);
      ::_exit(127);
    }
    char byte = 'x';
    REQUIRE(::write(input_.write_end.get(), &byte, 1) == 1);
    REQUIRE(::read(output.read_end.get(), &byte, 1) == 1);
  }
  Cat(const Cat&) = delete;
  Cat& operator=(const Cat&) = delete;
  ~Cat() {
    input_.write_end.reset();
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  Pipe input_;
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("a port where nobody listens is free") {
  const FreePorts ports;
  CHECK(is_port_free(ports[0]));
  { const auto gone = listener_at(ports[0]); }
  CHECK(is_port_free(ports[0]));
}

TEST_CASE("a port is not free while somebody listens at one IPv4 address of it") {
  const FreePorts ports;
  for (const in_addr_t host : {INADDR_ANY, INADDR_LOOPBACK, INADDR_LOOPBACK + 1}) {
    const auto listener = listener_at(AF_INET, ipv4(ports[0], host));
    REQUIRE(listener);
    CHECK_FALSE(is_port_free(ports[0]));
    CHECK(is_port_free(ports[1]));
  }
}

TEST_CASE("a port is not free while somebody listens at one IPv6 address of it") {
  const FreePorts ports;
  for (const auto& host : {in6addr_any, in6addr_loopback}) {
    const auto listener = listener_at(AF_INET6, ipv6(ports[0], host));
    if (!listener) {
      WARN("this machine has no IPv6");
      return;
    }
    CHECK_FALSE(is_port_free(ports[0]));
    CHECK(is_port_free(ports[1]));
  }
}

TEST_CASE("a port that somebody bound for himself alone is not free before he listens") {
  const FreePorts ports;
  const auto socket = tcp_socket(AF_INET, Reuse::No);
  REQUIRE(bind_to(socket, ipv4(ports[0], INADDR_LOOPBACK)));
  CHECK_FALSE(is_port_free(ports[0]));
}

TEST_CASE("a port in TIME_WAIT is free") {
  const FreePorts ports;
  serve_one_connection(ports[0]);
  // That it is in TIME_WAIT shows in that a server without SO_REUSEADDR is refused.
  REQUIRE_FALSE(bind_to(tcp_socket(AF_INET, Reuse::No), ipv4(ports[0], INADDR_LOOPBACK)));
  CHECK(is_port_free(ports[0]));
}

TEST_CASE("what is no port is not free") {
  for (const int number : {-1, 0, 65536, 65536 + 20'000}) CHECK_FALSE(is_port_free(number));
}

TEST_CASE("a port that a user may not have is not free for that user") {
  constexpr uid_t kNobody = 65534;
  constexpr int kPrivileged = 1023;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(2);
    const auto socket = tcp_socket(AF_INET, Reuse::Yes);
    const bool may_have_it = bind_to(socket, ipv4(kPrivileged, INADDR_LOOPBACK));
    ::_exit(!may_have_it && is_port_free(kPrivileged) ? 1 : 0);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("to ask whether a port is free leaves no descriptor open") {
  const FreePorts ports;
  const auto listener = listener_at(ports[1]);
  const UniqueFd before(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(is_port_free(ports[0]));
  CHECK_FALSE(is_port_free(ports[1]));
  const UniqueFd after(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(after.get() == before.get() + 1);
}

TEST_CASE("as many leases can be taken as the range has ports and each has its own") {
  const Leases leases;
  std::set<int> ports;
  std::vector<PortLease> held;
  for (int i = 0; i < 20; ++i) {
    auto lease = leases.take(20, 7);
    REQUIRE(lease);
    CHECK(lease->is_free());
    ports.insert(lease->port());
    held.push_back(std::move(*lease));
  }
  const auto [from, to] = leases.ports.first(20);
  CHECK(ports.size() == 20);
  CHECK(*ports.begin() == from);
  CHECK(*ports.rbegin() == to);

  const auto one_more = leases.take(20, 7);
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error().code == Errc::Unavailable);
  const auto range = std::to_string(from) + "-" + std::to_string(to);
  CHECK(one_more.error().message.find("no port of " + range) == 0);
}

TEST_CASE("the preferred port comes first and those above it next and then those below") {
  const Leases leases;
  std::vector<PortLease> held;
  for (const int index : {2, 3, 0, 1}) {
    held.push_back(leases.take(4, 2).value());
    CHECK(held.back().port() == leases.ports[index]);
  }
}

TEST_CASE("a preferred port outside of the range means its beginning") {
  const Leases leases;
  for (const int index : {-1, 4, 30'000}) CHECK(leases.take(4, index)->port() == leases.ports[0]);
}

TEST_CASE("a port where somebody listens is passed over") {
  const Leases leases;
  const auto listener = listener_at(leases.ports[2]);
  CHECK(leases.take(4, 2)->port() == leases.ports[3]);
}

TEST_CASE("a lease is not free while its program listens and is again afterwards") {
  const Leases leases;
  const auto lease = leases.take(1).value();
  CHECK(lease.is_free());
  {
    const auto program = listener_at(lease.port());
    CHECK_FALSE(lease.is_free());
  }
  CHECK(lease.is_free());
}

TEST_CASE("of a range of one the error says whether the port is leased or in use") {
  const Leases leases;
  const auto port = std::to_string(leases.ports[0]);
  const auto refusal = [&] {
    const auto lease = leases.take(1);
    REQUIRE_FALSE(lease);
    CHECK(lease.error().code == Errc::Unavailable);
    return lease.error().message;
  };
  {
    const auto listener = listener_at(leases.ports[0]);
    CHECK(refusal() == "port " + port + " is in use");
  }
  const auto lease = leases.take(1);
  REQUIRE(lease);
  CHECK(refusal() == "port " + port + " is leased to another program that Poltergeist runs");
}

TEST_CASE("a lease goes with its holder and moves with it and its file stays") {
  const Leases leases;
  {
    auto lease = leases.take(2).value();
    const auto moved = std::move(lease);
    CHECK(moved.port() == leases.ports[0]);
    CHECK(leases.take(2)->port() == leases.ports[1]);
  }
  CHECK(leases.take(2)->port() == leases.ports[0]);
  CHECK(std::filesystem::exists(leases.dir / (std::to_string(leases.ports[0]) + ".lock")));
}

TEST_CASE("a killed holder leaves no lease") {
  const Leases leases;
  const auto taken = make_pipe().value();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lease = leases.take(1);
    [[maybe_unused]] const auto told = ::write(taken.write_end.get(), lease ? "y" : "n", 1);
    while (true) ::pause();
  }
  char answer = 0;
  CHECK(::read(taken.read_end.get(), &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK_FALSE(leases.take(1));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(leases.take(1));
}

TEST_CASE("a program that is executed does not keep the lease") {
  const Leases leases;
  auto lease = leases.take(1);
  REQUIRE(lease);
  const Cat program;
  CHECK_FALSE(leases.take(1));
  { const auto gone = std::move(*lease); }
  CHECK(leases.take(1));
}

TEST_CASE("a range that is none is an error that says why and leases nothing") {
  const test::TempDir dir;
  const auto message = [&](PortRange range) {
    const auto lease = PortLease::take(dir / "ports", range, range.from);
    REQUIRE_FALSE(lease);
    CHECK(lease.error().code == Errc::Invalid);
    return lease.error().message;
  };
  CHECK(message({9000, 8000}) ==
        "Invalid port range 9000-8000: it ends before it begins; write the lower port first");
  CHECK(message({0, 80}) == "Invalid port range 0-80: a port is a number from 1 to 65535");
  CHECK(message({8000, 65536}) ==
        "Invalid port range 8000-65536: a port is a number from 1 to 65535");
  CHECK(message({-5, -1}) == "Invalid port range -5--1: a port is a number from 1 to 65535");
  CHECK_FALSE(std::filesystem::exists(dir / "ports"));
}

TEST_CASE("leases are kept in a directory that is ours alone") {
  const test::TempDir dir;
  const FreePorts ports;
  struct stat status {};
  REQUIRE(PortLease::take(dir / "ports", ports.first(1), ports[0]));
  REQUIRE(::stat((dir / "ports").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);

  REQUIRE(::chmod((dir / "ports").c_str(), 0755) == 0);
  CHECK(PortLease::take(dir / "ports", ports.first(1), ports[0]).error().code == Errc::Denied);
}

TEST_CASE("a lock file that cannot be opened is told of and not taken for a lease") {
  const Leases leases;
  std::filesystem::create_directory(leases.dir / (std::to_string(leases.ports[0]) + ".lock"));
  const auto lease = leases.take(4);
  REQUIRE_FALSE(lease);
  CHECK(lease.error().code == Errc::Io);
}

TEST_CASE("the preferred port of a text is the same for ever") {
  // From the test vectors of FNV-1a: "" is cbf29ce484222325, "foobar" 85944171f73967e8.
  CHECK(preferred_port({20'000, 20'999}, "") == 20'037);
  CHECK(preferred_port({20'000, 20'999}, "foobar") == 20'968);
  CHECK(preferred_port({1, 65'535}, "foobar") == 9'769);
  CHECK(preferred_port({20'000, 20'999}, "\u00e9") == 20'617);
}

TEST_CASE("the preferred port lies in the range") {
  for (int i = 0; i < 200; ++i) {
    const int port = preferred_port({20'000, 20'002}, "target-" + std::to_string(i));
    CHECK((20'000 <= port && port <= 20'002));
  }
  CHECK(preferred_port({8080, 8080}, "web") == 8080);
}

TEST_CASE("different texts have different preferred ports for the most part") {
  std::set<int> ports;
  for (int i = 0; i < 20; ++i) {
    ports.insert(preferred_port({20'000, 29'999}, "/home/me/project:target-" + std::to_string(i)));
  }
  CHECK(ports.size() >= 19);
}

TEST_CASE("a range that is none has its beginning for a preferred port") {
  CHECK(preferred_port({9000, 8999}, "web") == 9000);
  CHECK(preferred_port({0, 65'536}, "web") == 0);
}
