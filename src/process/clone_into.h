// SPDX-License-Identifier: MIT
// A child process that begins in a cgroup. The C library has no call for it (clone3), and to move a
// process after it was born takes the kernel 9 to 30 ms: it waits until no processor forks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

// For what the child executes on memory that it shares with us: its frames are nobody's to check.
#define POLTERGEIST_UNCHECKED __attribute__((no_sanitize("address", "undefined", "thread")))

namespace poltergeist::process {

// As clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD), but the child is born a member of
// `cgroup`, a descriptor of its directory: it shares our memory, executes `main` on `stack`, and
// until it has executed a program or ended, this does not return. `main` does not return at all.
// −1 with errno: ENOSYS where this does not know how (other processors than x86-64 and AArch64),
// ECHILD if it was killed before its first instruction, else what the kernel says; Linux before 5.7
// says E2BIG or EINVAL.
//
// Killed at birth is, at least by Linux 6.18, who is born in a cgroup that was killed (cgroup.kill)
// more often than ours, or less often: the kernel compares the two where it looks for a kill that
// the child has missed.
[[nodiscard]] pid_t clone_into(int cgroup, std::span<std::byte> stack, int (*main)(void*),
                               void* argument, int& pidfd);

}  // namespace poltergeist::process
