// SPDX-License-Identifier: MIT
#include "cli/why_view.h"

#include <array>

#include <fmt/format.h>

#include "base/enum_names.h"
#include "base/text.h"
#include "build/verdict.h"
#include "cli/json_view.h"
#include "cli/status_view.h"

namespace poltergeist::cli {

namespace {

// Who speaks, where no file does.
constexpr auto kAuthorities = std::to_array<EnumName<std::string_view>>({
    {"never", "a rule of ours"},
    {"configuration", "the configuration"},
    {"git", "git"},
    {"defaults", "the default exclusions"},
    {"boundary", "the boundary of another repository"},
});

std::string rule_text(const JsonView& rule) {
  const auto authority = rule["authority"].text();
  const auto pattern = rule["pattern"].text();
  const auto reason = rule["reason"].text();
  const auto line = rule["line"].number().value_or(0);
  auto text = rule["source"].text();
  if (text.empty()) text = name_in(kAuthorities, std::string_view(authority));
  if (line > 0) text += fmt::format(":{}", line);
  if (!pattern.empty()) text += ": " + pattern;
  if (!reason.empty()) text += fmt::format(" ({})", reason);
  return text;
}

std::string cause_text(const JsonView& answer) {
  const auto cause = value_in(build::kCauses, answer["cause"].text());
  if (!cause) return answer["cause"].text();
  switch (*cause) {
    case build::Cause::Requested:
      return "somebody asked for it";
    case build::Cause::Changed:
      return "watched files changed";
    case build::Cause::Configuration:
      return "its configuration changed";
    case build::Cause::Dependency:
      return answer["dependency"].text() + ", which it depends on, was built";
    case build::Cause::Initial:
      return "the daemon started, and its last result was not known to be good";
    case build::Cause::Retry:
      return "the build before failed, and retries are configured";
  }
  return {};
}

std::string paths_text(const JsonView& answer) {
  const auto paths = answer["paths"].texts();
  std::string text;
  for (const auto& path : paths) text += "    " + path + '\n';
  const auto shown = static_cast<std::int64_t>(paths.size());
  const auto total = answer["totalPaths"].number().value_or(shown);
  if (total > shown) text += fmt::format("    … and {} more\n", total - shown);
  return text;
}

}  // namespace

std::string why_path_text(const nlohmann::json& answer) {
  const JsonView view(answer);
  const auto path = view["path"].text();
  std::string text;
  for (const auto& claim : view["targets"].items()) {
    text += fmt::format("{} {} {}: {}\n", path,
                        claim["counts"].flag().value_or(true) ? "counts for" : "would count for",
                        claim["target"].text(), claim["pattern"].text());
  }
  if (text.empty()) text = path + ": no target watches it\n";
  if (view["ignored"].is_there()) {
    const auto rule = view["ignored"];
    const auto above = rule["path"].text();
    text += fmt::format("{} is ignored by {}\n", above.empty() ? path : above, rule_text(rule));
  }
  if (!view["exists"].flag().value_or(true)) text += "(there is no such file now)\n";
  return text;
}

std::string why_target_text(const nlohmann::json& answer, WallTime now) {
  const JsonView view(answer);
  auto text = fmt::format("{} is {}", view["target"].text(), view["standing"].text());
  if (const auto reason = view["reason"].text(); !reason.empty()) {
    text += ": " + reason;
  } else if (const auto hold = view["hold"].text(); !hold.empty() && hold != "none") {
    text += fmt::format("; its next build waits for: {}", hold);
  }
  text += '\n';
  if (!view["cause"].is_there()) return text + "it has not been built since the daemon started\n";
  text += fmt::format("its last build started {}: {}\n", age_text(view["startedAt"].text(), now),
                      cause_text(view));
  text += paths_text(view);
  if (const auto waited = view["waitedMs"].number()) {
    text += fmt::format("from the first change to its start: {}\n",
                        format_duration(Milliseconds(*waited)));
  }
  return text;
}

}  // namespace poltergeist::cli
