// SPDX-License-Identifier: MIT
#include "cli/status_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/json_view.h"
#include "cli/table.h"

namespace poltergeist::cli {

namespace {

std::string labelled(std::string_view label, std::string_view text) {
  return fmt::format("{:<15}{}\n", label, text);
}

std::string duration_text(const JsonView& milliseconds) {
  const auto number = milliseconds.number();
  return number ? format_duration(Milliseconds(*number)) : std::string();
}

// Joins what is not empty with ", ".
std::string listed(std::vector<std::string> parts) {
  std::erase(parts, "");
  return joined(parts, ", ");
}

Paint paint_for(std::string_view word) {
  if (word == "fresh" || word == "built" || word == "running") return Paint::Good;
  if (word == "failed" || word == "blocked") return Paint::Bad;
  if (word == "building" || word == "waiting" || word == "stale") return Paint::Busy;
  return Paint::Faint;
}

// ---- About the project as a whole ----

std::string daemon_text(const JsonView& daemon, WallTime now) {
  const bool answers = daemon["answers"].flag().value_or(true);
  if (!daemon["pid"].is_there()) return answers ? "not running" : "does not answer";
  std::string text = fmt::format("pid {}", daemon["pid"].number().value_or(0));
  if (!answers) return text + ", does not answer: this is the last that was known";
  if (const auto version = daemon["version"].text(); !version.empty())
    text += ", version " + version;
  if (const auto start = from_iso8601(daemon["startTime"].text())) {
    text += ", up " + format_duration(std::max(now - *start, Milliseconds(0)));
  }
  return text;
}

// What is not as it should be with the daemon itself.
std::string daemon_warnings(const JsonView& daemon, const Style& style) {
  std::string text;
  const auto warn = [&](std::string_view label, const std::string& what) {
    text += labelled(label, style.paint(Paint::Busy, what));
  };
  if (const auto why = daemon["degraded"].text(); !why.empty()) {
    warn("degraded", "state cannot be written: " + why);
  }
  if (daemon["replaced"].flag().value_or(false)) {
    warn("replaced", "another file has taken its program's place; `poltergeist restart` runs that");
  }
  if (const auto names = daemon["environmentDiffers"].texts(); !names.empty()) {
    warn("environment",
         joined(names, ", ") + ": not as in this shell; `poltergeist restart` gives it these");
  }
  return text;
}

std::string watch_text(const JsonView& watch) {
  const auto files = watch["files"].number();
  return listed(
      {watch["state"].text() +
           (watch["reason"].text().empty() ? std::string() : ": " + watch["reason"].text()),
       files ? fmt::format("{} file{}", *files, *files == 1 ? "" : "s") : std::string(),
       watch["backend"].text() +
           (watch["choice"].text().empty() ? std::string() : ": " + watch["choice"].text())});
}

std::string queue_text(const JsonView& queue) {
  const auto part = [&](const char* key) {
    const auto names = joined(queue[key].texts(), ", ");
    return names.empty() ? std::string() : fmt::format("{} {}", key, names);
  };
  const auto building = part("building");
  const auto waiting = part("waiting");
  return building + (building.empty() || waiting.empty() ? "" : "; ") + waiting;
}

// Nothing while it has nothing to do.
std::string worker_text(const JsonView& worker) {
  const auto part = [&](const char* key) {
    const auto count = worker[key].number().value_or(0);
    return count == 0 ? std::string() : fmt::format("{} {}", count, key);
  };
  auto load = listed({part("executing"), part("waiting")});
  return load.empty() ? load : fmt::format("{} (worker {})", load, worker["name"].text());
}

std::string head_text(const JsonView& document, WallTime now, Detail detail, const Style& style) {
  std::string text = labelled("daemon", daemon_text(document["daemon"], now));
  text += daemon_warnings(document["daemon"], style);
  const auto watch = document["watch"];
  if (const auto state = watch["state"].text(); !state.empty()) {
    const auto line = watch_text(watch);
    text += labelled("watching", state == "ok" ? line : style.paint(Paint::Bad, line));
  }
  if (const auto queue = queue_text(document["queue"]); !queue.empty()) {
    text += labelled("queue", queue);
  }
  if (const auto worker = worker_text(document["worker"]); !worker.empty()) {
    text += labelled("tasks", worker);
  }
  if (document["paused"].flag().value_or(false)) {
    text += labelled("paused", style.paint(Paint::Busy, "`poltergeist resume` builds again"));
  }
  const auto configuration = document["configuration"];
  if (!configuration["valid"].flag().value_or(true)) {
    text += labelled("configuration", style.paint(Paint::Bad, "not applied, the old one holds:"));
    for (const auto& problem : configuration["problems"].texts()) text += "    " + problem + '\n';
  }
  if (detail == Detail::Verbose) {
    const auto daemon = document["daemon"];
    for (const auto* key : {"project", "configPath", "logFile"}) {
      if (const auto value = daemon[key].text(); !value.empty()) text += labelled(key, value);
    }
  }
  return text;
}

// ---- About a target ----

std::string progress_text(const JsonView& build) {
  const auto progress = build["progress"];
  const auto percent = progress["percent"].number();
  return listed(
      {percent ? fmt::format("{} %", *percent) : std::string(), progress["label"].text()});
}

std::string last_build_text(const JsonView& build, WallTime now) {
  if (build["status"].text() == "building") {
    const auto since = from_iso8601(build["timestamp"].text());
    const auto elapsed = since ? std::max(now - *since, Milliseconds(0)) : Milliseconds(0);
    return listed({"for " + format_duration(elapsed), progress_text(build)});
  }
  return listed({duration_text(build["duration"]), age_text(build["timestamp"].text(), now)});
}

// Nothing is wrong yet, but nobody would wait so long in silence without being told.
std::string stalled_text(const JsonView& build, const std::string& target, WallTime now) {
  const auto since = from_iso8601(build["stalledSince"].text());
  if (!since) return {};
  return fmt::format(
      "stalled: nothing printed and hardly any processor time used for {}; it may wait for "
      "something: `poltergeist logs {}`",
      format_duration(std::max(now - *since, Milliseconds(0))), for_terminal(target));
}

// Why it is not the newest build that runs.
std::string rollback_text(const JsonView& runner) {
  const auto from = runner["rolledBackFrom"].number();
  const auto generation = runner["generation"].number();
  if (!from || !generation) return {};
  const auto because = runner["rolledBackBecause"].text();
  return fmt::format("{} build {}, rolled back from {}{}", runner["status"].text(), *generation,
                     *from, because.empty() ? because : ": " + because);
}

std::string runner_text(const JsonView& runner) {
  const auto pid = runner["pid"].number();
  const auto port = runner["port"].number();
  const auto facts = listed({pid ? fmt::format("pid {}", *pid) : std::string(),
                             pid && port ? fmt::format("port {}", *port) : std::string()});
  return runner["status"].text() + (facts.empty() ? facts : fmt::format(" ({})", facts));
}

std::string place_text(const JsonView& diagnostic) {
  auto text = diagnostic["file"].text();
  if (const auto line = diagnostic["line"].number()) text += fmt::format(":{}", *line);
  if (const auto column = diagnostic["column"].number()) text += fmt::format(":{}", *column);
  return text.empty() ? text : text + ": ";
}

// The first error of a failed build: located, or the summary.
std::string first_error(const JsonView& build) {
  if (build["status"].text() != "failure") return {};
  for (const auto& diagnostic : build["diagnostics"].items()) {
    if (diagnostic["severity"].text() != "error") continue;
    return place_text(diagnostic) + "error: " + diagnostic["message"].text();
  }
  return build["errorSummary"].text();
}

std::vector<std::string> verbose_lines(const JsonView& target) {
  std::vector<std::string> lines;
  const auto add = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) lines.push_back(fmt::format("{:<10}{}", label, text));
  };
  const auto build = target["lastBuild"];
  const auto stats = target["buildStats"];
  add("type", target["type"].text());
  add("command", target["buildCommand"].text());
  add("output", target["appInfo"]["outputPath"].text());
  add("trigger", joined(build["trigger"].texts(), ", "));
  add("commit", build["gitHash"].text());
  add("listens", joined(target["runner"]["listen"].texts(), ", "));
  add("post-run", target["runner"]["postRun"].text());
  add("cleanup", target["cleanup"].text());
  if (const auto code = build["exitCode"].number()) add("exit", fmt::format("{}", *code));
  const auto average = duration_text(stats["averageDuration"]);
  if (!average.empty()) {
    add("builds",
        fmt::format("average {}, shortest {}, longest {}", average,
                    duration_text(stats["minDuration"]), duration_text(stats["maxDuration"])));
  }
  return lines;
}

std::vector<std::string> hook_lines(const nlohmann::json& target) {
  std::vector<std::string> lines;
  const auto found = target.find("postBuildResults");
  if (found == target.end() || !found->is_object()) return lines;
  for (const auto& [name, result] : found->items()) {
    const auto hook = JsonView(result);
    const auto summary = hook["summary"].text();
    lines.push_back(summary.empty()
                        ? fmt::format("{}: {}", for_terminal(name), hook["status"].text())
                        : summary);
  }
  return lines;
}

Row row_for(const std::string& name, const nlohmann::json& target, WallTime now, Detail detail) {
  const JsonView view(target);
  const auto word = standing_word(target);
  const auto runner = runner_text(view["runner"]);
  Row row{{{for_terminal(name), Paint::Strong},
           {word, paint_for(word)},
           {last_build_text(view["lastBuild"], now), std::nullopt},
           {runner, std::nullopt}},
          {}};
  if (const auto blocker = view["blockedBy"].text(); word == "blocked" && !blocker.empty()) {
    row.below.push_back("waits for " + blocker);
  }
  if (auto line = stalled_text(view["lastBuild"], name, now); !line.empty())
    row.below.push_back(std::move(line));
  if (const auto error = first_error(view["lastBuild"]); !error.empty()) row.below.push_back(error);
  if (auto line = rollback_text(view["runner"]); !line.empty())
    row.below.push_back(std::move(line));
  for (auto& line : hook_lines(target)) row.below.push_back(std::move(line));
  if (detail == Detail::Verbose) {
    for (auto& line : verbose_lines(view)) row.below.push_back(std::move(line));
  }
  return row;
}

}  // namespace

std::string standing_word(const nlohmann::json& target) {
  const JsonView view(target);
  const auto standing = view["standing"].text();
  const auto status = view["lastBuild"]["status"].text();
  if (standing == "building" || (standing.empty() && status == "building")) return "building";
  if (!view["enabled"].flag().value_or(true)) return "disabled";
  if (standing == "pending") return view["hold"].text() == "paused" ? "stale" : "waiting";
  if (!standing.empty() && standing != "unknown") return standing;
  // Nobody knows what changed since: the last result is all that can be said.
  if (status == "success") return "built";
  if (status == "failure") return "failed";
  return standing.empty() ? "not built" : "unknown";
}

std::string age_text(std::string_view iso8601, WallTime now) {
  const auto time = from_iso8601(iso8601);
  if (!time) return {};
  const auto seconds = std::chrono::duration_cast<Seconds>(now - *time).count();
  if (seconds < 1) return "just now";
  if (seconds < 60) return fmt::format("{}s ago", seconds);
  if (seconds < 3600) return fmt::format("{}m ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h ago", seconds / 3600);
  return fmt::format("{}d ago", seconds / (24 * 3600));
}

std::string status_text(const nlohmann::json& document, WallTime now, Detail detail,
                        const Style& style) {
  auto text = head_text(JsonView(document), now, detail, style);
  const auto targets = document.find("targets");
  if (targets == document.end() || !targets->is_object() || targets->empty()) {
    return text + "\nno targets\n";
  }
  std::vector<Row> rows;
  bool any_runner = false;
  for (const auto& [name, target] : targets->items()) {
    rows.push_back(row_for(name, target, now, detail));
    any_runner = any_runner || !rows.back().cells.back().text.empty();
  }
  std::vector<std::string> heading = {"TARGET", "STATUS", "LAST BUILD"};
  if (any_runner) heading.emplace_back("RUNNER");
  return text + '\n' + table_text(heading, rows, style);
}

nlohmann::ordered_json status_json(const nlohmann::json& document, const std::string& only) {
  auto result = nlohmann::ordered_json::object();
  const auto part = [&](const char* key) {
    const auto found = document.find(key);
    return found == document.end() ? nlohmann::json(nullptr) : *found;
  };
  if (const auto targets = part("targets"); targets.is_object()) {
    for (const auto& [name, target] : targets.items()) {
      if (only.empty() || name == only) result[name] = target;
    }
  }
  result["_daemon"] = part("daemon");
  result["_watch"] = part("watch");
  result["_paused"] = part("paused");
  result["_buildQueue"] = part("queue");
  result["_worker"] = part("worker");
  result["_configuration"] = part("configuration");
  return result;
}

}  // namespace poltergeist::cli
