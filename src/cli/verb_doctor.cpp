// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/doctor/findings.h"
#include "cli/doctor/gather.h"
#include "cli/doctor/report.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

int verb_doctor(Arguments& arguments) {
  std::string config;
  bool json = false;
  bool events = false;
  arguments.flag("--events", events, "show the last 256 events of the watcher, too");
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto file = find_configuration(config);
  if (!file) return report(file.error());
  const auto facts = doctor::gather_facts(*file);
  const auto findings = doctor::findings_for(facts);
  if (json) {
    print_json(doctor::to_json(facts, findings));
  } else {
    const auto show = events ? doctor::ShowEvents::Yes : doctor::ShowEvents::No;
    print(doctor::to_text(facts, findings, show, style_for(STDOUT_FILENO)));
  }
  return to_int(doctor::worst_of(findings) >= doctor::Level::Warning ? ExitCode::No
                                                                     : ExitCode::Yes);
}

}  // namespace poltergeist::cli
