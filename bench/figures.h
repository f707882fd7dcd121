// SPDX-License-Identifier: MIT
// What the tables of `whole` and `trees` share: rows, trees, what a process has taken, and the time
// from an edit to its command beside a bare loop's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "measure.h"
#include "support/test_project.h"

namespace poltergeist::bench {

void head();
void row(const std::string& what, const std::string& ours, const std::string& beside,
         const std::string& verdict, const std::string& goal);

// How long it takes, in ms; the end of the program if it fails.
[[nodiscard]] double milliseconds_of(const test::Call& call);

[[nodiscard]] long memory_kib(pid_t pid);
[[nodiscard]] long voluntary_switches(pid_t pid);
[[nodiscard]] std::int64_t processor_ns(pid_t pid);
// Waits until it has slept for a second.
void await_rest(pid_t pid);

struct TreeSize {
  int files;
  int directories;
};
[[nodiscard]] std::string text_of(TreeSize size);
// src/d<n>/e<m>/f<k>.c, one byte each.
void make_tree(const test::TestProject& project, TreeSize size);
[[nodiscard]] std::string tree_directory(int number);

// `haunt` of a project with such a tree until it watches, beside a bare walk; medians, in ms.
struct ColdStart {
  double ours = 0;
  double bare = 0;
  long memory_kib = 0;
};
[[nodiscard]] ColdStart cold_start_of(const test::TestProject& project, int rounds);

// Of a daemon once it is at rest.
[[nodiscard]] long wake_ups_of(pid_t daemon, int seconds);

struct EditTimes {
  std::vector<double> ours;
  std::vector<double> bare;
};
// Without a window, in a tree of that size beside as large a one with a bare loop.
[[nodiscard]] EditTimes edits_without_window(TreeSize size, int rounds);
[[nodiscard]] std::vector<double> edits_with_window(int rounds);

}  // namespace poltergeist::bench
