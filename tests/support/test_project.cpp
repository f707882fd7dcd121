// SPDX-License-Identifier: MIT
#include "support/test_project.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

namespace poltergeist::test {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TestProject::TestProject() : root_(dir_.path() / "project"), state_(dir_.path() / "state") {
  fs::create_directories(root_);
  fs::create_directories(dir_.path() / "home");
  ::mkdir(state_.c_str(), 0700);
}

TestProject::~TestProject() {
  run_poltergeist({"stop"});
  for (const auto pid : processes_mentioning(dir_.path().string())) ::kill(pid, SIGKILL);
}

fs::path TestProject::write(const std::string& name, const std::string& text) const {
  return dir_.write("project/" + name, text);
}

std::string TestProject::read(const std::string& name) const {
  return dir_.read("project/" + name);
}

void TestProject::configure(Json configuration) const {
  configuration["version"] = "1.0";
  configuration.emplace("projectType", "mixed");
  // As an editor saves: complete under another name first.
  write("poltergeist.config.json.new", configuration.dump(2) + "\n");
  fs::rename(root_ / "poltergeist.config.json.new", root_ / "poltergeist.config.json");
}

Json TestProject::copying_target(const std::string& name, const std::string& source,
                                 const std::string& output) {
  return {{"name", name},
          {"type", "executable"},
          {"buildCommand", "echo built >> " + name + ".builds && cp " + source + " " + output +
                               ".new && chmod +x " + output + ".new && mv " + output + ".new " +
                               output},
          {"outputPath", output},
          {"watchPaths", {source}}};
}

std::map<std::string, std::string> TestProject::environment() const {
  std::map<std::string, std::string> all = {
      {"POLTERGEIST_STATE_DIR", state_.string()},
      {"HOME", (dir_.path() / "home").string()},
      {"XDG_CONFIG_HOME", (dir_.path() / "home/.config").string()},
      {"POLTERGEIST_NOTIFICATIONS", "false"},
      {"LC_ALL", "C.UTF-8"},
      {"NO_COLOR", "1"},
      {"TERM", "dumb"}};
  for (const auto& [name, value] : env) all[name] = value;
  return all;
}

Call TestProject::poltergeist(std::vector<std::string> args) const {
  args.insert(args.begin(), POLTERGEIST_PROGRAM);
  return {.argv = std::move(args), .cwd = root_, .env = environment(), .in = {}};
}

Call TestProject::polter(std::vector<std::string> args) const {
  args.insert(args.begin(), POLTER_PROGRAM);
  return {.argv = std::move(args), .cwd = root_, .env = environment(), .in = {}};
}

void TestProject::haunt() const {
  const auto started = run_poltergeist({"haunt"});
  if (started.code != 0) throw std::runtime_error("haunt: " + started.out + started.err);
  run_poltergeist({"wait"});
}

Json TestProject::status() const {
  return Json::parse(run_poltergeist({"status", "--json"}).out);
}

Json TestProject::state_of(const std::string& target) const {
  for (const auto& entry : fs::directory_iterator(state_)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("project-") && name.ends_with("-" + target + ".state")) {
      return Json::parse(dir_.read("state/" + name));
    }
  }
  return nullptr;
}

std::size_t TestProject::builds_of(const std::string& target) const {
  const auto text = read(target + ".builds");
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

pid_t TestProject::daemon_pid() const {
  return status().at("_daemon").at("pid").get<pid_t>();
}

fs::path TestProject::socket() const {
  for (const auto& entry : fs::directory_iterator(state_)) {
    if (entry.path().extension() == ".sock") return entry.path();
  }
  throw std::runtime_error("no socket");
}

}  // namespace poltergeist::test
