// SPDX-License-Identifier: MIT
// Starts a program: the only place of the product that does. spawn() returns when the program runs
// or when it is known that it does not, so "no such program" is an error here and never an exit
// code 127.
//
// The child begins with an empty signal mask, default dispositions, descriptors 0–2 and those that
// its plan passes on, and nothing else, whatever this process was started with; it shares memory
// with us until exec (like vfork), so a large daemon starts programs as fast as a small one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "process/child.h"

namespace poltergeist::process {

// Where a standard stream of the child leads.
struct Stream {
  enum class Kind {
    DevNull,
    Inherit,    // ours of the same number
    Pipe,       // a new one, whose other end the Child holds (output streams only)
    SameAsOut,  // stderr only: wherever stdout leads
    Fd          // a descriptor of the caller's, borrowed until spawn() returns
  };
  Kind kind = Kind::DevNull;
  int fd = -1;  // with Kind::Fd

  [[nodiscard]] static constexpr Stream dev_null() { return {Kind::DevNull, -1}; }
  [[nodiscard]] static constexpr Stream inherit() { return {Kind::Inherit, -1}; }
  [[nodiscard]] static constexpr Stream pipe() { return {Kind::Pipe, -1}; }
  [[nodiscard]] static constexpr Stream same_as_out() { return {Kind::SameAsOut, -1}; }
  [[nodiscard]] static constexpr Stream to(int fd) { return {Kind::Fd, fd}; }
};

// A descriptor of the caller's, borrowed until spawn() returns, that the child has, too.
struct PassedFd {
  int fd = -1;
  std::string name;  // for LISTEN_FDNAMES: no ':' and no control characters
};

enum class Group {
  NewSession,  // no controlling terminal: nothing of it can read the keyboard or be stopped by it
  NewGroup,    // the leader of a process group in our session
  Foreground,  // NewGroup, and the terminal `SpawnPlan::terminal` is handed to it before it starts
  Same         // our own group: a signal from the terminal reaches it as it reaches us
};

enum class Role {
  // A part of us: it carries the marks of its unit (containment.h), the kernel kills its leader if
  // this
  // process dies, and when memory runs out it goes before we do (oom_score_adj +300).
  Unit,
  // Its own master, such as the daemon that `polter` starts: none of these, and letting go of its
  // Child
  // neither kills nor awaits it.
  Independent
};

struct SpawnPlan {
  // argv[0] with a slash is a path, relative to *our* working directory; without one it is looked
  // up along the PATH of `env`.
  std::vector<std::string> argv;
  // What is executed in its place, which goes on being called argv[0]; absolute, empty: nothing.
  std::filesystem::path executed = {};
  std::filesystem::path cwd;     // empty: ours
  std::vector<std::string> env;  // the whole environment, "NAME=value"; see environment.h
  Stream in = Stream::dev_null();
  Stream out = Stream::dev_null();
  Stream err = Stream::dev_null();
  // In the child 3, 4, … in this order, told by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES as
  // sd_listen_fds(3) reads them. Without any, none of these variables reaches the child, whatever
  // `env` says: they would speak of somebody else's descriptors.
  std::vector<PassedFd> passed;
  Group group = Group::NewSession;
  int terminal = 0;  // with Group::Foreground
  Role role = Role::Unit;
  // It has a cgroup of its own where its Orphanage can make one (Unit::start() sees to it). For
  // what lives long or may leave much behind: a start and an end take 20 to 40 µs more.
  bool in_cgroup = false;
};

// Errc::NotFound: no such program, interpreter or directory. Errc::Denied: not executable.
// Errc::Busy: its file is open for writing (ETXTBSY), or the system is out of processes for the
// moment: worth another try. The message names the program and the step that failed. `leaf` is
// where a unit begins; without one, or if that cannot be, it begins in our own cgroup.
[[nodiscard]] Result<Child> spawn(const SpawnPlan& plan, CgroupLeaf leaf = {});

}  // namespace poltergeist::process
