// SPDX-License-Identifier: MIT
// `polter T [args]`: waits until target T is fresh, then becomes its program by execve, so that
// exit status, signals, terminal and working directory are the program's own. Never runs an
// artifact that is older than the tree was at the call; if it cannot know, it says so and exits 3.
//
// Everything we have to say goes to stderr; stdout belongs to the program (and to --help).
#pragma once

namespace poltergeist::polter {

// The program `polter` and the verb `poltergeist polter`: argv[0] is the program's name, the rest
// is as docs/cli.md says. Returns the exit code, or does not return: then the process is the
// target's program. Needs one thread and no other descriptors than those with close-on-exec.
[[nodiscard]] int polter_main(int argc, char** argv);

}  // namespace poltergeist::polter
