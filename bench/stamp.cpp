// SPDX-License-Identifier: MIT
// The build command of the latency benchmark: its first instruction is to look at the clock, its
// second to write that down.
//
//   stamp FIFO          writes the monotonic time in nanoseconds, 8 bytes
//   stamp FIFO wait     and lives on until a signal
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

int main(int argc, char** argv) {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  if (argc < 2) return 2;
  const std::int64_t nanoseconds =
      static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  const int fifo = ::open(argv[1], O_WRONLY | O_CLOEXEC);
  if (::write(fifo, &nanoseconds, sizeof nanoseconds) != sizeof nanoseconds) return 1;
  if (argc > 2) ::pause();
  return 0;
}
