// SPDX-License-Identifier: MIT
// factory-factory.json: {"scripts": {"setup", "run", "postRun", "cleanup"}}, each a line for bash,
// with {port} for a free port.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/init/kinds.h"
#include "config/located_json.h"
#include "config/problem.h"
#include "config/reading.h"
#include "config/substitute.h"

namespace poltergeist::cli {

namespace {

constexpr const char* kScriptsFile = "factory-factory.json";
// The file in which the program that reads factory-factory.json tells the sidecar its port.
constexpr std::string_view kItsPortFile = ".factory-factory-port";
constexpr std::string_view kPort = "{port}";
constexpr std::string_view kNul("\0", 1);
constexpr auto kTaken = std::to_array<std::string_view>({"run", "postRun", "cleanup", "setup"});
// A file that is wrong from end to end is not answered with a page.
constexpr std::size_t kMostNotes = 8;

struct Scripts {
  std::string run;
  std::string post_run;
  std::string cleanup;
  std::string setup;
};

bool mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

void remark(Finding& finding, std::string text) {
  if (finding.notes.size() < kMostNotes) finding.notes.push_back(std::move(text));
}

void remark_at(Finding& finding, config::Place place, std::string message) {
  remark(finding, config::to_text({place.line, place.column, std::move(message)}, kScriptsFile));
}

// What says nothing is not there.
std::string script_in(const config::JsonObject& scripts, std::string_view name, Finding& finding) {
  const auto* member = config::member_of(scripts, name);
  if (member == nullptr) return {};
  const auto& script = config::text_of(member->value);
  const bool is_text = member->value.as<std::string>() != nullptr;
  if (is_text && !mentions(script, kNul)) return trimmed(script).empty() ? std::string() : script;
  remark_at(finding, member->value.place,
            fmt::format("\"{}\" must be a text{}; it is left out", name,
                        is_text ? " without a NUL"
                                : fmt::format(", not {}", config::kind_of(member->value))));
  return {};
}

const config::JsonObject* scripts_in(const config::Json& root, Finding& finding) {
  const auto* object = root.as<config::JsonObject>();
  const auto* member = object == nullptr ? nullptr : config::member_of(*object, "scripts");
  const auto* scripts = member == nullptr ? nullptr : member->value.as<config::JsonObject>();
  if (scripts == nullptr) {
    remark_at(finding, member == nullptr ? root.place : member->value.place,
              R"(an object {"scripts": {"run": …}} was expected; nothing is taken from it)");
  }
  return scripts;
}

Scripts read_scripts(const config::JsonObject& object, Finding& finding) {
  for (const auto& member : object) {
    if (std::find(kTaken.begin(), kTaken.end(), member.key) == kTaken.end()) {
      remark_at(finding, member.place,
                config::in_quotes(member.key) + " is not known here; it is left out");
    }
  }
  return {.run = script_in(object, "run", finding),
          .post_run = script_in(object, "postRun", finding),
          .cleanup = script_in(object, "cleanup", finding),
          .setup = script_in(object, "setup", finding)};
}

void say_what_is_left(const Scripts& scripts, Finding& finding) {
  if (!scripts.setup.empty()) {
    remark(finding, "\"setup\" has no counterpart yet, execute it once by hand: " +
                        config::in_quotes(scripts.setup));
  }
  if (scripts.run.empty()) {
    remark(finding,
           scripts.post_run.empty() && scripts.cleanup.empty()
               ? "there is no script \"run\""
               : "\"postRun\" and \"cleanup\" belong to a script \"run\", and there is none; "
                 "`--post-run` and `--cleanup` give them to a program");
    return;
  }
  const auto beside = scripts.post_run + "\n" + scripts.cleanup;
  if (mentions(scripts.run + "\n" + beside, kItsPortFile)) {
    remark(finding,
           fmt::format("nobody writes {} here: {{port}} and $POLTERGEIST_PORT are the port, "
                       "and \"portFile\" is a file that the program writes",
                       kItsPortFile));
  }
  if (mentions(beside, kPort) && !mentions(scripts.run, kPort)) {
    remark(finding, "\"run\" has no {port}: its program has to listen on $POLTERGEIST_PORT");
  }
  remark(finding,
         fmt::format("it is started with the daemon, and again when {} is saved; what else "
                     "shall restart it belongs into its \"watchPaths\" or \"dependsOn\"",
                     kScriptsFile));
}

// The command asks for nothing to be built, so that its build is over at once.
ProposedTarget dev_target(const Scripts& scripts) {
  ProposedTarget target;
  target.name = "dev";
  target.type = config::TargetType::Custom;
  target.build_command = "true";
  target.watch_paths = {kScriptsFile};
  // SIGTERM because that is what these scripts know, and because bash lets what it starts in the
  // background ignore SIGINT.
  target.auto_run = ProposedAutoRun{.command = "bash",
                                    .args = {"-c", config::unsubstituted(scripts.run)},
                                    .restart_signal = "SIGTERM",
                                    .post_run = scripts.post_run,
                                    .cleanup = scripts.cleanup};
  return target;
}

}  // namespace

std::optional<Finding> find_scripts(const ProjectFiles& files) {
  if (!files.has(kScriptsFile)) return std::nullopt;
  Finding finding{.kind = "Scripts", .source = kScriptsFile, .says_language = false};
  const auto text = files.text(kScriptsFile);
  if (!text) {
    remark(finding, "it cannot be read, or is larger than 1 MiB; nothing is taken from it");
    return finding;
  }
  const auto parsed = config::parse_located(*text);
  if (!parsed) {
    remark(finding, config::to_text(parsed.error(), kScriptsFile));
    return finding;
  }
  for (const auto& duplicate : parsed->duplicates) {
    remark(finding, config::to_text(duplicate, kScriptsFile));
  }
  const auto* object = scripts_in(parsed->root, finding);
  if (object == nullptr) return finding;
  const auto scripts = read_scripts(*object, finding);
  say_what_is_left(scripts, finding);
  if (!scripts.run.empty()) finding.targets.push_back(dev_target(scripts));
  return finding;
}

}  // namespace poltergeist::cli
