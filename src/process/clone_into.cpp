// SPDX-License-Identifier: MIT
#include "process/clone_into.h"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

namespace poltergeist::process {

namespace {

struct Birth {
  int (*main)(void*) = nullptr;
  void* argument = nullptr;
  volatile bool is_born = false;  // written by the child, whose memory is ours
};

POLTERGEIST_UNCHECKED int begin(void* argument) {
  auto& birth = *static_cast<Birth*>(argument);
  birth.is_born = true;
  return birth.main(birth.argument);
}

// The child has registers like ours and an empty stack: it must not come back to where our caller
// waits, so the way to `main` begins right behind the system call.
POLTERGEIST_UNCHECKED long clone3(clone_args& arguments, int (*main)(void*), void* argument) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[argument], %%rdi\n\t"
      "callq *%[main]\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [main] "r"(main), [argument] "r"(argument)
      : "rcx", "r11", "cc", "memory");
  return result;
#elif defined(__aarch64__)
  register long result asm("x0") = reinterpret_cast<long>(&arguments);
  register long size asm("x1") = sizeof arguments;
  register long call asm("x8") = SYS_clone3;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[argument]\n\t"
      "blr %[main]\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(call), [main] "r"(main), [argument] "r"(argument)
      : "cc", "memory");
  return result;
#else
  static_cast<void>(arguments);
  static_cast<void>(main);
  static_cast<void>(argument);
  return -ENOSYS;
#endif
}

}  // namespace

pid_t clone_into(int cgroup, std::span<std::byte> stack, int (*main)(void*), void* argument,
                 int& pidfd) {
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_INTO_CGROUP;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack.data());
  arguments.stack_size = stack.size();
  arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  Birth birth{main, argument};
  long result = clone3(arguments, begin, &birth);
  if (result > 0 && !birth.is_born) {
    siginfo_t ended{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &ended, WEXITED);
    ::close(std::exchange(pidfd, -1));
    result = -ECHILD;
  }
  if (result >= 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace poltergeist::process
