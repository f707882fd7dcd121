// SPDX-License-Identifier: MIT
// factory-factory.json: what init takes over from it, and what it says of the rest.
#include <sys/stat.h>

#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/init/proposals.h"
#include "config/load.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

namespace {

constexpr const char* kFile = "factory-factory.json";

std::string scripts_file(const nlohmann::ordered_json& scripts) {
  return nlohmann::ordered_json{{"scripts", scripts}}.dump(2);
}

// The only target, as the daemon would have it in an environment without variables.
config::AutoRun auto_run_of(const Proposal& proposal, const TempDir& project) {
  const auto file = project / "poltergeist.config.json";
  const auto loaded = config::load_project(proposal.text, file, {});
  if (!loaded) throw std::runtime_error(config::to_text(loaded.error(), file));
  if (!loaded->notes.empty()) throw std::runtime_error(config::to_text(loaded->notes, file));
  return loaded->project.targets.at(0).auto_run.value();
}

bool has_note(const Proposal& proposal, std::string_view text) {
  const auto notes = proposal.notes();
  return std::any_of(notes.begin(), notes.end(),
                     [&](const auto& note) { return note.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("run becomes a program that is kept running and postRun and cleanup stay beside it") {
  const TempDir project;
  const std::string run = "npm run dev -- --port {port} --name \"$USER\" && echo 'done'\n";
  project.write(kFile, scripts_file({{"setup", "npm ci"},
                                     {"run", run},
                                     {"postRun", "tunnel http://localhost:{port}"},
                                     {"cleanup", "rm -f \"${TMPDIR:-/tmp}/x-{port}\""}}));
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"dev custom"});
  const auto auto_run = auto_run_of(proposal, project);
  CHECK(auto_run.enabled);
  CHECK(auto_run.command == "bash");
  CHECK(auto_run.args == Names{"-c", run});
  CHECK(auto_run.restart_signal == SIGTERM);
  CHECK(auto_run.post_run == "tunnel http://localhost:{port}");
  CHECK(auto_run.cleanup == "rm -f \"${TMPDIR:-/tmp}/x-{port}\"");
  CHECK(has_note(proposal, "\"setup\" has no counterpart yet"));
  CHECK_FALSE(has_note(proposal, "has no {port}"));
}

TEST_CASE("what looks like our own substitution in a script is still the shell's") {
  const TempDir project;
  for (const auto* run :
       {"serve ${PORT:-3000}", "echo $${x} $$${y} ${", "$$$${A}${B}", "a$", "{}"}) {
    project.write(kFile, scripts_file({{"run", run}}));
    CHECK(auto_run_of(proposal_for(project), project).args.at(1) == run);
  }
}

TEST_CASE("a project keeps its own type beside its scripts") {
  const TempDir project;
  project.write(kFile, scripts_file({{"run", "npm start"}}));
  CHECK(proposal_for(project).type == config::ProjectType::Mixed);
  project.write("package.json", R"({"scripts": {"build": "tsc"}})");
  CHECK(proposal_for(project).type == config::ProjectType::Node);
}

TEST_CASE("a target that is called dev already keeps its name") {
  const TempDir project;
  project.write(kFile, scripts_file({{"run", "npm start"}}));
  project.write("package.json", R"({"name": "dev", "scripts": {"build": "tsc"}})");
  CHECK(summary(proposal_for(project)) == Names{"dev npm", "dev-scripts custom"});
}

TEST_CASE("with --cmake the scripts are not looked at") {
  const TempDir project;
  project.write(kFile, scripts_file({{"run", "x"}}));
  project.write("CMakeLists.txt", "");
  CHECK(proposal_for(project, {.cmake_only = true, .configure = false}).targets().empty());
}

TEST_CASE("what the scripts count on and nobody gives them is said") {
  const TempDir project;
  const auto note_for = [&](const nlohmann::ordered_json& scripts, std::string_view text) {
    project.write(kFile, scripts_file(scripts));
    return has_note(proposal_for(project), text);
  };
  CHECK(note_for({{"run", "serve"}, {"postRun", "tunnel {port}"}}, "listen on $POLTERGEIST_PORT"));
  CHECK(note_for({{"run", "serve"}, {"postRun", "tunnel $(cat .factory-factory-port)"}},
                 "nobody writes .factory-factory-port here"));
  CHECK(note_for({{"postRun", "tunnel"}}, "belong to a script \"run\""));
  CHECK(note_for({{"run", " \n"}}, "there is no script \"run\""));
}

TEST_CASE("what is wrong in the scripts is said with its place and the rest is taken") {
  const TempDir project;
  project.write(kFile,
                "{\"scripts\": {\"run\": \"serve\",\n  \"postRun\": 7,\n  \"deploy\": \"x\"}}");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"dev custom"});
  CHECK(has_note(proposal, "factory-factory.json:2:14: \"postRun\" must be a text, not a number"));
  CHECK(has_note(proposal, "factory-factory.json:3:3: \"deploy\" is not known here"));
}

TEST_CASE("scripts that are none are said and leave everything else as it is") {
  TempDir project;
  project.write("Makefile", "app: app.c\n\tcc -o $@ $<\n");
  project.write("app.c", "");
  const auto without = proposal_for(project).text;
  const std::string deep(5000, '[');
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "factory-factory.json:1:1:"},
           {"{\"scripts\": {\"run\": \"x\"", "factory-factory.json:1:"},
           {"[]", "factory-factory.json:1:1: an object"},
           {"{}", "an object {\"scripts\""},
           {"{\"scripts\": \"npm start\"}", "factory-factory.json:1:13: an object"},
           {"{\"scripts\": {\"run\": \"a\\u0000b\"}}", "factory-factory.json:1:21: \"run\" must"},
           {"{\"scripts\": {\"run\": \"\xff\"}}", "factory-factory.json:1:"},
           {deep, "levels"},
           {std::string((1 << 20) + 1, ' '), "larger than 1 MiB"}}) {
    project.write(kFile, text);
    const auto proposal = proposal_for(project);
    INFO(text.substr(0, 80));
    INFO(::Catch::StringMaker<Names>::convert(proposal.notes()));
    CHECK(proposal.text == without);
    CHECK(has_note(proposal, said));
  }
}

TEST_CASE("a file of ten thousand unknown scripts is answered in a few lines") {
  const TempDir project;
  nlohmann::ordered_json scripts;
  for (int n = 0; n < 10'000; ++n) scripts["x\x1b[2J" + std::to_string(n)] = "y";
  project.write(kFile, scripts_file(scripts));
  const auto notes = proposal_for(project).notes();
  CHECK(notes.size() == 8);
  for (const auto& note : notes) CHECK(note.find('\x1b') == std::string::npos);
}

TEST_CASE("a fifo in place of the scripts keeps nobody waiting") {
  const TempDir project;
  REQUIRE(::mkfifo((project / kFile).c_str(), 0600) == 0);
  CHECK(proposal_for(project).findings.empty());
}
