// SPDX-License-Identifier: MIT
// This file is a table.
#include "config/keys_auto_run.h"

#include <array>

#include "config/key_names.h"

namespace poltergeist::config {

namespace {

using enum ValueType;

constexpr auto kReadyConditions = choices("port", "http", "logLine", "exec");

constexpr Key kReadyWhenKeys[] = {
    {.name = "port",
     .type = OwnPort,
     .meaning = "Its port accepts connections on the loopback; a number: that one does."},
    {.name = "http",
     .meaning = "`GET` of this path on its port is answered with 200 to 399: `\"/health\"`.",
     .not_empty = true},
    {.name = "logLine",
     .meaning =
         "A line of its output matches this [pattern](https://github.com/google/re2/wiki/Syntax). "
         "`polter --watch` cannot see the output, and takes it for ready.",
     .not_empty = true},
    {.name = "exec",
     .meaning = "This line for `/bin/sh -c` exits by 0; it is tried again and again.",
     .not_empty = true},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "A program that is not ready by then is stopped and has failed; 0: it may take as "
                "long as it takes.",
     .preset = "30",
     .most = kMostSeconds},
};
constexpr Section kReadyWhen = {"targets[].autoRun.readyWhen",
                                "When the program is `running`, and its sidecar is started.",
                                kReadyWhenKeys, kReadyConditions};

constexpr Key kAutoRunKeys[] = {
    {.name = "enabled",
     .type = Flag,
     .meaning =
         "Keep the built program running: start it after the first good build, restart it after "
         "each newer one.",
     .preset = "false"},
    {.name = "command",
     .meaning =
         "The program to start instead of the target's `outputPath`. It is run without a shell.",
     .not_empty = true,
     .substituted = true},
    {.name = "args",
     .type = TextList,
     .meaning = "Its arguments.",
     .preset = "[]",
     .substituted = true},
    {.name = "restartSignal",
     .type = Signal,
     .meaning = "What asks the program to end: `SIGTERM`, `TERM` or a number.",
     .preset = "\"SIGINT\""},
    {.name = "restartDelayMs",
     .type = Milliseconds,
     .meaning =
         "Time between a good build and the restart; builds that end meanwhile are one restart.",
     .preset = "250",
     .most = kMostMilliseconds},
    {.name = "stopTimeoutMs",
     .type = Milliseconds,
     .meaning = "Time between that signal and `SIGKILL`; also of the sidecar.",
     .preset = "5000",
     .most = kMostMilliseconds},
    {.name = "onExit",
     .type = Choice,
     .meaning =
         "A program that exits by itself waits for the next good build, or is started again: "
         "after 250 ms, then twice as long each time, 30 s at most; after five exits within a "
         "minute it waits all the same.",
     .preset = "\"wait\"",
     .choices = kNames<kOnExit>},
    {.name = "rollback",
     .type = Flag,
     .meaning = "A new program that exits within 5 s, or is not ready in time, is replaced by that "
                "of the last good build ([rollback](runners.md#rollback)). It needs launch images.",
     .preset = "false"},
    {.name = "launchImage",
     .type = Flag,
     .meaning = "Start a private copy of the built program, so that a build may overwrite the "
                "original at any time ([launch images](runners.md#launch-images)). `false` for one "
                "that has to run from its path.",
     .preset = "true"},
    {.name = "env",
     .type = TextMap,
     .meaning = "Environment variables of the program and its sidecar, over those of the target.",
     .preset = "{}",
     .substituted = true},
    {.name = "port",
     .type = PortChoice,
     .meaning =
         "Where a free port is looked for; without it the program's is the one that `listen` "
         "names, "
         "or one from 3000 to 9999, if somebody needs one. `{port}` in `command`, `args`, `env`, "
         "`listen`, `postRun`, `cleanup` "
         "and `readyWhen.exec` becomes that port, and `POLTERGEIST_PORT` is it. It stays the "
         "same over restarts, and no other runner of yours gets it.",
     .not_empty = true,
     .substituted = true},
    {.name = "portFile",
     .meaning =
         "The program chooses its port by itself and writes it to this file, relative to the "
         "root; `{port}` in `postRun`, `cleanup` and `readyWhen` is what it wrote, and it is "
         "not ready before.",
     .not_empty = true,
     .substituted = true},
    {.name = "listen",
     .type = TextList,
     .meaning =
         "Sockets that are held open for the program and handed to it at each launch, as systemd "
         "does (`LISTEN_FDS`), so that [no connection is "
         "refused](runners.md#no-refused-connection) "
         "while it is restarted: `\"8080\"` (all addresses), `\"127.0.0.1:8080\"`, "
         "`\"[::1]:8080\"`, `\"127.0.0.1:{port}\"`, or a path with a slash, relative to the root: "
         "`\"./run/app.sock\"`. No host names.",
     .preset = "[]",
     .not_empty = true,
     .substituted = true},
    {.name = "readyWhen",
     .type = Object,
     .meaning = "When the program is ready. Without it: when it is started.",
     .section = &kReadyWhen},
    {.name = "postRun",
     .meaning = "The sidecar: a line for `bash -c` that is started when the program is ready, and "
                "stopped behind it.",
     .not_empty = true},
    {.name = "postRunOnRestart",
     .type = Choice,
     .meaning = "With the program the sidecar is restarted, too, or kept until the runner is "
                "stopped (a tunnel keeps its address).",
     .preset = "\"restart\"",
     .choices = kNames<kOnRestart>},
    {.name = "cleanup",
     .meaning = "A line for `bash -c` that is executed before the program is stopped for good, not "
                "before a restart.",
     .not_empty = true},
    {.name = "cleanupTimeoutSeconds",
     .type = Seconds,
     .meaning = "How long it may take.",
     .preset = "5",
     .most = kMostSeconds},
};

}  // namespace

const Section kAutoRun = {"targets[].autoRun",
                          "The program that a target builds, kept running ([runners](runners.md)). "
                          "`polter <target> --watch` uses the same settings.",
                          kAutoRunKeys};

}  // namespace poltergeist::config
