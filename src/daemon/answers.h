// SPDX-License-Identifier: MIT
// What the daemon says of its targets, from what the others know: answers of `wait` and `build`,
// `status`, `why`, progress.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"
#include "config/project.h"
#include "daemon/building.h"
#include "daemon/project_file.h"
#include "daemon/publishing.h"
#include "daemon/tasking.h"
#include "daemon/watching.h"
#include "process/orphanage.h"
#include "process/tool_variables.h"
#include "sys/files.h"

namespace poltergeist::daemon {

// What became of the latest save of the configuration.
struct ConfigurationState {
  bool valid = true;
  std::vector<std::string> problems;  // of the refused one; the old one is in force
};

class Answers {
 public:
  Answers(const config::Project& project, const Building& building, Publishing& publishing,
          const Watching& watching, const Tasking& tasking, const process::Orphanage& orphanage,
          const ConfigurationState& configuration, WallTime started, std::string version)
      : project_(project),
        building_(building),
        publishing_(publishing),
        watching_(watching),
        tasking_(tasking),
        orphanage_(orphanage),
        configuration_(configuration),
        started_(started),
        version_(std::move(version)),
        program_(own_executable().value_or(std::filesystem::path())),
        log_file_(daemon_log(project, publishing.paths())) {}

  [[nodiscard]] bool is_configured(const TargetId& target) const;
  [[nodiscard]] bool is_enabled(const TargetId& target) const;
  // The watcher is blind: nothing can be said about freshness.
  [[nodiscard]] bool cannot_know() const;
  // Neither it nor what it waits for is going to be built, unless somebody says so.
  [[nodiscard]] bool nobody_builds(const TargetId& target) const;
  [[nodiscard]] BuildId last_build(const TargetId& target) const;
  [[nodiscard]] api::TargetAnswer answer_for(const TargetId& target) const;
  [[nodiscard]] api::WaitResult result_for(const std::vector<TargetId>& targets) const;
  [[nodiscard]] api::ProgressNote progress_of(const TargetId& target) const;
  [[nodiscard]] api::WatchInfo watch() const;
  // Of all targets, or of one.
  [[nodiscard]] api::Json status(const std::optional<TargetId>& only) const;
  // What only we know of ourselves. Of the last events as many as fit into a message.
  [[nodiscard]] api::DoctorResult doctor() const;
  [[nodiscard]] api::Json why_target(const TargetId& target) const;
  [[nodiscard]] api::Json why_path(const RelPath& path) const;

 private:
  [[nodiscard]] api::Json status_of(const config::Target& target) const;
  [[nodiscard]] api::Json queue() const;
  [[nodiscard]] api::Json worker() const;
  [[nodiscard]] build::Verdict last_hold(const TargetId& target) const;
  [[nodiscard]] std::string reason_for(const TargetId& target) const;
  // What its builds have: the configuration's `env` over our own.
  [[nodiscard]] process::ToolVariables environment_of(const TargetId& target) const;

  const config::Project& project_;
  const Building& building_;
  Publishing& publishing_;
  const Watching& watching_;
  const Tasking& tasking_;
  const process::Orphanage& orphanage_;
  const ConfigurationState& configuration_;
  WallTime started_;
  std::string version_;
  std::filesystem::path program_;   // from which we were started; empty: not known
  std::filesystem::path log_file_;  // as it was at the start
};

}  // namespace poltergeist::daemon
