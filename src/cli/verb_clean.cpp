// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/verb_functions.h"
#include "state/clean.h"
#include "state/state_dir.h"
#include "sys/clock.h"

namespace poltergeist::cli {

namespace {

constexpr std::uint64_t kSecondsPerDay = 86'400;
constexpr std::uint64_t kMostDays = 36'500;

struct CleanOptions {
  std::uint64_t days = 7;
  bool all = false;
  bool dry_run = false;
  bool json = false;
};

void show_json(const CleanOptions& options, const std::vector<state::StaleFile>& files) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& file : files) {
    list.push_back({{"file", file.file.string()},
                    {"project", file.project},
                    {"target", file.target},
                    {"reason", file.reason}});
  }
  print_json(nlohmann::ordered_json{{"removed", options.dry_run ? 0 : files.size()},
                                    {"candidates", files.size()},
                                    {"files", std::move(list)}});
}

void show_text(const CleanOptions& options, const std::vector<state::StaleFile>& files) {
  for (const auto& file : files) {
    print(fmt::format("{}: {}\n", for_terminal(file.file.filename().string()),
                      for_terminal(file.reason)));
  }
  print(fmt::format("{} file{} {}\n", files.size(), files.size() == 1 ? "" : "s",
                    options.dry_run ? "would be removed" : "removed"));
}

}  // namespace

int verb_clean(Arguments& arguments) {
  CleanOptions options;
  arguments.number("-d,--days", options.days, "n", "unused for so many days (7)");
  arguments.flag("-a,--all", options.all, "of any age");
  arguments.flag("--dry-run", options.dry_run, "only say what would be removed");
  arguments.json(options.json);
  if (const auto end = arguments.end()) return *end;
  if (options.days > kMostDays) {
    return arguments.misuse(fmt::format("--days takes at most {}", kMostDays));
  }

  const auto directory = state::state_dir_from_environment();
  if (!directory) return report({ExitCode::CannotAnswer, directory.error().message, {}});
  const Seconds unused_for(options.all ? 0 : options.days * kSecondsPerDay);
  const auto files = options.dry_run
                         ? state::stale_files(*directory, unused_for, wall_now())
                         : state::remove_stale_files(*directory, unused_for, wall_now());
  if (!files) return report({ExitCode::CannotAnswer, files.error().message, {}});
  if (options.json) {
    show_json(options, *files);
  } else {
    show_text(options, *files);
  }
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
