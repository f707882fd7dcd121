// SPDX-License-Identifier: MIT
// A server of the kind that systemd starts: `socket_app WORD` takes the sockets that it was passed
// and answers each connection by WORD. Told to end, it answers what it has accepted and exits by 0;
// 9: it was passed none. What it does not accept is the next one's.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int kFirstPassed = 3;

// As sd_listen_fds() does.
int number_of_passed() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* fds = std::getenv("LISTEN_FDS");
  if (pid == nullptr || fds == nullptr || std::atoi(pid) != ::getpid()) return 0;
  return std::atoi(fds);
}

int told_to_end() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  const int passed = number_of_passed();
  if (passed == 0) return 9;
  std::vector<pollfd> events;
  for (int i = 0; i < passed; ++i) events.push_back({kFirstPassed + i, POLLIN, 0});
  events.push_back({told_to_end(), POLLIN, 0});
  while (true) {
    if (::poll(events.data(), events.size(), -1) < 0) return 1;
    if (events.back().revents != 0) return 0;
    for (const auto& event : events) {
      if (event.revents == 0) continue;
      const int client = ::accept(event.fd, nullptr, nullptr);
      if (client < 0) return 2;
      [[maybe_unused]] const auto sent = ::send(client, word.data(), word.size(), MSG_NOSIGNAL);
      ::close(client);
    }
  }
}
