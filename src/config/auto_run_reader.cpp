// SPDX-License-Identifier: MIT
#include "config/auto_run_reader.h"

#include <algorithm>

#include <re2/re2.h>

#include "base/text.h"

namespace poltergeist::config {

namespace {

// It becomes a part of a request's first line.
void check_http_path(const std::string& path, Place place, Reading& reading) {
  const auto breaks_the_line = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  };
  if (path.empty()) return;
  if (path.front() == '/' && std::ranges::none_of(path, breaks_the_line)) return;
  reading.problem(place, "\"http\" must be a path that begins with \"/\" and has no blanks, not {}",
                  in_quotes(path));
}

void check_pattern(const std::string& pattern, Place place, Reading& reading) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(pattern, options);
  if (compiled.ok()) return;
  reading.problem(place, "\"logLine\" is no pattern: {}", compiled.error());
}

ReadyWhen read_ready_when(const Section& section, const Json& json, Reading& reading) {
  const Fields fields(section, json, reading);
  ReadyWhen ready;
  fields.read_own_port("port", ready.port);
  fields.read("http", ready.http);
  fields.read("logLine", ready.log_line);
  fields.read("exec", ready.exec);
  fields.read("timeoutSeconds", ready.timeout);
  check_http_path(ready.http, fields.place_of("http"), reading);
  check_pattern(ready.log_line, fields.place_of("logLine"), reading);
  return ready;
}

std::vector<ListenAddress> read_listen(const Fields& fields, Reading& reading) {
  std::vector<std::string> texts;
  fields.read("listen", texts);
  std::vector<ListenAddress> addresses;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) continue;  // was reported
    const auto place = fields.list("listen")[i].place;
    auto address = parse_listen_address(texts[i]);
    if (!address) {
      reading.problem(place, "\"listen\": {}: {}", in_quotes(texts[i]), address.error().message);
      continue;
    }
    const auto other = std::ranges::find_if(
        addresses, [&](const auto& before) { return are_exclusive(before, *address); });
    if (other != addresses.end()) {
      reading.problem(place, "\"listen\": {} and {} exclude each other: keep one",
                      in_quotes(to_text(*other)), in_quotes(texts[i]));
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

// Who asks whether a port accepts connections is answered by us, who hold it.
void note_empty_condition(const AutoRun& settings, Place place, Reading& reading) {
  const auto port = settings.ready_when->port;
  const auto is_held = [&](const ListenAddress& address) {
    return address.kind != ListenAddress::Kind::Local && (*port == 0 || *port == address.port);
  };
  if (!port || std::ranges::none_of(settings.listen, is_held)) return;
  reading.note(
      place,
      "with \"listen\" its port accepts connections before the program is there: \"http\", "
      "\"logLine\" or \"exec\" tells when it is ready");
}

}  // namespace

AutoRun read_auto_run(const Section& section, const Json& json, Reading& reading) {
  const Fields fields(section, json, reading);
  AutoRun auto_run;
  fields.read("enabled", auto_run.enabled);
  fields.read("command", auto_run.command);
  fields.read("args", auto_run.args);
  fields.read_signal("restartSignal", auto_run.restart_signal);
  fields.read("restartDelayMs", auto_run.restart_delay);
  fields.read("stopTimeoutMs", auto_run.stop_timeout);
  fields.read_choice("onExit", kOnExit, auto_run.on_exit);
  fields.read("rollback", auto_run.rollback);
  fields.read("launchImage", auto_run.launch_image);
  fields.read("env", auto_run.env);
  fields.read_port("port", auto_run.port);
  fields.read("portFile", auto_run.port_file);
  auto_run.listen = read_listen(fields, reading);
  fields.read("postRun", auto_run.post_run);
  fields.read_choice("postRunOnRestart", kOnRestart, auto_run.post_run_on_restart);
  fields.read("cleanup", auto_run.cleanup);
  fields.read("cleanupTimeoutSeconds", auto_run.cleanup_timeout);
  if (const auto* ready = fields.object("readyWhen")) {
    auto_run.ready_when = read_ready_when(*section.find("readyWhen")->section, *ready, reading);
    note_empty_condition(auto_run, ready->place, reading);
  }
  if (auto_run.rollback && !auto_run.launch_image) {
    reading.problem(fields.place_of("rollback"),
                    "\"rollback\" needs the copies that \"launchImage\": false does without");
  }
  return auto_run;
}

void check_startable(const Target& target, Place place, Reading& reading) {
  if (!target.auto_run || !target.auto_run->enabled) return;
  if (!target.output_path.empty() || !target.auto_run->command.empty()) return;
  reading.problem(place,
                  "\"autoRun\" has nothing to start: give the target an \"outputPath\", or "
                  "\"autoRun\" a \"command\"");
}

}  // namespace poltergeist::config
