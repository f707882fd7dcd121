// SPDX-License-Identifier: MIT
// A configuration is trusted before it is read, and told of whole when it is wrong.
#include "daemon/project_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include <catch2/catch.hpp>

#include "daemon/trusted_list.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using daemon::read_project_file;
using test::TempDir;

namespace {

constexpr const char* kGood = R"({"version": "1.0", "projectType": "mixed", "targets": []})";

// A variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

struct Place {
  TempDir dir;
  Variable config_home{"XDG_CONFIG_HOME", (dir / "config").string()};
  std::filesystem::path root = dir / "project";

  std::filesystem::path write(const std::string& text) const {
    return dir.write("project/poltergeist.config.json", text);
  }
};

}  // namespace

TEST_CASE("a good configuration is read, with the directory of its file as the root") {
  const Place place;
  const auto file = place.write(kGood);
  const auto read = read_project_file(file);
  REQUIRE(read);
  CHECK(read->project.root == place.root);
  CHECK(read->project.file == file);
}

TEST_CASE("all problems of a configuration are told at once, each with its place") {
  const Place place;
  const auto file = place.write(
      "{\"version\": \"1.0\", \"targets\": [\n"
      "  {\"name\": \"a\", \"type\": \"custom\", \"buildComand\": \"x\", \"watchPaths\": []},\n"
      "  {\"name\": \"b\", \"type\": \"custom\", \"buildCommand\": 7, \"watchPaths\": []}]}\n");
  const auto read = read_project_file(file);
  REQUIRE_FALSE(read);
  CHECK(read.error().summary.find("problems") != std::string::npos);
  REQUIRE(read.error().problems.size() >= 2);
  CHECK(read.error().problems.front().find("poltergeist.config.json:2:") != std::string::npos);
  CHECK(read.error().problems.back().find("poltergeist.config.json:3:") != std::string::npos);
}

TEST_CASE("a problem cannot write on the terminal") {
  const Place place;
  const auto file = place.write("{\"version\": \"1.0\", \"\\u001b[2Jx\": 1, \"targets\": []}");
  const auto read = read_project_file(file);
  REQUIRE_FALSE(read);
  REQUIRE_FALSE(read.error().problems.empty());
  for (const auto& problem : read.error().problems) {
    CHECK(problem.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a file that is not there is told by its path") {
  const Place place;
  std::filesystem::create_directory(place.root);
  const auto read = read_project_file(place.root / "poltergeist.config.json");
  REQUIRE_FALSE(read);
  CHECK(read.error().problems.empty());
  CHECK(read.error().summary.find("poltergeist.config.json") != std::string::npos);
}

TEST_CASE("what everybody may write is not even understood, until its directory is trusted") {
  const Place place;
  SECTION("the file") {
    const auto file = place.write("{ broken");
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
  }
  SECTION("its directory") {
    place.write("{ broken");
    REQUIRE(::chmod(place.root.c_str(), 0777) == 0);
  }
  const auto file = place.root / "poltergeist.config.json";
  const auto refused = read_project_file(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().problems.empty());
  CHECK(refused.error().summary.find("chmod") != std::string::npos);

  REQUIRE(daemon::write_trusted_list({place.root}));
  const auto understood = read_project_file(file);
  REQUIRE_FALSE(understood);
  CHECK_FALSE(understood.error().problems.empty());
  place.write(kGood);
  CHECK(read_project_file(file));
}
