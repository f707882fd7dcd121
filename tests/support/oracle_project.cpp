// SPDX-License-Identifier: MIT
#include "support/oracle_project.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "sys/unique_fd.h"

namespace poltergeist::test {

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string tested_backend() {
  const char* name = std::getenv("POLTERGEIST_TEST_BACKEND");
  return name == nullptr ? "auto" : name;
}

OracleProject::OracleProject(nlohmann::json watcher) {
  std::filesystem::create_directories(src());
  std::filesystem::create_directories(outside());
  watcher.emplace("backend", tested_backend());
  watcher.emplace("useDefaultExclusions", false);
  std::string command = ORACLE_PROGRAM " src";
  for (const auto* name : {"stamp", "builds", "gate"}) command += " " + (outside() / name).string();
  configure({{"watcher", watcher},
             {"targets",
              {{{"name", "oracle"},
                {"type", "custom"},
                {"buildCommand", command},
                {"watchPaths", {"src/**"}}}}}});
}

std::filesystem::path OracleProject::outside() const {
  return root().parent_path() / "outside";
}

std::string OracleProject::fault() const {
  const auto waited = run_poltergeist({"wait"});
  if (waited.code != 0) return "wait: " + waited.out + waited.err;
  if (text_of(outside() / "stamp") != oracle_of(src())) return "built from an older tree";
  const auto before = builds();
  if (run_poltergeist({"wait"}).code != 0) return "wait failed when all was quiet";
  if (builds() != before) return "built again though nothing had changed";
  return {};
}

bool OracleProject::converges_by_itself() const {
  return await([this] { return text_of(outside() / "stamp") == oracle_of(src()); });
}

std::size_t OracleProject::builds() const {
  const auto text = text_of(outside() / "builds");
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void OracleProject::hold_builds() const {
  ::mkfifo(gate().c_str(), 0600);
}

bool OracleProject::await_build(std::size_t earlier) const {
  return await([&] { return builds() > earlier; });
}

void OracleProject::let_builds_end() const {
  // Whoever has it open reads its end; whoever comes later finds none.
  const UniqueFd writer(::open(gate().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  std::filesystem::remove(gate());
}

}  // namespace poltergeist::test
