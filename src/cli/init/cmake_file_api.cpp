// SPDX-License-Identifier: MIT
#include "cli/init/cmake_file_api.h"

#include <algorithm>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/paths.h"
#include "base/text.h"
#include "cli/init/project_files.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kClient = "client-poltergeist";

fs::path query_in(const fs::path& build_directory) {
  return build_directory / ".cmake/api/v1/query" / kClient / "codemodel-v2";
}
fs::path reply_in(const fs::path& build_directory) {
  return build_directory / ".cmake/api/v1/reply";
}

Result<json> read_json(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return fail(text.error());
  auto value = json::parse(*text, nullptr, false);
  if (!value.is_object()) return fail(Errc::Protocol, "{} is not a JSON object", file.string());
  return value;
}

// The newest index: their names are made so that the last one in order is it.
Result<json> read_index(const fs::path& directory) {
  fs::path newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("index-") && name.ends_with(".json"))
      newest = std::max(newest, entry.path());
  }
  if (newest.empty()) {
    return fail(Errc::NotFound, "cmake has left no answer in {}", directory.string());
  }
  return read_json(newest);
}

std::optional<CMakeTargetKind> kind_of(const std::string& type) {
  if (type == "EXECUTABLE") return CMakeTargetKind::Executable;
  if (type == "STATIC_LIBRARY") return CMakeTargetKind::StaticLibrary;
  if (type == "SHARED_LIBRARY" || type == "MODULE_LIBRARY") return CMakeTargetKind::SharedLibrary;
  if (type == "OBJECT_LIBRARY") return CMakeTargetKind::OtherLibrary;
  if (type == "UTILITY") return CMakeTargetKind::Custom;
  return std::nullopt;  // INTERFACE_LIBRARY: nothing is built
}

// Reads one answer. The keys are CMake's promise; one that is missing throws json::exception, which
// read_cmake_answer() turns into an Error.
class Answer {
 public:
  Answer(fs::path build_directory, fs::path root)
      : build_directory_(std::move(build_directory)), root_(std::move(root)) {}

  Result<CMakeModel> read() {
    const auto index = read_index(reply_in(build_directory_));
    if (!index) return fail(index.error());
    model_.generator = index->at("cmake").at("generator").at("name");
    const std::string file = file_of_codemodel(index->at("reply"));
    if (file.empty()) return fail(Errc::NotFound, "cmake has not answered the query");
    const auto codemodel = read_json(reply_in(build_directory_) / file);
    if (!codemodel) return fail(codemodel.error());
    const auto& configuration = configuration_of(*codemodel);
    model_.build_type = configuration.at("name");

    for (const auto& directory : configuration.at("directories")) {
      const auto source = in_project(directory.at("source").get<std::string>());
      if (source) model_.project_directories.push_back(*source);
      read_tests(build_directory_ / directory.at("build").get<std::string>());
    }
    for (const auto& entry : configuration.at("targets")) {
      const auto target =
          read_json(reply_in(build_directory_) / entry.at("jsonFile").get<std::string>());
      if (!target) return fail(target.error());
      targets_.emplace(target->at("id").get<std::string>(), *target);
      order_.push_back(target->at("id").get<std::string>());
    }
    for (const auto& id : order_) add_target(targets_.at(id));
    return std::move(model_);
  }

 private:
  // The answer to our query; else that to anybody's (an editor asks the same).
  static std::string file_of_codemodel(const json& reply) {
    if (reply.contains(kClient) && reply[kClient].contains("codemodel-v2")) {
      return reply[kClient]["codemodel-v2"].value("jsonFile", "");
    }
    for (const auto& [client, answers] : reply.items()) {
      if (client == "codemodel-v2") return answers.value("jsonFile", "");
      if (answers.is_object() && answers.contains("codemodel-v2")) {
        return answers["codemodel-v2"].value("jsonFile", "");
      }
    }
    return {};
  }

  // Debug of a generator with several configurations, else the first.
  static const json& configuration_of(const json& codemodel) {
    const auto& all = codemodel.at("configurations");
    for (const auto& configuration : all) {
      if (configuration.at("name") == "Debug") return configuration;
    }
    return all.at(0);
  }

  // A path of the answer relative to the root; nothing if it is not the project's own source:
  // outside of it, or made or downloaded into the build directory.
  [[nodiscard]] std::optional<std::string> in_project(const std::string& path) const {
    const auto absolute = (root_ / path).lexically_normal();
    if (RelPath::below(build_directory_, absolute)) return std::nullopt;
    auto relative = RelPath::below(root_, absolute);
    if (!relative && absolute.parent_path() == root_ && absolute.filename().empty()) {
      relative = RelPath();  // "root/."
    }
    if (!relative) return std::nullopt;
    return relative->text();
  }

  // The file in which a target is defined.
  static std::string defining_file(const json& target) {
    if (!target.contains("backtrace")) return {};
    const auto& graph = target.at("backtraceGraph");
    const auto& node = graph.at("nodes").at(target.at("backtrace").get<std::size_t>());
    return graph.at("files").at(node.at("file").get<std::size_t>());
  }

  void add_target(const json& json_target) {
    const auto kind = kind_of(json_target.at("type"));
    if (!kind || json_target.value("isGeneratorProvided", false)) return;
    // CTest's dashboard targets are defined by files of CMake, those of a dependency by its files.
    if (!in_project(defining_file(json_target))) return;
    CMakeTarget target;
    target.name = json_target.at("name");
    target.kind = *kind;
    if (json_target.contains("artifacts") && *kind != CMakeTargetKind::OtherLibrary) {
      target.artifact = json_target["artifacts"].at(0).at("path");
    }
    std::set<std::string> seen;
    add_sources(json_target, target, seen);
    target.is_test = is_test(target);
    model_.targets.push_back(std::move(target));
  }

  void add_sources(const json& json_target, CMakeTarget& target, std::set<std::string>& seen) {
    if (!seen.insert(json_target.at("id").get<std::string>()).second) return;
    for (const auto& source : json_target.value("sources", json::array())) {
      if (source.value("isGenerated", false)) continue;
      const auto path = in_project(source.at("path"));
      if (!path) continue;
      target.source_directories.insert(RelPath::parse(*path).value_or(RelPath()).parent().text());
      if (const auto extension = extension_of(*path); !extension.empty()) {
        target.extensions.emplace(extension);
      }
    }
    for (const auto& group : json_target.value("compileGroups", json::array())) {
      for (const auto& include : group.value("includes", json::array())) {
        // The root as an include directory names no place where headers lie.
        const auto path = in_project(include.at("path"));
        if (path && !path->empty()) target.source_directories.insert(*path);
      }
    }
    for (const auto& dependency : json_target.value("dependencies", json::array())) {
      const auto found = targets_.find(dependency.at("id").get<std::string>());
      if (found != targets_.end()) add_sources(found->second, target, seen);
    }
  }

  // CTest's own list names programs by path before they exist; `ctest --show-only` leaves out the
  // command of a test that is not built yet.
  void read_tests(const fs::path& directory) {
    const auto text = read_file(directory / "CTestTestfile.cmake");
    if (!text) return;
    for (const auto physical : lines_of(*text)) {
      const auto line = trimmed(physical);
      if (line.starts_with("add_test(") || line.starts_with("include(")) {
        model_.has_tests = true;
        tests_ += std::string(line) + "\n";
      }
    }
  }
  [[nodiscard]] bool is_test(const CMakeTarget& target) const {
    if (target.kind != CMakeTargetKind::Executable || target.artifact.empty()) return false;
    const auto program = (build_directory_ / target.artifact).lexically_normal().string();
    if (tests_.find("\"" + program + "\"") != std::string::npos) return true;
    // Tests that are found by running the program (GoogleTest, Catch2) come in an included file.
    return tests_.find("/" + target.name + "[1]_include.cmake") != std::string::npos ||
           tests_.find("/" + target.name + "_include-") != std::string::npos;
  }

  fs::path build_directory_;
  fs::path root_;
  CMakeModel model_;
  std::map<std::string, json> targets_;
  std::vector<std::string> order_;
  std::string tests_;
};

}  // namespace

Result<void> ask_cmake(const fs::path& build_directory) {
  const auto query = query_in(build_directory);
  std::error_code error;
  fs::create_directories(query.parent_path(), error);
  if (error) {
    return fail(Errc::Io, "creating {}: {}", query.parent_path().string(), error.message());
  }
  return write_file(query, "");
}

Result<CMakeModel> read_cmake_answer(const fs::path& build_directory, const fs::path& root) {
  try {
    return Answer(build_directory.lexically_normal(), root.lexically_normal()).read();
  } catch (const json::exception& error) {
    return fail(Errc::Protocol, "cmake's answer in {} is not understood: {}",
                reply_in(build_directory).string(), error.what());
  }
}

}  // namespace poltergeist::cli
