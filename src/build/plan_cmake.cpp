// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "base/text.h"
#include "build/plan_kinds.h"

namespace poltergeist::build {

namespace fs = std::filesystem;

namespace {

// The first that was configured is the one that is used.
constexpr auto kBuildDirs = std::to_array<std::string_view>(
    {"build", "_build", "cmake-build-debug", "cmake-build-release"});

constexpr std::string_view kNinja = "Ninja";
constexpr std::string_view kMakefiles = "Unix Makefiles";

std::vector<std::string> dirs_of(const config::CMakeKind& kind) {
  const auto given = given_build_dir(kind);
  if (!given.empty()) return {given};
  return {kBuildDirs.begin(), kBuildDirs.end()};
}

// The generator that a cache was made with; nothing where it does not say.
std::string cached_generator(std::string_view cache) {
  constexpr std::string_view kKey = "CMAKE_GENERATOR:INTERNAL=";
  for (const auto line : lines_of(cache)) {
    if (line.starts_with(kKey)) return std::string(line.substr(kKey.size()));
  }
  return {};
}

struct BuildDir {
  fs::path path;  // absolute
  bool configured = false;
  std::string generator;  // of its cache
};

BuildDir build_dir_for(const config::CMakeKind& kind, const PlanContext& context) {
  const auto dirs = dirs_of(kind);
  const auto& texts = context.facts.texts;
  for (const auto& dir : dirs) {
    const auto path = (context.cwd() / dir).lexically_normal();
    if (const auto cache = texts.find(path / "CMakeCache.txt"); cache != texts.end()) {
      // A first configure that failed leaves a cache and nothing to build with.
      const bool is_built_with =
          context.exists(path / "build.ninja") || context.exists(path / "Makefile");
      return {path, is_built_with, cached_generator(cache->second)};
    }
  }
  return {(context.cwd() / dirs.front()).lexically_normal(), false, {}};
}

// Changes that a configured build directory may not notice by itself, like presets.
bool is_cmake_file(const RelPath& path) {
  const auto name = path.name();
  return name == "CMakeLists.txt" || name == "CMakePresets.json" ||
         name == "CMakeUserPresets.json" || name.ends_with(".cmake");
}

bool must_configure(const BuildDir& dir, const Facts& facts) {
  return !dir.configured || facts.total_changed > facts.changed.size() ||
         std::any_of(facts.changed.begin(), facts.changed.end(), is_cmake_file);
}

// The build type where one is given; also the name of the directory of multi-configuration
// generators.
std::string build_type(const config::CMakeKind& kind) {
  return kind.build_type ? std::string(name_in(config::kCMakeBuildTypes, *kind.build_type)) : "";
}

std::vector<std::string> configure_command(const config::CMakeKind& kind, const fs::path& dir,
                                           const std::string& generator) {
  std::vector<std::string> argv = {"cmake", "-S", ".", "-B", dir.string(), "-G", generator};
  if (kind.build_type) argv.push_back("-DCMAKE_BUILD_TYPE=" + build_type(kind));
  for (std::size_t i = 0; i < kind.cmake_args.size(); ++i) {
    if (kind.cmake_args[i] == "-B") {
      ++i;  // and its value
    } else if (!kind.cmake_args[i].starts_with("-B")) {
      argv.push_back(kind.cmake_args[i]);
    }
  }
  return argv;
}

std::vector<std::string> build_command(const config::CMakeKind& kind, const fs::path& dir,
                                       int processors) {
  std::vector<std::string> argv = {"cmake", "--build", dir.string(), "--target", kind.target_name};
  if (kind.build_type) argv.insert(argv.end(), {"--config", build_type(kind)});
  // Always with a number: without one, make starts as many jobs as there are files.
  if (kind.parallel) {
    argv.insert(argv.end(), {"--parallel", std::to_string(std::max(1, processors))});
  }
  return argv;
}

std::vector<std::string> file_names(const config::Target& target, const config::CMakeKind& kind) {
  if (target.type == config::TargetType::CMakeExecutable) return {kind.target_name};
  const auto shared = "lib" + kind.target_name + ".so";
  const auto archive = "lib" + kind.target_name + ".a";
  if (kind.library_type == config::LibraryType::Static) return {archive};
  if (kind.library_type) return {shared};
  return {archive, shared};  // as BUILD_SHARED_LIBS says, which we do not know
}

std::vector<std::string> folders(const config::Target& target, const std::string& type) {
  std::vector<std::string> found = {""};
  const auto add = [&](const std::string& folder) {
    found.push_back(folder);
    if (!type.empty()) found.push_back(folder + "/" + type);
  };
  if (!type.empty()) found.push_back(type);
  if (target.type == config::TargetType::CMakeExecutable) {
    for (const auto* folder : {"bin", "src", "app", "examples"}) add(folder);
  } else {
    for (const auto* folder : {"lib", "bin", "src"}) add(folder);
  }
  return found;
}

}  // namespace

std::string given_build_dir(const config::CMakeKind& kind) {
  const auto& args = kind.cmake_args;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "-B") return i + 1 < args.size() ? args[i + 1] : std::string();
    if (args[i].starts_with("-B")) return args[i].substr(2);
  }
  return {};
}

std::vector<fs::path> output_candidates(const config::Target& target, const fs::path& root,
                                        const fs::path& build_dir) {
  std::vector<fs::path> found;
  if (!target.output_path.empty()) found.push_back((root / target.output_path).lexically_normal());
  const auto* kind = std::get_if<config::CMakeKind>(&target.kind);
  if (!kind || target.type == config::TargetType::CMakeCustom) return found;
  const auto names = file_names(target, *kind);
  for (const auto& folder : folders(target, build_type(*kind))) {
    for (const auto& name : names) found.push_back((build_dir / folder / name).lexically_normal());
  }
  return found;
}

WantedFacts cmake_facts(const config::CMakeKind& kind, const fs::path& cwd) {
  WantedFacts wanted{.existing = {cwd / "CMakeLists.txt"}, .programs = {"cmake", "ninja"}};
  for (const auto& dir : dirs_of(kind)) {
    const auto path = (cwd / dir).lexically_normal();
    wanted.texts.push_back(path / "CMakeCache.txt");
    wanted.existing.insert(wanted.existing.end(), {path / "build.ninja", path / "Makefile"});
  }
  return wanted;
}

Result<Plan> cmake_plan(const config::CMakeKind& kind, const PlanContext& context) {
  if (!context.exists(context.cwd() / "CMakeLists.txt")) {
    return context.fail(fmt::format("needs a CMakeLists.txt in {}; if it is elsewhere, set `cwd`",
                                    context.cwd().string()));
  }
  if (!context.facts.programs.contains("cmake")) {
    return context.fail("needs cmake, which is not in PATH", Errc::NotFound);
  }
  const auto dir = build_dir_for(kind, context);
  std::string generator = kind.generator.empty() ? dir.generator : kind.generator;
  if (generator.empty()) {
    generator = context.facts.programs.contains("ninja") ? kNinja : kMakefiles;
  }
  if (!dir.generator.empty() && generator != dir.generator) {
    return context.fail(fmt::format(
        "asks for the generator \"{}\", but {} was made with \"{}\"; remove that directory or "
        "`generator`",
        generator, dir.path.string(), dir.generator));
  }
  Plan plan{.builder = "cmake"};
  if (must_configure(dir, context.facts)) {
    plan.steps.push_back(argv_step("configure", configure_command(kind, dir.path, generator)));
  }
  plan.steps.push_back(argv_step("build", build_command(kind, dir.path, context.facts.processors)));
  if (!context.target.output_path.empty()) {
    plan.outputs.push_back(context.path(context.target.output_path));
  }
  plan.artifacts = output_candidates(context.target, context.facts.root, dir.path);
  return plan;
}

}  // namespace poltergeist::build
