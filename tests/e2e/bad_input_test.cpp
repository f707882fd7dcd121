// SPDX-License-Identifier: MIT
// Bad input: a clear, located message, exit 2, and nothing started or lost.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

struct Bad {
  const char* what;
  const char* text;      // the configuration
  const char* expected;  // part of the message
};

const Bad kBad[] = {
    {"broken JSON", "{\n  \"version\": \"1.0\",\n  \"targets\": [\n", "poltergeist.config.json:4:"},
    {"an unknown key",
     "{\"version\": \"1.0\", \"targets\": [{\"name\": \"a\", \"type\": \"custom\",\n"
     " \"buildComand\": \"x\", \"buildCommand\": \"x\", \"watchPaths\": []}]}",
     "poltergeist.config.json:2:2: "},
    {"a wrong type",
     "{\"version\": \"1.0\",\n \"targets\": [{\"name\": \"a\", \"type\": \"custom\", "
     "\"buildCommand\": 7, \"watchPaths\": []}]}",
     "poltergeist.config.json:2:"},
    {"two targets of one name",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": []},\n"
     "{\"name\": \"a\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": []}]}",
     "poltergeist.config.json:3:"},
    {"a name with a slash",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a/b\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": []}]}",
     "poltergeist.config.json:2:"},
    {"a name that goes up",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"..\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": []}]}",
     "poltergeist.config.json:2:"},
    {"a glob that does not parse",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": "
     "[\"src/[\"]}]}",
     "poltergeist.config.json:2:"},
    {"an unknown signal",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a\", \"type\": \"executable\", \"buildCommand\": \"x\", \"watchPaths\": [],\n"
     " \"outputPath\": \"a\", \"autoRun\": {\"restartSignal\": \"SIGNOPE\"}}]}",
     "poltergeist.config.json:3:"},
    {"autoRun without an output",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a\", \"type\": \"executable\", \"buildCommand\": \"x\", \"watchPaths\": [],\n"
     " \"autoRun\": {\"enabled\": true}}]}",
     "outputPath"},
    {"a cycle of dependencies",
     "{\"version\": \"1.0\", \"targets\": [\n"
     "{\"name\": \"a\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": [], "
     "\"dependsOn\": [\"b\"]},\n"
     "{\"name\": \"b\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": [], "
     "\"dependsOn\": [\"a\"]}]}",
     "cycle"},
};

}  // namespace

TEST_CASE("a configuration that cannot be is refused with its place, and nothing starts") {
  for (const auto& bad : kBad) {
    INFO(bad.what);
    TestProject project;
    project.write("poltergeist.config.json", bad.text);
    for (const auto& verb : {"validate", "haunt"}) {
      const auto ran = project.run_poltergeist({verb});
      INFO(ran.out << ran.err);
      CHECK(ran.code == 2);
      CHECK((ran.out + ran.err).find(bad.expected) != std::string::npos);
    }
    CHECK(await([&] { return processes_mentioning(project.root().string()).empty(); },
                std::chrono::seconds(5)));
  }
}

TEST_CASE("a configuration that somebody else could have written is refused until it is trusted") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "a.txt", "app")}}});
  const auto file = project.root() / "poltergeist.config.json";
  SECTION("another owner") {
    if (::geteuid() != 0) return;
    REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
  }
  SECTION("everybody may write it") {
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
  }
  const auto refused = project.run_poltergeist({"haunt"});
  CHECK(refused.code == 2);
  const auto said = refused.out + refused.err;
  INFO(said);
  CHECK((said.find("poltergeist trust") != std::string::npos ||
         said.find("chmod") != std::string::npos));
  REQUIRE(project.run_poltergeist({"trust", project.root().string()}).code == 0);
  CHECK(project.run_poltergeist({"haunt"}).code == 0);
}

TEST_CASE("a state directory that is not ours alone is refused with the reason") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("app", "a.txt", "app")}}});
  const auto elsewhere = project.root().parent_path() / "elsewhere";
  SECTION("a symbolic link") {
    std::filesystem::create_directory_symlink(project.state_dir(), elsewhere);
  }
  SECTION("open to everybody") {
    std::filesystem::create_directory(elsewhere);
    ::chmod(elsewhere.c_str(), 0777);
  }
  SECTION("a file") {
    std::ofstream(elsewhere) << "x";
  }
  project.env["POLTERGEIST_STATE_DIR"] = elsewhere.string();
  const auto refused = project.run_poltergeist({"haunt"});
  CHECK(refused.code == 2);
  CHECK((refused.out + refused.err).find(elsewhere.string()) != std::string::npos);
  project.env.erase("POLTERGEIST_STATE_DIR");
}

TEST_CASE("a path that is too long for a socket is refused with a remedy") {
  TestProject project;
  project.configure({{"targets", Json::array()}});
  const auto deep = project.root().parent_path() / std::string(100, 'd');
  ::mkdir(deep.c_str(), 0700);
  project.env["POLTERGEIST_STATE_DIR"] = deep.string();
  const auto refused = project.run_poltergeist({"haunt"});
  CHECK(refused.code == 2);
  CHECK((refused.out + refused.err).find("POLTERGEIST_STATE_DIR") != std::string::npos);
  project.env.erase("POLTERGEIST_STATE_DIR");
}

TEST_CASE("a program that is not there is named, and the target says so while others go on") {
  TestProject project;
  project.write("a", "");
  project.write("b.txt", "#!/bin/sh\n");
  project.configure({{"targets",
                      {{{"name", "js"}, {"type", "npm"}, {"watchPaths", {"a"}}},
                       {{"name", "no"},
                        {"type", "custom"},
                        {"buildCommand", "no-such-program-anywhere"},
                        {"watchPaths", {"a"}}},
                       TestProject::copying_target("app", "b.txt", "app")}}});
  project.haunt();
  const auto errors = project.run_poltergeist({"wait", "js"});
  CHECK(errors.code == 1);
  CHECK((errors.out + errors.err).find("package.json") != std::string::npos);
  const auto no = project.run_poltergeist({"wait", "no"});
  CHECK(no.code == 1);
  CHECK((no.out + no.err).find("no-such-program-anywhere") != std::string::npos);
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
}

TEST_CASE(
    "validate names the programs that cannot be there, with their place, and starts nothing") {
  TestProject project;
  project.write("package.json", "{}");
  project.write("poltergeist.config.json",
                "{\"version\": \"1.0\", \"targets\": [\n"
                " {\"name\": \"js\", \"type\": \"npm\", \"watchPaths\": [\"a\"]},\n"
                " {\"name\": \"no\", \"type\": \"custom\", \"watchPaths\": [\"a\"],\n"
                "  \"buildCommand\": \"/no/such/compiler -c a\"}]}\n");
  project.env["PATH"] = "/nowhere";
  const auto validated = project.run_poltergeist({"validate"});
  CHECK(validated.code == 2);
  CHECK(validated.out.empty());
  INFO(validated.err);
  CHECK(validated.err.find("poltergeist.config.json:2:11: target \"js\" needs npm") !=
        std::string::npos);
  CHECK(validated.err.find("poltergeist.config.json:3:11: target \"no\" needs /no/such/compiler") !=
        std::string::npos);
  CHECK(project.run_poltergeist({"status"}).code == 3);
}
