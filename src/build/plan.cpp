// SPDX-License-Identifier: MIT
#include "build/plan.h"

#include "base/text.h"
#include "build/plan_kinds.h"

namespace poltergeist::build {

namespace fs = std::filesystem;

namespace {

// What `std::visit` needs to choose by kind.
template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

Plan shell_plan(const PlanContext& context, std::string label, const std::string& line) {
  Plan plan{.builder = "shell", .steps = {shell_step(std::move(label), line)}};
  if (!context.target.output_path.empty()) {
    plan.outputs = {context.path(context.target.output_path)};
    plan.artifacts = plan.outputs;
  }
  return plan;
}

// docker build -t image:tag … -f dockerfile context
std::vector<std::string> docker_command(const config::CommandKind& kind) {
  std::vector<std::string> argv = {"docker", "build"};
  const auto tag = [&](const std::string& name) { argv.insert(argv.end(), {"-t", name}); };
  if (kind.tags.empty()) tag(kind.image_name);
  for (const auto& entry : kind.tags) {
    // A tag may be a whole name of its own.
    const bool is_whole = entry.find_first_of(":/") != std::string::npos;
    tag(is_whole ? entry : kind.image_name + ":" + entry);
  }
  if (!kind.dockerfile.empty()) argv.insert(argv.end(), {"-f", kind.dockerfile});
  argv.push_back(kind.context.empty() ? "." : kind.context);
  return argv;
}

Result<Plan> plan_for_kind(const config::CommandKind& kind, const PlanContext& context) {
  if (!kind.build_command.empty()) return shell_plan(context, "build", kind.build_command);
  if (context.target.type != config::TargetType::Docker) {
    return context.fail("has no `buildCommand`");
  }
  if (kind.image_name.empty()) return context.fail("needs `imageName` or `buildCommand`");
  return Plan{.builder = "docker", .steps = {argv_step("build", docker_command(kind))}};
}

Result<Plan> plan_for_kind(const config::TestKind& kind, const PlanContext& context) {
  if (kind.test_command.empty()) return context.fail("has no `testCommand`");
  return shell_plan(context, "test", kind.test_command);
}

Result<Plan> plan_for_kind(const config::NpmKind& kind, const PlanContext& context) {
  return npm_plan(kind, context);
}

Result<Plan> plan_for_kind(const config::CMakeKind& kind, const PlanContext& context) {
  return cmake_plan(kind, context);
}

fs::path normal_under(const fs::path& base, const fs::path& path) {
  auto joined = (base / path).lexically_normal();
  return joined.has_filename() ? joined : joined.parent_path();  // without a trailing slash
}

}  // namespace

fs::path PlanContext::path(const fs::path& relative) const {
  return normal_under(facts.root, relative);
}

fs::path PlanContext::cwd() const {
  return normal_under(facts.root, target.cwd);
}

bool PlanContext::exists(const fs::path& path) const {
  return facts.existing.contains(path);
}

Failure PlanContext::fail(std::string_view what, Errc code) const {
  std::string place;
  if (target.place.line > 0) {
    place = fmt::format("{}:{}:{}: ", facts.config_file.string(), target.place.line,
                        target.place.column);
  }
  return poltergeist::fail(code, "{}target \"{}\" {}", place, target.name.value(), what);
}

Step shell_step(std::string label, const std::string& line) {
  return {.label = std::move(label), .argv = {"/bin/sh", "-c", line}, .shown = line};
}

Step argv_step(std::string label, std::vector<std::string> argv) {
  std::vector<std::string> quoted;
  quoted.reserve(argv.size());
  for (const auto& word : argv) quoted.push_back(shell_quoted(word));
  return {.label = std::move(label), .argv = std::move(argv), .shown = joined(quoted, " ")};
}

WantedFacts wanted_facts(const config::Target& target, const fs::path& root) {
  const auto cwd = normal_under(root, target.cwd);
  return std::visit(Overloaded{
                        [](const config::CommandKind&) { return WantedFacts{}; },
                        [](const config::TestKind&) { return WantedFacts{}; },
                        [&](const config::NpmKind&) { return npm_facts(cwd); },
                        [&](const config::CMakeKind& kind) { return cmake_facts(kind, cwd); },
                    },
                    target.kind);
}

Result<Plan> plan_for(const config::Target& target, const Facts& facts) {
  const PlanContext context{target, facts};
  auto plan =
      std::visit([&](const auto& kind) { return plan_for_kind(kind, context); }, target.kind);
  if (!plan) return plan;
  plan->cwd = context.cwd();
  plan->env = target.env;
  return plan;
}

std::string exclusive_key(const config::Target& target) {
  const auto in = [&](std::string_view what) { return fmt::format("{}:{}", what, target.cwd); };
  return std::visit(
      Overloaded{
          [](const config::CommandKind&) { return std::string(); },
          [](const config::TestKind&) { return std::string(); },
          // Two installs at once would tear node_modules apart, and so would one under a build.
          [&](const config::NpmKind& kind) {
            return kind.install_on_change ? in("npm") : std::string();
          },
          [&](const config::CMakeKind& kind) { return in("cmake:" + given_build_dir(kind)); },
      },
      target.kind);
}

}  // namespace poltergeist::build
