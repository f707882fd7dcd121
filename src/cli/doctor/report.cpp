// SPDX-License-Identifier: MIT
#include "cli/doctor/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/table.h"

namespace poltergeist::cli::doctor {

namespace {

constexpr std::string_view kMargin = "  ";

std::size_t longest_name(const std::vector<Finding>& findings) {
  std::size_t longest = 0;
  for (const auto& finding : findings) longest = std::max(longest, width_of(finding.name));
  return longest;
}

std::size_t longest_level() {
  std::size_t longest = 0;
  for (const auto& level : kLevels) longest = std::max(longest, level.name.size());
  return longest;
}

std::string padded(std::string text, std::size_t width) {
  text.append(width - std::min(width, width_of(text)), ' ');
  return text;
}

Paint paint_for(Level level) {
  switch (level) {
    case Level::Ok:
      return Paint::Good;
    case Level::Note:
      return Paint::Faint;
    case Level::Warning:
      return Paint::Busy;
    case Level::Problem:
      return Paint::Bad;
  }
  return Paint::Faint;
}

std::string level_cell(Level level, const Style& style) {
  const auto name = name_in(kLevels, level);
  return style.paint(paint_for(level), name) + std::string(longest_level() - name.size(), ' ');
}

// The lines of a text; those behind the first begin below it.
std::string hanging(std::string_view text, std::size_t indent) {
  std::string out;
  for (const auto line : lines_of(text)) {
    if (!out.empty()) out += std::string(indent, ' ');
    out += for_terminal(line) + '\n';
  }
  return out;
}

std::string section_text(Section section, const std::vector<Finding>& findings, std::size_t width,
                         const Style& style) {
  const auto indent = kMargin.size() + longest_level() + kMargin.size() + width + kMargin.size();
  std::string text;
  for (const auto& finding : findings) {
    if (finding.section != section) continue;
    text += fmt::format("{}{}{}{}{}{}", kMargin, level_cell(finding.level, style), kMargin,
                        padded(for_terminal(finding.name), width), kMargin,
                        hanging(finding.found, indent));
  }
  if (text.empty()) return text;
  return style.paint(Paint::Strong, name_in(kSections, section)) + '\n' + text;
}

std::string advice_text(const std::vector<Finding>& findings, const Style& style) {
  const auto indent = kMargin.size() + longest_level() + kMargin.size();
  std::string text;
  for (const auto& finding : findings) {
    if (finding.level == Level::Ok) continue;
    const auto what = fmt::format("{}: {}\n{}", finding.name, finding.found, finding.advice);
    text += fmt::format("{}{}{}{}", kMargin, level_cell(finding.level, style), kMargin,
                        hanging(what, indent));
    if (finding.command.empty()) continue;
    text += std::string(indent + kMargin.size(), ' ') + for_terminal(finding.command) + '\n';
  }
  if (text.empty()) return text;
  return '\n' + style.paint(Paint::Strong, "What to do") + '\n' + text;
}

std::string events_text(const std::vector<api::PastEvent>& events, const Style& style) {
  std::string text = style.paint(Paint::Strong, "events") + '\n';
  if (events.empty()) return text + fmt::format("{}none\n", kMargin);
  std::size_t width = 0;
  for (const auto& event : events) width = std::max(width, width_of(event.kind));
  for (const auto& event : events) {
    text += fmt::format("{}{}{}{}{}{}\n", kMargin, for_terminal(event.time), kMargin,
                        padded(for_terminal(event.kind), width), kMargin,
                        event.path.empty() ? "." : for_terminal(event.path));
  }
  return text;
}

nlohmann::ordered_json to_json(const Finding& finding) {
  nlohmann::ordered_json json = {{"section", name_in(kSections, finding.section)},
                                 {"name", finding.name},
                                 {"level", name_in(kLevels, finding.level)},
                                 {"found", to_utf8(finding.found)}};
  if (!finding.advice.empty()) json["advice"] = to_utf8(finding.advice);
  if (!finding.command.empty()) json["command"] = to_utf8(finding.command);
  json["figures"] = finding.figures;
  return json;
}

}  // namespace

std::string to_text(const Facts& facts, const std::vector<Finding>& findings, ShowEvents events,
                    const Style& style) {
  const auto width = longest_name(findings);
  std::string text;
  for (const auto& section : kSections) {
    text += section_text(section.value, findings, width, style);
  }
  if (events == ShowEvents::Yes) text += events_text(facts.events, style);
  return text + advice_text(findings, style);
}

nlohmann::ordered_json to_json(const Facts& facts, const std::vector<Finding>& findings) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& finding : findings) list.push_back(to_json(finding));
  auto events = nlohmann::ordered_json::array();
  for (const auto& event : facts.events) {
    events.push_back({{"time", event.time}, {"kind", event.kind}, {"path", event.path}});
  }
  return {{"version", facts.version},
          {"project", to_utf8(facts.root.string())},
          {"level", name_in(kLevels, worst_of(findings))},
          {"findings", std::move(list)},
          {"events", std::move(events)}};
}

}  // namespace poltergeist::cli::doctor
