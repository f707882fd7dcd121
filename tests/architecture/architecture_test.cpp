// SPDX-License-Identifier: MIT
// The house as it was drawn (docs/architecture.md), held against every #include and every CMake
// DEPENDS.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

const fs::path kSource = POLTERGEIST_SOURCE_DIR;

// The picture. A room may include what it names here, itself, and third parties.
const std::map<std::string, std::set<std::string>> kHouse = {
    {"base", {}},
    {"sys", {"base"}},
    {"config", {"base"}},
    {"watch", {"base", "sys"}},
    {"process", {"base", "sys"}},
    {"state", {"base", "sys"}},
    {"api", {"base", "sys"}},
    {"build", {"base", "config"}},
    {"runners", {"base", "config"}},
    {"tasks", {"base", "config"}},
    {"supervisor", {"base", "sys", "config", "process", "runners"}},
    {"daemon",
     {"base", "sys", "config", "watch", "process", "state", "api", "build", "runners", "tasks",
      "supervisor"}},
    {"polter", {"base", "sys", "config", "state", "api", "process", "runners", "supervisor"}},
    {"cli",
     {"base", "sys", "config", "watch", "process", "state", "api", "build", "runners", "tasks",
      "supervisor", "daemon", "polter"}},
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<fs::path> files_below(const fs::path& directory, const std::set<std::string>& endings) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && endings.contains(entry.path().extension().string())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Each "room/header.h" that a file includes with quotes.
std::vector<std::string> includes_of(const fs::path& file) {
  static const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re");
  std::vector<std::string> found;
  std::istringstream lines(text_of(file));
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, include)) found.push_back(match[1]);
  }
  return found;
}

}  // namespace

TEST_CASE("every include goes down the house, and never to a room on the same floor") {
  std::vector<std::string> wrong;
  for (const auto& [room, allowed] : kHouse) {
    for (const auto& file : files_below(kSource / "src" / room, {".h", ".cpp"})) {
      for (const auto& include : includes_of(file)) {
        const auto other = include.substr(0, include.find('/'));
        if (other != room && !allowed.contains(other)) {
          wrong.push_back(fs::relative(file, kSource).string() + " includes " + include);
        }
      }
    }
  }
  CHECK(wrong == std::vector<std::string>{});
}

// What is kept running, or goes on alone, has its own way; everything else is executed by one.
TEST_CASE("one-shot commands are executed in one place") {
  const std::set<std::string> owners = {
      "process/task_executor.cpp",                        // the place
      "supervisor/supervisor.cpp",                        // what is kept running
      "cli/daemon_start.cpp", "polter/daemon_start.cpp",  // the daemon itself
  };
  static const std::regex start(R"re(\b(Unit::start|spawn)\()re");
  for (const auto& file : files_below(kSource / "src", {".cpp"})) {
    const auto name = fs::relative(file, kSource / "src").string();
    if (owners.contains(name) || name == "process/spawn.cpp" || name == "process/unit.cpp")
      continue;
    INFO(name);
    CHECK_FALSE(std::regex_search(text_of(file), start));
  }
}

TEST_CASE("CMake knows the same rooms and the same arrows as the picture") {
  std::istringstream lines(text_of(fs::path(POLTERGEIST_BINARY_DIR) / "rooms.txt"));
  std::set<std::string> rooms;
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto room = line.substr(0, colon);
    INFO(line);
    REQUIRE(kHouse.contains(room));
    rooms.insert(room);
    std::istringstream depends(line.substr(colon + 1));
    for (std::string other; depends >> other;) CHECK(kHouse.at(room).contains(other));
  }
  std::set<std::string> drawn;
  for (const auto& [room, allowed] : kHouse) drawn.insert(room);
  CHECK(rooms == drawn);
}

TEST_CASE("a file of ours has at most 500 lines, unless it is a table and says so") {
  std::vector<std::string> wrong;
  for (const auto& file : files_below(kSource / "src", {".h", ".cpp"})) {
    const auto text = text_of(file);
    if (std::count(text.begin(), text.end(), '\n') > 500 &&
        text.find("// This file is a table") == std::string::npos) {
      wrong.push_back(fs::relative(file, kSource).string());
    }
  }
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("threads, locks and atomics stay in sys/loop, sys/worker and sys/assistant") {
  static const std::regex threading(
      R"(#include <(thread|mutex|atomic|condition_variable|future)>)");
  std::vector<std::string> wrong;
  for (const auto& file : files_below(kSource / "src", {".h", ".cpp"})) {
    const auto name = fs::relative(file, kSource / "src").string();
    if (std::regex_match(name, std::regex(R"(sys/(loop|worker|assistant)\..*)"))) continue;
    if (std::regex_search(text_of(file), threading)) wrong.push_back(name);
  }
  CHECK(wrong == std::vector<std::string>{});
}

// What process/spawn.cpp resets in its children are those that we were started with.
TEST_CASE("nothing of ours ignores a signal") {
  static const std::regex ignoring(R"re(signal\([^;]*SIG_IGN|sa_handler = SIG_IGN)re");
  for (const auto& file : files_below(kSource / "src", {".h", ".cpp"})) {
    INFO(file.string());
    CHECK_FALSE(std::regex_search(text_of(file), ignoring));
  }
}

TEST_CASE("clocks are read in sys/clock.h only") {
  static const std::regex reading(R"((steady|system|high_resolution)_clock::now\()");
  std::vector<std::string> wrong;
  for (const auto& file : files_below(kSource / "src", {".h", ".cpp"})) {
    const auto name = fs::relative(file, kSource / "src").string();
    if (name != "sys/clock.h" && std::regex_search(text_of(file), reading)) wrong.push_back(name);
  }
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("every source file is part of a program, every test of a test program") {
  std::vector<std::string> wrong;
  for (const auto* top : {"src", "tests", "bench"}) {
    for (const auto& file : files_below(kSource / top, {".cpp"})) {
      const auto lists = file.parent_path() / "CMakeLists.txt";
      if (text_of(lists).find(file.filename().string()) == std::string::npos) {
        wrong.push_back(fs::relative(file, kSource).string());
      }
    }
  }
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("every source file names its licence") {
  std::vector<std::string> wrong;
  for (const auto* top : {"src", "tests", "bench"}) {
    for (const auto& file : files_below(kSource / top, {".h", ".cpp"})) {
      if (!text_of(file).starts_with("// SPDX-License-Identifier: MIT")) {
        wrong.push_back(fs::relative(file, kSource).string());
      }
    }
  }
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("no file is a drawer for everything") {
  static const std::set<std::string> drawers = {"utils",  "util",    "helpers",
                                                "common", "manager", "misc"};
  std::vector<std::string> wrong;
  for (const auto& file : files_below(kSource / "src", {".h", ".cpp"})) {
    if (drawers.contains(file.stem().string())) wrong.push_back(file.string());
  }
  CHECK(wrong == std::vector<std::string>{});
}
