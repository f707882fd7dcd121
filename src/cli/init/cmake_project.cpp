// SPDX-License-Identifier: MIT
#include "cli/init/cmake_project.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/paths.h"
#include "base/text.h"
#include "cli/init/cmake_file_api.h"
#include "cli/init/cmake_text.h"
#include "cli/init/watch_globs.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;
using config::TargetType;

namespace {

// Where the builders of the cmake-* types look for a build directory, in this order.
constexpr auto kBuildDirectories = std::to_array<std::string_view>(
    {"build", "_build", "cmake-build-debug", "cmake-build-release"});
// More than this many CMakeLists.txt are named by one glob.
constexpr std::size_t kNamedLists = 4;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto pattern = (fs::temp_directory_path() / "poltergeist-init-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = fs::canonical(pattern);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// "X" of "NAME:TYPE=X" in a CMakeCache.txt; empty if it is not there.
std::string cached(const fs::path& build_directory, std::string_view name) {
  const auto text = read_file(build_directory / "CMakeCache.txt").value_or("");
  for (const auto line : lines_of(text)) {
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) return std::string(line.substr(equals + 1));
  }
  return {};
}

class CMakeProject {
 public:
  CMakeProject(const ProjectFiles& files, const InitOptions& options, const CommandRunner& run)
      : files_(files), options_(options), run_(run), build_(relative_build_directory()) {}

  Result<Finding> find() {
    auto model = options_.configure ? configured_model() : unconfigured_model();
    if (!model) {
      if (!options_.preset.empty()) return fail(model.error());
      note(
          "asking cmake failed, so the targets are read from CMakeLists.txt, without where "
          "their results go (" +
          model.error().message + ")");
      model = read_cmake_text(files_);
    }
    // What runs first, then what it is made of.
    std::stable_sort(model->targets.begin(), model->targets.end(),
                     [](const auto& a, const auto& b) { return a.kind < b.kind; });
    for (const auto& target : model->targets) {
      if (!target.is_test) finding_.targets.push_back(proposed(target, *model));
    }
    // The cmake-* types wait for each other; commands do not know what they share.
    finding_.one_at_a_time = model->has_tests || !is_usual();
    if (model->has_tests) finding_.targets.push_back(test_target(*model));
    if (finding_.targets.empty()) note("CMakeLists.txt defines no targets");
    return std::move(finding_);
  }

 private:
  void note(std::string text) { finding_.notes.push_back(std::move(text)); }

  [[nodiscard]] std::string default_build_directory() const {
    for (const auto name : kBuildDirectories) {
      if (files_.has(std::string(name) + "/CMakeCache.txt")) return std::string(name);
    }
    return "build";
  }
  [[nodiscard]] std::string relative_build_directory() const {
    if (options_.build_dir.empty()) return default_build_directory();
    const auto normal = (files_.root() / options_.build_dir).lexically_normal();
    const auto relative = RelPath::below(files_.root(), normal);
    return relative ? relative->text() : normal.string();
  }
  // The directory in which cmake works now; `build_` is the one that the proposal names.
  [[nodiscard]] fs::path working_directory() const {
    return options_.dry_run ? temporary_.path() : files_.root() / build_;
  }

  // ---- asking CMake

  Result<CMakeModel> configured_model() {
    if (options_.dry_run && temporary_.path().empty()) {
      return fail(Errc::Io, "no temporary directory can be made");
    }
    const auto directory = working_directory();
    if (auto asked = ask_cmake(directory); !asked) return fail(asked.error());
    std::vector<std::string> command = {"cmake"};
    if (!options_.preset.empty()) command.push_back("--preset=" + options_.preset);
    command.insert(command.end(), {"-S", files_.root().string(), "-B", directory.string()});
    if (options_.preset.empty()) add_defaults(command, directory);
    if (auto said = run_(command, files_.root()); !said) {
      return fail(said.error(), "{}", joined(command, " "));
    }
    auto model = read_cmake_answer(directory, files_.root());
    if (model && model->build_type.empty())
      model->build_type = cached(directory, "CMAKE_BUILD_TYPE");
    return model;
  }

  // What a directory that is not configured yet gets; one that is keeps what it has.
  void add_defaults(std::vector<std::string>& command, const fs::path& directory) {
    const auto& home = options_.dry_run ? files_.root() / build_ : directory;
    auto generator = options_.generator;
    if (generator.empty()) generator = cached(home, "CMAKE_GENERATOR");
    if (generator.empty() && run_({"ninja", "--version"}, files_.root())) generator = "Ninja";
    if (!generator.empty()) command.insert(command.end(), {"-G", generator});
    const auto type = cached(home, "CMAKE_BUILD_TYPE");
    const bool is_configured = files_.has(build_ + "/CMakeCache.txt");
    if (!is_configured) command.emplace_back("-DCMAKE_BUILD_TYPE=Debug");
    if (is_configured && options_.dry_run && !type.empty()) {
      command.push_back("-DCMAKE_BUILD_TYPE=" + type);
    }
  }

  // --cmake-no-configure: what an earlier run of cmake said, if one was asked.
  Result<CMakeModel> unconfigured_model() {
    const auto directory = files_.root() / build_;
    auto model = read_cmake_answer(directory, files_.root());
    if (model && model->build_type.empty())
      model->build_type = cached(directory, "CMAKE_BUILD_TYPE");
    return model;
  }

  // ---- proposing

  // The cmake-* types find the build directory by themselves where it has a usual name; for any
  // other, and for a preset, a target says its commands.
  [[nodiscard]] bool is_usual() const {
    return options_.preset.empty() && build_ == default_build_directory();
  }

  [[nodiscard]] std::string build_command(const std::string& arguments) const {
    const auto directory = shell_quoted(build_);
    const auto configure =
        options_.preset.empty()
            ? "cmake -S . -B " + directory + generator_argument()
            : "cmake --preset " + shell_quoted(options_.preset) + " -B " + directory;
    return "{ test -f " + shell_quoted(build_ + "/CMakeCache.txt") + " || " + configure +
           "; } && cmake --build " + directory + arguments;
  }
  [[nodiscard]] std::string generator_argument() const {
    return options_.generator.empty() ? "" : " -G " + shell_quoted(options_.generator);
  }

  // Where a result lies after a real build, relative to the root where it is below it.
  [[nodiscard]] std::string output_path(const std::string& artifact) const {
    if (artifact.empty()) return {};
    const fs::path path(artifact);
    if (path.is_relative()) return (fs::path(build_) / path).lexically_normal().generic_string();
    if (const auto in_temporary = RelPath::below(working_directory(), path)) {
      return (fs::path(build_) / in_temporary->text()).generic_string();
    }
    const auto relative = RelPath::below(files_.root(), path);
    return relative ? relative->text() : path.generic_string();
  }

  static Extensions extensions_of(const CMakeTarget& target) {
    static constexpr auto kCpp =
        std::to_array<std::string_view>({"cc", "cpp", "cxx", "C", "cu", "mm"});
    Extensions extensions = target.extensions;
    const bool is_cpp = extensions.empty() ||
                        std::any_of(kCpp.begin(), kCpp.end(), [&](std::string_view extension) {
                          return extensions.contains(extension);
                        });
    // Headers are seldom listed as sources.
    extensions.insert({"c", "h"});
    if (is_cpp) extensions.insert({"cc", "cpp", "cxx", "hh", "hpp", "hxx", "inl", "ipp"});
    extensions.erase("txt");
    return extensions;
  }

  [[nodiscard]] std::vector<std::string> cmake_inputs(const CMakeModel& model) const {
    std::vector<std::string> paths;
    if (model.project_directories.size() > kNamedLists) {
      paths.emplace_back("**/CMakeLists.txt");
    } else {
      for (const auto& directory : model.project_directories) {
        paths.push_back(directory.empty() ? "CMakeLists.txt" : directory + "/CMakeLists.txt");
      }
    }
    if (paths.empty()) paths.emplace_back("CMakeLists.txt");
    for (auto& glob : globs_for(files_, {"cmake"})) paths.push_back(std::move(glob));
    for (const auto* presets : {"CMakePresets.json", "CMakeUserPresets.json"}) {
      if (files_.has(presets)) paths.emplace_back(presets);
    }
    return paths;
  }

  [[nodiscard]] std::vector<std::string> watch_paths(const CMakeTarget& target,
                                                     const CMakeModel& model) const {
    auto directories = target.source_directories;
    // A custom target does not say what it reads.
    if (directories.empty())
      directories.insert(model.project_directories.begin(), model.project_directories.end());
    auto paths = globs_for_directories(std::move(directories), extensions_of(target));
    for (auto& input : cmake_inputs(model)) paths.push_back(std::move(input));
    return paths;
  }

  ProposedTarget proposed(const CMakeTarget& target, const CMakeModel& model) {
    ProposedTarget proposal;
    proposal.name = target.name;
    proposal.output_path = output_path(target.artifact);
    proposal.watch_paths = watch_paths(target, model);
    const bool is_library = target.kind == CMakeTargetKind::StaticLibrary ||
                            target.kind == CMakeTargetKind::SharedLibrary;
    const bool is_shared = target.kind == CMakeTargetKind::SharedLibrary;
    if (target.kind == CMakeTargetKind::Custom) {
      // It may do anything: format the sources, install, deploy. That is for its owner to want.
      proposal.enabled = false;
    }
    if (is_usual()) {
      proposal.type = target.kind == CMakeTargetKind::Executable ? TargetType::CMakeExecutable
                      : is_library                               ? TargetType::CMakeLibrary
                                                                 : TargetType::CMakeCustom;
      proposal.target_name = target.name;
      proposal.generator = options_.generator;
      proposal.build_type = value_in(config::kCMakeBuildTypes, model.build_type);
      if (is_library) {
        proposal.library_type =
            is_shared ? config::LibraryType::Shared : config::LibraryType::Static;
      } else if (proposal.type == TargetType::CMakeCustom) {
        proposal.output_path.clear();
      }
      return proposal;
    }
    const bool has_output = !proposal.output_path.empty();
    proposal.type = target.kind == CMakeTargetKind::Executable && has_output
                        ? TargetType::Executable
                    : is_library && has_output ? TargetType::Library
                                               : TargetType::Custom;
    if (proposal.type == TargetType::Library) {
      proposal.library_type =
          is_shared ? config::LibraryType::Dynamic : config::LibraryType::Static;
    }
    proposal.build_command = build_command(" --target " + shell_quoted(target.name));
    return proposal;
  }

  ProposedTarget test_target(const CMakeModel& model) {
    CMakeTarget everything;
    for (const auto& target : model.targets) {
      everything.source_directories.insert(target.source_directories.begin(),
                                           target.source_directories.end());
      everything.extensions.insert(target.extensions.begin(), target.extensions.end());
    }
    ProposedTarget test;
    test.name = "test";
    test.type = TargetType::Test;
    test.test_command =
        build_command("") + " && ctest --test-dir " + shell_quoted(build_) + " --output-on-failure";
    test.watch_paths = watch_paths(everything, model);
    for (const auto& target : finding_.targets) {
      if (target.enabled) test.depends_on.push_back(target.name);
    }
    return test;
  }

  const ProjectFiles& files_;
  const InitOptions& options_;
  const CommandRunner& run_;
  std::string build_;  // relative to the root where it is below it
  TemporaryDirectory temporary_;
  Finding finding_{.kind = "CMake", .source = "CMakeLists.txt"};
};

}  // namespace

Result<std::optional<Finding>> find_cmake(const ProjectFiles& files, const InitOptions& options,
                                          const CommandRunner& run) {
  if (!files.has("CMakeLists.txt")) {
    if (options.cmake_only || !options.preset.empty()) {
      return fail(Errc::NotFound, "{} has no CMakeLists.txt", files.root().string());
    }
    return std::nullopt;
  }
  auto finding = CMakeProject(files, options, run).find();
  if (!finding) return fail(finding.error());
  return std::optional<Finding>(std::move(*finding));
}

}  // namespace poltergeist::cli
