// SPDX-License-Identifier: MIT
// What stands beside us in the latency benchmark: the shortest loop that watches one directory with
// inotify and runs `sh -c COMMAND` after each write. No settling, no state, no second directory.
//
//   bare_loop DIRECTORY COMMAND     prints "ready" when it watches; runs until it is killed
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

extern char** environ;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int queue = ::inotify_init1(IN_CLOEXEC);
  if (queue < 0 || ::inotify_add_watch(queue, argv[1], IN_CLOSE_WRITE | IN_MOVED_TO) < 0) return 1;
  std::puts("ready");
  std::fflush(stdout);
  char shell[] = "sh";
  char flag[] = "-c";
  char* command[] = {shell, flag, argv[2], nullptr};
  alignas(inotify_event) char events[4096];
  while (::read(queue, events, sizeof events) > 0) {
    pid_t child = 0;
    if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, command, environ) != 0) return 1;
    ::waitpid(child, nullptr, 0);
  }
  return 0;
}
