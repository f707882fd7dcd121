// SPDX-License-Identifier: MIT
// This file is a table: every key of the configuration, innermost sections first.
#include "config/keys.h"

#include <algorithm>
#include <array>

#include "config/key_names.h"
#include "config/keys_auto_run.h"

namespace poltergeist::config {

namespace {

using enum ValueType;

constexpr auto kVersions = choices("1.0");
constexpr auto kRunOn = choices("success", "failure", "always");
constexpr auto kPlatforms = choices("macos", "ios", "tvos", "watchos", "visionos");
constexpr auto kRuleActions = choices("ignore");
constexpr auto kProfiles = choices("conservative", "balanced", "aggressive");
constexpr auto kFormatters = choices("auto", "none", "swift", "ts");
constexpr auto kHookKinds = choices("command", "task");
constexpr auto kPlacements = choices("summary", "row");

constexpr TypeSet kAll = TypeSet::all();
constexpr TypeSet kBundles(TargetType::AppBundle, TargetType::Framework);
constexpr TypeSet kDocker(TargetType::Docker);
constexpr TypeSet kNpm(TargetType::Npm);
constexpr TypeSet kTest(TargetType::Test);
constexpr TypeSet kCMake(TargetType::CMakeExecutable, TargetType::CMakeLibrary,
                         TargetType::CMakeCustom);
constexpr TypeSet kOwnCommand(TargetType::Executable, TargetType::AppBundle, TargetType::Library,
                              TargetType::Framework, TargetType::Docker, TargetType::Custom);
constexpr TypeSet kStartable = kAll.without(TypeSet(TargetType::Library, TargetType::Framework,
                                                    TargetType::Test, TargetType::CMakeLibrary));

// ---- targets[]
// -------------------------------------------------------------------------------------

constexpr Key kExitCodeKeys[] = {
    {.name = "success",
     .type = CountList,
     .meaning = "The exit codes of success.",
     .preset = "[0]",
     .most = 255,
     .not_empty = true},
    {.name = "retry",
     .type = CountList,
     .meaning = "Those of a failure that may be over soon. One in neither list is a failure.",
     .preset = "[]",
     .most = 255},
};
constexpr Section kTargetExitCodes = {"targets[].exitCodes", "What the build's exit code says.",
                                      kExitCodeKeys};
constexpr Section kTaskExitCodes = {"tasks[].exitCodes", "What the task's exit code says.",
                                    kExitCodeKeys};

constexpr Key kPostBuildKeys[] = {
    {.name = "name",
     .meaning = "What the hook is called in `status`.",
     .required = kAll,
     .not_empty = true},
    {.name = "command",
     .meaning =
         "A line for `/bin/sh -c`. Its last line may be `POLTERGEIST_POSTBUILD_RESULT:` followed "
         "by JSON.",
     .not_empty = true},
    {.name = "task",
     .meaning = "The name of a task of the project, which is executed instead.",
     .not_empty = true},
    {.name = "input",
     .type = FreeObject,
     .meaning = "The task's input.",
     .preset = "{}",
     .only_with = "task"},
    {.name = "runOn",
     .type = Choices,
     .meaning = "The results after which it runs.",
     .preset = "\"success\"",
     .choices = kRunOn},
    {.name = "formatter",
     .meaning = "A line for `/bin/sh -c` that reads the command's output and prints the result.",
     .only_with = "command"},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "After this time it is stopped; 0: never.",
     .preset = "0",
     .most = kMostSeconds,
     .only_with = "command"},
    {.name = "env",
     .type = TextMap,
     .meaning = "Environment variables of the command.",
     .preset = "{}",
     .substituted = true,
     .only_with = "command"},
    {.name = "cwd",
     .meaning = "Its working directory, relative to the root.",
     .preset = "\"\"",
     .substituted = true,
     .only_with = "command"},
    {.name = "maxLines",
     .type = Count,
     .meaning = "How many lines of its result are kept.",
     .preset = "5",
     .most = 1000},
};
constexpr Section kPostBuild = {
    "targets[].postBuild[]",
    "Commands and tasks that run after a build, one after the other. A newer build "
    "cancels those of an older one.",
    kPostBuildKeys, kHookKinds};

constexpr Key kTargetKeys[] = {
    {.name = "name",
     .meaning =
         "Letters, digits, `.`, `_`, `-` and blanks, at most 64, beginning with a letter or a "
         "digit. Names that differ only in case or in these separators are one name.",
     .required = kAll,
     .not_empty = true},
    {.name = "type",
     .type = Choice,
     .meaning = "What kind of thing it is; decides which other keys it knows.",
     .choices = kNames<kTargetTypes>,
     .required = kAll},
    {.name = "enabled",
     .type = Flag,
     .meaning = "Build it when its sources change. `polter` and `build` work without.",
     .preset = "true"},
    {.name = "buildCommand",
     .meaning = "A line for `/bin/sh -c`, run in the root or in `cwd`.",
     .required = kOwnCommand,
     .without_effect = kAll.without(kOwnCommand),
     .not_empty = true},
    {.name = "outputPath",
     .meaning = "What the build leaves behind and `polter` runs, relative to the root or absolute. "
                "Where it "
                "is given, it must exist after a build. It is never watched.",
     .types = kAll.without(kTest),
     .required = TypeSet(TargetType::Executable, TargetType::Library, TargetType::Framework),
     .not_empty = true,
     .substituted = true},
    {.name = "watchPaths",
     .type = TextList,
     .meaning =
         "Globs relative to the root: `*`, `?`, `[...]`, `{a,b}`, `**`. A plain directory means "
         "everything below it; a leading `!` excludes.",
     .required = kAll,
     .not_empty = true},
    {.name = "dependsOn",
     .type = TextList,
     .meaning = "Targets that are built before this one. While one of them fails, this one waits.",
     .preset = "[]",
     .not_empty = true},
    {.name = "settlingDelay",
     .type = Milliseconds,
     .meaning =
         "How long this target's files must be quiet before it is built. Without it: that of the "
         "`watcher`.",
     .most = kMostMilliseconds},
    {.name = "maxSettlingDelay",
     .type = Milliseconds,
     .meaning = "How long steady changes can put off a build. Without it: that of the `watcher`.",
     .most = kMostMilliseconds},
    {.name = "debounceInterval",
     .type = Milliseconds,
     .meaning = "`settlingDelay` does this.",
     .most = kMostMilliseconds,
     .without_effect = kAll},
    {.name = "env",
     .type = TextMap,
     .meaning = "Environment variables of the build and of the program.",
     .preset = "{}",
     .old_name = "environment",
     .substituted = true},
    {.name = "cwd",
     .meaning = "The working directory of the build, relative to the root.",
     .preset = "\"\"",
     .substituted = true},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "After this time a build is stopped and has failed; 0: never.",
     .preset = "0",
     .most = kMostSeconds},
    {.name = "gracePeriodSeconds",
     .type = Seconds,
     .meaning = "Time between `SIGTERM` and `SIGKILL` when a build is stopped.",
     .preset = "10",
     .most = kMostSeconds},
    {.name = "maxRetries",
     .type = Count,
     .meaning = "How often a failed build is tried again while nothing newer is to be built.",
     .preset = "0",
     .most = 1000},
    {.name = "backoffMultiplier",
     .type = Number,
     .meaning =
         "The first retry waits one second, each further one this many times longer, 30 s at most.",
     .preset = "2",
     .most = 1000},
    {.name = "exitCodes",
     .type = Object,
     .meaning = "What the build's exit code says.",
     .section = &kTargetExitCodes},
    {.name = "postBuild",
     .type = ObjectList,
     .meaning = "Commands and tasks that run after a build.",
     .preset = "[]",
     .section = &kPostBuild},
    {.name = "autoRun",
     .type = Object,
     .meaning = "Keep the built program running.",
     .section = &kAutoRun,
     .types = kStartable},
    {.name = "icon", .meaning = "A picture for notifications.", .substituted = true},
    {.name = "group", .meaning = "Targets of one group stand together in lists."},
    {.name = "logChannels",
     .type = TextList,
     .meaning = "Further logs of this target, by name.",
     .preset = "[]",
     .not_empty = true},
    {.name = "bundleId",
     .meaning = "The identifier of the bundle.",
     .types = TypeSet(TargetType::AppBundle),
     .required = TypeSet(TargetType::AppBundle),
     .not_empty = true},
    {.name = "platform",
     .type = Choice,
     .meaning = "The platform of the bundle.",
     .choices = kPlatforms,
     .types = kBundles},
    {.name = "autoRelaunch",
     .type = Flag,
     .meaning = "Bundles are not relaunched here: use `autoRun`.",
     .types = TypeSet(TargetType::AppBundle),
     .without_effect = kAll},
    {.name = "launchCommand",
     .meaning = "Bundles are not relaunched here: use `autoRun`.",
     .types = TypeSet(TargetType::AppBundle),
     .without_effect = kAll},
    {.name = "testCommand",
     .meaning = "A line for `/bin/sh -c`; its exit code is the result.",
     .types = kTest,
     .required = kTest,
     .not_empty = true},
    {.name = "coverageFile",
     .meaning = "Where the tests leave their coverage.",
     .types = kTest,
     .substituted = true},
    {.name = "buildScript",
     .meaning = "The script of `package.json` that builds.",
     .preset = "\"build\"",
     .types = kNpm,
     .not_empty = true},
    {.name = "packageManager",
     .type = Choice,
     .meaning = "Who runs it; `auto` goes by the lock file.",
     .preset = "\"auto\"",
     .choices = kNames<kPackageManagers>,
     .types = kNpm},
    {.name = "outputPaths",
     .type = TextList,
     .meaning = "What must exist after a build, relative to the root or absolute.",
     .preset = "[]",
     .types = kNpm,
     .not_empty = true,
     .substituted = true},
    {.name = "installOnChange",
     .type = Flag,
     .meaning = "Install packages before the build when `package.json` or a lock file has changed.",
     .preset = "true",
     .types = kNpm},
    {.name = "targetName",
     .meaning = "The target of CMake to build.",
     .types = kCMake,
     .required = kCMake,
     .not_empty = true},
    {.name = "generator",
     .meaning =
         "CMake's generator. Without it: that of an existing cache, else Ninja where there is one, "
         "else Unix Makefiles.",
     .types = kCMake},
    {.name = "buildType",
     .type = Choice,
     .meaning = "`CMAKE_BUILD_TYPE`.",
     .choices = kNames<kCMakeBuildTypes>,
     .types = kCMake},
    {.name = "cmakeArgs",
     .type = TextList,
     .meaning = "Further arguments for configuring.",
     .preset = "[]",
     .types = kCMake,
     .substituted = true},
    {.name = "parallel",
     .type = Flag,
     .meaning = "Let the build tool run several commands at once.",
     .preset = "true",
     .types = kCMake},
    {.name = "libraryType",
     .type = Choice,
     .meaning = "What kind of library it is.",
     .choices = kNames<kLibraryTypes>,
     .types = TypeSet(TargetType::Library, TargetType::CMakeLibrary),
     .required = TypeSet(TargetType::Library, TargetType::CMakeLibrary)},
    {.name = "imageName",
     .meaning = "The image that the build makes.",
     .types = kDocker,
     .required = kDocker,
     .not_empty = true},
    {.name = "dockerfile", .meaning = "The image's recipe.", .types = kDocker, .substituted = true},
    {.name = "context", .meaning = "The image's directory.", .types = kDocker, .substituted = true},
    {.name = "tags",
     .type = TextList,
     .meaning = "The image's tags.",
     .preset = "[]",
     .types = kDocker},
    {.name = "config",
     .type = Anything,
     .meaning = "Free for other programs.",
     .types = TypeSet(TargetType::Custom),
     .without_effect = kAll},
};
constexpr Section kTarget = {
    "targets[]", "The things that can be built. Which keys a target knows depends on its `type`.",
    kTargetKeys};

// ---- tasks[], worker
// ------------------------------------------------------------------------------------------

constexpr Key kTaskKeys[] = {
    {.name = "name",
     .meaning = "As a target's. Targets and tasks may share names.",
     .required = kAll,
     .not_empty = true},
    {.name = "command",
     .meaning = "The program, found as a shell would find it; it is run without one. With `shell` "
                "a line for `/bin/sh -c`, in which nothing is replaced.",
     .required = kAll,
     .not_empty = true,
     .substituted = true,
     .seen_by_all = true},
    {.name = "args",
     .type = TextList,
     .meaning = "Its arguments. With `shell` they stand behind the line, each as one word. "
                "Everybody can see them in the list of processes: variables whose names end in "
                "`_KEY`, `_SECRET`, `_TOKEN`, `_PASSWORD` or `_CREDENTIAL` are refused.",
     .preset = "[]",
     .substituted = true,
     .seen_by_all = true},
    {.name = "shell", .type = Flag, .meaning = "Leave `command` to `/bin/sh`.", .preset = "false"},
    {.name = "cwd",
     .meaning = "Its working directory, relative to the root.",
     .preset = "\"\"",
     .substituted = true},
    {.name = "inputFormat",
     .type = Choice,
     .meaning = "How it is told its input: as variables `INPUT_<KEY>`, as JSON on standard input, "
                "as JSON in the file that `INPUT_FILE` names, or as arguments in the order of "
                "their keys.",
     .preset = "\"env\"",
     .choices = kNames<kInputFormats>},
    {.name = "outputFormat",
     .type = Choice,
     .meaning = "What its output is: what it prints, the same as JSON, the JSON in `outputFile`, "
                "or whether it succeeded.",
     .preset = "\"stdout\"",
     .choices = kNames<kOutputFormats>},
    {.name = "outputFile",
     .meaning = "Where it leaves its output, relative to the root or absolute. Goes with "
                "`\"outputFormat\": \"file\"`, which needs it.",
     .not_empty = true,
     .substituted = true},
    {.name = "exitCodes",
     .type = Object,
     .meaning = "What its exit code says.",
     .section = &kTaskExitCodes},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "After this time an attempt is stopped and has failed; 0: never.",
     .preset = "3600",
     .most = kMostSeconds},
    {.name = "gracePeriodSeconds",
     .type = Seconds,
     .meaning = "Time between `SIGTERM` and `SIGKILL` when it is stopped.",
     .preset = "10",
     .most = kMostSeconds},
    {.name = "maxRetries",
     .type = Count,
     .meaning = "How often it is tried again after an exit code of `exitCodes.retry`.",
     .preset = "0",
     .most = 1000},
    {.name = "backoffMultiplier",
     .type = Number,
     .meaning =
         "The first retry waits one second, each further one this many times longer, 30 s at most.",
     .preset = "2",
     .most = 1000},
    {.name = "env",
     .type = TextMap,
     .meaning = "Its environment variables.",
     .preset = "{}",
     .substituted = true},
    {.name = "queue",
     .meaning = "The queue of its executions. Without it: the `worker`'s.",
     .not_empty = true},
};
constexpr Section kTask = {"tasks[]", "Commands to be executed once, by name.", kTaskKeys};

constexpr Key kWorkerKeys[] = {
    {.name = "name",
     .meaning = "What it is called in `status`.",
     .preset = "\"poltergeist\"",
     .not_empty = true},
    {.name = "queue",
     .meaning = "The queue of tasks that name none.",
     .preset = "\"default\"",
     .not_empty = true},
    {.name = "concurrency",
     .type = Count,
     .meaning = "How many of one queue execute at once. A full queue holds no other one back.",
     .preset = "1",
     .least = 1,
     .most = 256},
    {.name = "heartbeatIntervalSeconds",
     .type = Seconds,
     .meaning = "How often an execution's events say that it still executes; 0: never.",
     .preset = "30",
     .most = kDay},
};
constexpr Section kWorker = {"worker", "How the daemon executes tasks.", kWorkerKeys};

// ---- watcher
// ---------------------------------------------------------------------------------------

constexpr Key kRuleKeys[] = {
    {.name = "pattern",
     .meaning = "A glob relative to the root.",
     .required = kAll,
     .not_empty = true},
    {.name = "action",
     .type = Choice,
     .meaning = "There is no other.",
     .preset = "\"ignore\"",
     .choices = kRuleActions},
    {.name = "reason", .meaning = "What `poltergeist why` says for it.", .preset = "\"\""},
    {.name = "enabled", .type = Flag, .meaning = "Whether it holds.", .preset = "true"},
};
constexpr Section kRule = {"watcher.rules[]", "Paths that do not count as changes.", kRuleKeys};

constexpr Key kWatcherKeys[] = {
    {.name = "backend",
     .type = Choice,
     .meaning =
         "What tells of changes. `auto` takes `inotify`, and `poll` on file systems that report "
         "none "
         "(9p, NFS, SMB, FUSE). `fanotify`, for root and others with CAP_SYS_ADMIN, needs one mark "
         "instead of a watch per directory, and is woken by every change on the file system. "
         "`watchman` asks a Watchman that is running.",
     .preset = "\"auto\"",
     .choices = kNames<kWatchBackends>},
    {.name = "settlingDelay",
     .type = Milliseconds,
     .meaning = "How long watched files must be quiet before a build starts.",
     .preset = "20",
     .most = kMostMilliseconds},
    {.name = "maxSettlingDelay",
     .type = Milliseconds,
     .meaning = "How long steady changes can put off a build; at least `settlingDelay`.",
     .preset = "2000",
     .most = kMostMilliseconds},
    {.name = "auditSeconds",
     .type = Seconds,
     .meaning = "How often all is compared in the background, for what no event tells of (see "
                "docs/limits.md); 0: never.",
     .preset = "600",
     .most = kMostSeconds},
    {.name = "touchBuilds",
     .type = Flag,
     .meaning =
         "Build also when a file was touched, or written with the bytes that it had. Otherwise "
         "files up to 1 MiB are compared, and nothing is built for the same.",
     .preset = "false"},
    {.name = "gitignore",
     .type = Flag,
     .meaning =
         "Ignore what git ignores: `.gitignore`, `.ignore`, `.git/info/exclude`, global excludes.",
     .preset = "true"},
    {.name = "useDefaultExclusions",
     .type = Flag,
     .meaning =
         "Ignore what is customary for the `projectType`: caches, editors' files, build output.",
     .preset = "true"},
    {.name = "excludeDirs",
     .type = TextList,
     .meaning = "Directories, by name or glob, that are neither watched nor walked.",
     .preset = "[]",
     .not_empty = true},
    {.name = "rules",
     .type = ObjectList,
     .meaning = "Paths that do not count, each with its reason.",
     .preset = "[]",
     .section = &kRule},
    {.name = "projectType",
     .type = Choice,
     .meaning = "The project's own `projectType` decides.",
     .choices = kNames<kProjectTypes>,
     .without_effect = kAll},
    {.name = "maxFileEvents",
     .type = Count,
     .meaning = "There is no such limit here.",
     .without_effect = kAll},
    {.name = "recrawlThreshold",
     .type = Count,
     .meaning = "There is no such limit here.",
     .without_effect = kAll},
};
constexpr Section kWatcher = {"watcher", "What counts as a change, and when changes have settled.",
                              kWatcherKeys};

// ---- buildScheduling
// -------------------------------------------------------------------------------

constexpr Key kPrioritizationKeys[] = {
    {.name = "enabled",
     .type = Flag,
     .meaning = "Build first what has been worked on lately; else in the order of the changes.",
     .preset = "true"},
    {.name = "focusDetectionWindow",
     .type = Milliseconds,
     .meaning = "What \"lately\" means.",
     .preset = "300000",
     .most = kMostMilliseconds},
    {.name = "priorityDecayTime",
     .type = Milliseconds,
     .meaning = "How fast a change loses its weight.",
     .preset = "1800000",
     .most = kMostMilliseconds},
    {.name = "buildTimeoutMultiplier",
     .type = Number,
     .meaning = "`timeoutSeconds` of a target limits its builds.",
     .without_effect = kAll},
};
constexpr Section kPrioritization = {"buildScheduling.prioritization",
                                     "The order of builds that wait.", kPrioritizationKeys};

constexpr Key kSchedulingKeys[] = {
    {.name = "parallelization",
     .type = Count,
     .meaning = "How many builds run at once.",
     .preset = "2",
     .least = 1,
     .most = 10},
    {.name = "onChange",
     .type = Choice,
     .meaning =
         "A change during a build: `queue` builds once more when it ends, `cancel` stops it and "
         "starts over.",
     .preset = "\"queue\"",
     .choices = kNames<kOnChange>},
    {.name = "prioritization",
     .type = Object,
     .meaning = "The order of builds that wait.",
     .section = &kPrioritization},
};
constexpr Section kScheduling = {"buildScheduling", "When and in which order builds run.",
                                 kSchedulingKeys};

// ---- notifications, logging, state
// -----------------------------------------------------------------

constexpr Key kNotificationKeys[] = {
    {.name = "enabled", .type = Flag, .meaning = "Whether there are any.", .preset = "true"},
    {.name = "buildStart", .type = Flag, .meaning = "When a build starts.", .preset = "false"},
    {.name = "buildSuccess",
     .type = Flag,
     .meaning = "After every good build. Without it: after the first that follows a failure."},
    {.name = "buildFailed",
     .type = Flag,
     .meaning = "After every failed build. Without it: after the first that follows a success."},
    {.name = "successSound", .meaning = "A sound of the desktop's theme.", .preset = "\"\""},
    {.name = "failureSound", .meaning = "A sound of the desktop's theme.", .preset = "\"\""},
};
constexpr Section kNotifications = {
    "notifications", "Messages through the desktop's notification service.", kNotificationKeys};

constexpr Key kLoggingKeys[] = {
    {.name = "file",
     .meaning = "Where the daemon logs, relative to the root or absolute. Without it: in the state "
                "directory. Takes effect when the daemon is started.",
     .substituted = true},
    {.name = "level",
     .type = Choice,
     .meaning = "The least important lines that are written.",
     .preset = "\"info\"",
     .choices = kNames<kLogLevels>},
    {.name = "format",
     .type = Choice,
     .meaning = "How a line is written: as a sentence, or as a JSON object with `time`, `level` "
                "and `message`.",
     .preset = "\"text\"",
     .choices = kNames<kLogFormats>},
    {.name = "maxOutputSizeKb",
     .type = Count,
     .meaning = "How many KiB are kept of what an execution prints, of each of its streams.",
     .preset = "1024",
     .least = 1,
     .most = 65'536},
};
constexpr Section kLogging = {"logging", "The daemon's own log.", kLoggingKeys};

constexpr Key kStateKeys[] = {
    {.name = "heartbeatSeconds",
     .type = Seconds,
     .meaning =
         "Rewrite the state files this often although nothing changed, for readers that go by "
         "their age; 0: never.",
     .preset = "0",
     .most = kMostSeconds},
};
constexpr Section kState = {"state", "The state files.", kStateKeys};

// ---- accepted for upstream's sake
// ------------------------------------------------------------------

constexpr Key kStatusScriptKeys[] = {
    {.name = "label", .meaning = "Its name.", .required = kAll, .not_empty = true},
    {.name = "command", .meaning = "What it runs.", .required = kAll, .not_empty = true},
    {.name = "targets", .type = TextList, .meaning = "Where it is shown."},
    {.name = "cooldownSeconds",
     .type = Seconds,
     .meaning = "Its pace.",
     .least = 1,
     .most = kMostSeconds},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "Its limit.",
     .least = 1,
     .most = kMostSeconds},
    {.name = "maxLines", .type = Count, .meaning = "Its size.", .least = 1, .most = 10},
    {.name = "formatter", .type = Choice, .meaning = "Its form.", .choices = kFormatters},
};
constexpr Section kStatusScripts = {"statusScripts[]",
                                    "Scripts of the panel, which is not part of this "
                                    "version.",
                                    kStatusScriptKeys};

constexpr Key kSummaryScriptKeys[] = {
    {.name = "label", .meaning = "Its name.", .required = kAll, .not_empty = true},
    {.name = "command", .meaning = "What it runs.", .required = kAll, .not_empty = true},
    {.name = "countLabel", .type = Anything, .meaning = "What it counts."},
    {.name = "placement", .type = Choice, .meaning = "Its place.", .choices = kPlacements},
    {.name = "refreshSeconds",
     .type = Seconds,
     .meaning = "Its pace.",
     .least = 30,
     .most = kMostSeconds},
    {.name = "timeoutSeconds",
     .type = Seconds,
     .meaning = "Its limit.",
     .least = 1,
     .most = kMostSeconds},
    {.name = "maxLines", .type = Count, .meaning = "Its size.", .least = 1, .most = 50},
    {.name = "formatter", .type = Choice, .meaning = "Its form.", .choices = kFormatters},
};
constexpr Section kSummaryScripts = {"summaryScripts[]",
                                     "Scripts of the panel, which is not part of "
                                     "this version.",
                                     kSummaryScriptKeys};

constexpr Key kMetricsKeys[] = {
    {.name = "enabled", .type = Flag, .meaning = "Nothing is measured."},
    {.name = "reportInterval",
     .type = Seconds,
     .meaning = "Nothing is reported.",
     .most = kMostSeconds},
};
constexpr Section kMetrics = {"performance.metrics", "Nothing is measured.", kMetricsKeys};

constexpr Key kPerformanceKeys[] = {
    {.name = "profile", .type = Choice, .meaning = "There are no profiles.", .choices = kProfiles},
    {.name = "autoOptimize", .type = Flag, .meaning = "There is nothing to tune."},
    {.name = "metrics", .type = Object, .meaning = "Nothing is measured.", .section = &kMetrics},
};
constexpr Section kPerformance = {"performance", "There is nothing to tune.", kPerformanceKeys};

// ---- the file
// --------------------------------------------------------------------------------------

constexpr Key kProjectKeys[] = {
    {.name = "$schema", .meaning = "For editors: where `poltergeist schema` was written to."},
    {.name = "version",
     .type = Choice,
     .meaning = "The version of this format.",
     .choices = kVersions,
     .required = kAll},
    {.name = "projectType",
     .type = Choice,
     .meaning = "Decides the default exclusions of the `watcher`.",
     .preset = "\"mixed\"",
     .choices = kNames<kProjectTypes>},
    {.name = "targets",
     .type = ObjectList,
     .meaning = "The things that can be built.",
     .section = &kTarget,
     .required = kAll},
    {.name = "tasks",
     .type = ObjectList,
     .meaning = "Commands to be executed once, by name.",
     .preset = "[]",
     .section = &kTask},
    {.name = "worker",
     .type = Object,
     .meaning = "How the daemon executes tasks.",
     .section = &kWorker},
    {.name = "watcher",
     .type = Object,
     .meaning = "What counts as a change.",
     .section = &kWatcher,
     .old_name = "watchman"},
    {.name = "buildScheduling",
     .type = Object,
     .meaning = "When and in which order builds run.",
     .section = &kScheduling},
    {.name = "notifications",
     .type = Object,
     .meaning = "Messages on the desktop.",
     .section = &kNotifications},
    {.name = "logging", .type = Object, .meaning = "The daemon's own log.", .section = &kLogging},
    {.name = "state", .type = Object, .meaning = "The state files.", .section = &kState},
    {.name = "performance",
     .type = Object,
     .meaning = "There is nothing to tune.",
     .section = &kPerformance,
     .without_effect = kAll},
    {.name = "statusScripts",
     .type = ObjectList,
     .meaning = "Scripts of the panel.",
     .section = &kStatusScripts,
     .without_effect = kAll},
    {.name = "summaryScripts",
     .type = ObjectList,
     .meaning = "Scripts of the panel.",
     .section = &kSummaryScripts,
     .without_effect = kAll},
};
constexpr Section kProject = {
    "", "`poltergeist.config.json`, the nearest upwards from the working directory.", kProjectKeys};

}  // namespace

const Key* Section::find(std::string_view name) const {
  const auto found = std::ranges::find_if(keys, [&](const Key& key) {
    return key.name == name || (!key.old_name.empty() && key.old_name == name);
  });
  return found == keys.end() ? nullptr : &*found;
}

const Section& project_section() {
  return kProject;
}
const Section& target_section() {
  return kTarget;
}

}  // namespace poltergeist::config
