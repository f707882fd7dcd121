// SPDX-License-Identifier: MIT
// One function per verb, for the table in cli/verbs.cpp; each in its verb_<name>.cpp.
#pragma once

#include "cli/arguments.h"

namespace poltergeist::cli {

[[nodiscard]] int verb_build(Arguments& arguments);
[[nodiscard]] int verb_clean(Arguments& arguments);
[[nodiscard]] int verb_completion(Arguments& arguments);
[[nodiscard]] int verb_doctor(Arguments& arguments);
[[nodiscard]] int verb_errors(Arguments& arguments);
[[nodiscard]] int verb_events(Arguments& arguments);
[[nodiscard]] int verb_exec(Arguments& arguments);
[[nodiscard]] int verb_haunt(Arguments& arguments);
[[nodiscard]] int verb_health(Arguments& arguments);
[[nodiscard]] int verb_init(Arguments& arguments);
[[nodiscard]] int verb_list(Arguments& arguments);
[[nodiscard]] int verb_logs(Arguments& arguments);
[[nodiscard]] int verb_pause(Arguments& arguments);
[[nodiscard]] int verb_restart(Arguments& arguments);
[[nodiscard]] int verb_resume(Arguments& arguments);
[[nodiscard]] int verb_runner(Arguments& arguments);
[[nodiscard]] int verb_schema(Arguments& arguments);
[[nodiscard]] int verb_status(Arguments& arguments);
[[nodiscard]] int verb_stop(Arguments& arguments);
[[nodiscard]] int verb_task(Arguments& arguments);
[[nodiscard]] int verb_trust(Arguments& arguments);
[[nodiscard]] int verb_validate(Arguments& arguments);
[[nodiscard]] int verb_version(Arguments& arguments);
[[nodiscard]] int verb_wait(Arguments& arguments);
[[nodiscard]] int verb_why(Arguments& arguments);
// All words are polter's own; `argv[0]` is the verb.
[[nodiscard]] int verb_polter(int argc, char** argv);

}  // namespace poltergeist::cli
