// SPDX-License-Identifier: MIT
#include "process/port_holder.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/temp_dir.h"
#include "sys/files.h"
#include "sys/unique_fd.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

const std::string kHeader =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode";
const std::string kLine =
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "647 1 00000000a19eae34 100 0 0 10 0";
const std::string kIpv6Line =
    "  12: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 18446744073709551615 1 "
    "00000000a19eae34 100 0 0 10 0";

std::string line_with(const std::string& old_text, const std::string& new_text) {
  auto line = kLine;
  return line.replace(line.find(old_text), old_text.size(), new_text);
}

// At a port that the kernel chooses.
class Socket {
 public:
  explicit Socket(int family = AF_INET) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address{};  // all zero: the wildcard and port 0 of either family
    address.sin6_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    is_there_ = ::bind(fd_.get(), generic, size) == 0;
    ::getsockname(fd_.get(), generic, &size);
    port_ = ntohs(address.sin6_port);  // in the same place in both
  }

  [[nodiscard]] bool is_there() const { return is_there_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void listen() { REQUIRE(::listen(fd_.get(), 1) == 0); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  bool is_there_ = false;
  int port_ = 0;
};

// A shell with these arguments (its name is the first) that has only the socket open besides its
// input and output. It is sure to have begun; it ends with its input.
class ShellWith {
 public:
  ShellWith(const Socket& socket, std::vector<std::string> arguments)
      : input_(make_pipe().value()) {
    const auto output = make_pipe().value();
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(input_.read_end.get(), STDIN_FILENO);
      ::dup2(output.write_end.get(), STDOUT_FILENO);
      ::fcntl(socket.fd(), F_SETFD, 0);
      ::execv("/bin/sh", argv.data());
      ::_exit(127);
    }
    REQUIRE(::write(input_.write_end.get(), "echo\n", 5) == 5);
    char byte = 0;
    REQUIRE(::read(output.read_end.get(), &byte, 1) == 1);
  }
  ShellWith(const ShellWith&) = delete;
  ShellWith& operator=(const ShellWith&) = delete;
  ~ShellWith() {
    input_.write_end.reset();
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Pipe input_;
  pid_t pid_ = -1;
};

// What is found when a shell with these arguments is the only one that listens.
PortHolder holder_with(const std::vector<std::string>& arguments) {
  Socket socket;
  socket.listen();
  const ShellWith shell(socket, arguments);
  socket.close();
  const auto holder = holder_of_port(socket.port());
  REQUIRE(holder);
  CHECK(holder->pid == shell.pid());
  return *holder;
}

}  // namespace

TEST_CASE("a line of the kernel's table of TCP sockets tells the port and the inode") {
  CHECK(parse_tcp_line(kLine) == ListeningSocket{8080, 647});
  CHECK(parse_tcp_line(kIpv6Line) == ListeningSocket{80, 18446744073709551615U});
  CHECK(parse_tcp_line(line_with(":1F90", ":FFFF"))->port == 65535);
}

TEST_CASE("only what listens is a listening socket") {
  const auto connected = line_with(" 0A ", " 01 ");
  const auto in_time_wait = line_with(" 0A ", " 06 ");
  CHECK_FALSE(parse_tcp_line(connected));
  CHECK_FALSE(parse_tcp_line(in_time_wait));
  CHECK_FALSE(parse_tcp_line(line_with(" 647 ", " 0 ")));
}

TEST_CASE("what is no line of that table is nothing") {
  CHECK_FALSE(parse_tcp_line(""));
  CHECK_FALSE(parse_tcp_line("          "));
  CHECK_FALSE(parse_tcp_line(kHeader));
  CHECK_FALSE(parse_tcp_line("1 2 3 4 5 6 7 8 9 10 11 12"));
  CHECK_FALSE(parse_tcp_line(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0", 12)));
  const auto needed = kLine.find("647");
  for (std::size_t size = 0; size <= needed; ++size) {
    CHECK_FALSE(parse_tcp_line(std::string_view(kLine).substr(0, size)));
  }
}

TEST_CASE("an address that is none is nothing") {
  for (const auto* address :
       {"0100007F", "0100007F:", ":1F90", "0100007F:1F9", "0100007F:1F901", "0100007F:0000",
        "0100007F:1F9x", "0100007F:-1F9", "0100007F:+1F9", "0100007:1F90", "0100007x:1F90",
        "127.0.0.1:8080", "0100007F:1F90:1F90", "0000000000000000:1F90"}) {
    INFO(address);
    CHECK_FALSE(parse_tcp_line(line_with("0100007F:1F90", address)));
  }
}

TEST_CASE("an inode that is none is nothing") {
  for (const auto* inode : {"-647", "+647", "0x647", "64.7", "18446744073709551616"}) {
    INFO(inode);
    CHECK_FALSE(parse_tcp_line(line_with("647", inode)));
  }
}

TEST_CASE("a process that listens is found by its port") {
  CHECK(holder_with({"sh", "-s", "server.js", "--port"}).command == "sh -s server.js --port");
}

TEST_CASE("a process that listens with IPv6 is found by its port") {
  Socket socket(AF_INET6);
  if (!socket.is_there()) {
    WARN("this machine has no IPv6");
    return;
  }
  socket.listen();
  const ShellWith shell(socket, {"sh"});
  socket.close();
  CHECK(holder_of_port(socket.port()) == PortHolder{shell.pid(), "sh"});
}

TEST_CASE("a command is one line without what a terminal would obey") {
  CHECK(holder_with({"\x1b[2Ja\tserver\n", "-s", "of\nours\a \n"}).command ==
        "a server  -s of ours");
}

TEST_CASE("a long command is cut between two characters") {
  std::string long_text = "x";
  for (int i = 0; i < 300; ++i) long_text += "\u20ac";  // three bytes
  const auto command = holder_with({"sh", "-s", long_text}).command;
  CHECK(command.size() <= kLongestCommand);
  CHECK(command.size() > kLongestCommand - 3);
  CHECK(("sh -s " + long_text).starts_with(command));
  CHECK(to_utf8(command) == command);
}

TEST_CASE("a command without words is called as the kernel calls it") {
  CHECK(holder_with({""}).command == "sh");
}

TEST_CASE("of several who share a socket one is found") {
  Socket socket;
  socket.listen();
  const ShellWith one(socket, {"one"});
  const ShellWith other(socket, {"other"});
  socket.close();
  const auto holder = holder_of_port(socket.port());
  REQUIRE(holder);
  CHECK(holder->pid == std::min(one.pid(), other.pid()));
}

TEST_CASE("a port where nobody listens has no holder") {
  Socket socket;
  REQUIRE(socket.is_there());
  CHECK_FALSE(holder_of_port(socket.port()));  // bound, but nothing more
  socket.listen();
  CHECK(holder_of_port(socket.port())->pid == ::getpid());
  socket.close();
  CHECK_FALSE(holder_of_port(socket.port()));
  for (const int number : {-1, 0, 65536}) CHECK_FALSE(holder_of_port(number));
}

TEST_CASE("a holder is described by its pid and its command") {
  CHECK(describe({4711, "node server.js"}) == "pid 4711 (node server.js)");
  CHECK(describe({4711, ""}) == "pid 4711");
}

TEST_CASE("who listens at a local socket is found and nobody where nobody does") {
  const test::TempDir dir;
  const auto path = dir / "app.sock";
  CHECK(holder_of_socket(path) == std::nullopt);
  {
    const auto socket = bind_at(path).value();
    CHECK(holder_of_socket(path) == std::nullopt);
    REQUIRE(::listen(socket.get(), 1) == 0);
    const auto holder = holder_of_socket(path);
    REQUIRE(holder);
    CHECK(holder->pid == ::getpid());
    CHECK_THAT(holder->command, Catch::Contains("process_test"));
  }
  CHECK(holder_of_socket(path) == std::nullopt);
}

TEST_CASE("a line of the kernel's table of local sockets tells the inode and the path") {
  const std::string line = "00000000a19eae34: 00000002 00000000 00010000 0001 01 31241 ";
  CHECK(parse_unix_line(line + "/tmp/s") == BoundSocket{31241, "/tmp/s"});
  CHECK(parse_unix_line(line + "/tmp/with  blanks ") == BoundSocket{31241, "/tmp/with  blanks "});
  // Connected, without a path, without anybody, cut off, and the heading.
  CHECK_FALSE(parse_unix_line("a19e: 00000003 00000000 00000000 0001 03 31241 /tmp/s"));
  CHECK_FALSE(parse_unix_line("a19e: 00000002 00000000 00010000 0001 01 31241"));
  CHECK_FALSE(parse_unix_line("a19e: 00000002 00000000 00010000 0001 01 0 /tmp/s"));
  CHECK_FALSE(parse_unix_line("a19e: 00000002 00000000 00010000"));
  CHECK_FALSE(parse_unix_line("Num       RefCount Protocol Flags    Type St Inode Path"));
  CHECK_FALSE(parse_unix_line(""));
}

TEST_CASE("who listens at a path is found also when its file was removed and others are not") {
  const test::TempDir dir;
  CHECK_FALSE(listener_bound_to(dir / "a socket"));
  auto listener = listen_at(dir / "a socket").value();
  const auto other = listen_at(dir / "another").value();
  REQUIRE(listener_bound_to(dir / "a socket"));
  CHECK(listener_bound_to(dir / "a socket")->pid == ::getpid());
  std::filesystem::remove(dir / "a socket");
  REQUIRE(listener_bound_to(dir / "a socket"));
  CHECK(listener_bound_to(dir / "a socket")->pid == ::getpid());
  listener.reset();
  CHECK_FALSE(listener_bound_to(dir / "a socket"));
}

TEST_CASE("whoever listens at the same path of other mounts is another one") {
  const test::TempDir dir;
  auto ready = make_pipe().value();
  auto end = make_pipe().value();
  const pid_t child = ::fork();
  if (child == 0) {
    end.write_end.reset();
    const bool apart = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    const auto listener = listen_at(dir / "s");
    const char word = apart && listener ? 'y' : 'n';
    [[maybe_unused]] const auto said = ::write(ready.write_end.get(), &word, 1);
    char byte = 0;
    [[maybe_unused]] const auto over = ::read(end.read_end.get(), &byte, 1);
    ::_exit(0);
  }
  char word = 0;
  REQUIRE(::read(ready.read_end.get(), &word, 1) == 1);
  if (word != 'y') {
    WARN("SKIPPED: no mount namespace of one's own is permitted");
  } else {
    CHECK_FALSE(listener_bound_to(dir / "s"));
    const auto ours = listen_at(dir / "s").value();
    REQUIRE(listener_bound_to(dir / "s"));
    CHECK(listener_bound_to(dir / "s")->pid == ::getpid());
  }
  end.write_end.reset();
  ::waitpid(child, nullptr, 0);
}
