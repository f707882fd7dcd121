// SPDX-License-Identifier: MIT
#include "daemon/reasons.h"

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::daemon {

namespace {

std::string changed_paths(const build::Why& why) {
  if (why.paths.empty()) return "a file changed";
  const std::string first = to_utf8(why.paths.front().text());
  const std::size_t others = std::max(why.total_paths, why.paths.size()) - 1;
  if (others == 0) return fmt::format("{} changed", first);
  return fmt::format("{} and {} more changed", first, others);
}

// As they are written in watchPaths.
std::string exclusions_of(const std::vector<RelPath>& paths) {
  auto texts = texts_of(paths);
  for (auto& text : texts) text = "\"!" + text + '"';
  return joined(texts, ", ");
}

}  // namespace

std::string reason_of(const build::Why& why) {
  switch (why.cause) {
    case build::Cause::Requested:
      return "requested";
    case build::Cause::Changed:
      return changed_paths(why);
    case build::Cause::Configuration:
      return "its definition changed";
    case build::Cause::Dependency:
      return why.dependency ? fmt::format("its dependency {} was rebuilt", why.dependency->value())
                            : "a dependency was rebuilt";
    case build::Cause::Initial:
      return "it was not up to date when the daemon started";
    case build::Cause::Retry:
      return "retry after a failure";
  }
  return {};
}

std::string reason_of(const TargetId& target, const build::Verdict& verdict) {
  const auto blocker =
      verdict.blocked_by ? verdict.blocked_by->value() : std::string("a dependency");
  switch (verdict.hold) {
    case build::Hold::None:
    case build::Hold::Build:
      return {};
    case build::Hold::Disabled:
      return fmt::format("{0} is disabled; `poltergeist build {0}` builds it once", target.value());
    case build::Hold::Paused:
      return "automatic builds are paused; `poltergeist resume` ends that";
    case build::Hold::Git:
      return "a git operation is rewriting the tree";
    case build::Hold::Window:
      return "waiting for the changes to settle";
    case build::Hold::Retry:
      return "the last attempt failed; the next one comes by itself";
    case build::Hold::Loop:
      return fmt::format(
          "its builds keep changing what it watches; unless you did that, add {} to the watchPaths "
          "of {}, or write only what is new",
          exclusions_of(verdict.loop), target.value());
    case build::Hold::Dependency:
      return fmt::format("{} is built first", blocker);
    case build::Hold::Blocked:
      return fmt::format("{} failed, and {} depends on it", blocker, target.value());
    case build::Hold::Lease:
      return "a program is about to be started from it";
    case build::Hold::Exclusive:
      return "another target is building in the same directory";
    case build::Hold::Slot:
      return "waiting for other builds to end";
  }
  return {};
}

std::vector<std::string> texts_of(const std::vector<RelPath>& paths) {
  std::vector<std::string> texts;
  texts.reserve(paths.size());
  for (const auto& path : paths) texts.push_back(to_utf8(path.text()));
  return texts;
}

}  // namespace poltergeist::daemon
