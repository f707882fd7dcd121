// SPDX-License-Identifier: MIT
#include "polter/verdict.h"

#include <fmt/format.h>

#include "base/signal_names.h"

namespace poltergeist::polter {

namespace {

constexpr std::size_t kMostDiagnostics = 5;

std::string text_of(const api::Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const api::Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string how_it_ended(const api::TargetAnswer& answer) {
  if (!answer.error_summary.empty()) return answer.error_summary;
  if (answer.signal) return signal_name(*answer.signal);
  if (answer.exit_code) return fmt::format("exit {}", *answer.exit_code);
  return answer.reason.empty() ? "no reason given" : answer.reason;
}

void quote_diagnostics(const api::TargetAnswer& answer, Verdict& verdict) {
  if (!answer.diagnostics.is_array()) return;
  for (const auto& diagnostic : answer.diagnostics) {
    if (verdict.quoted.size() == kMostDiagnostics) return;
    auto line = diagnostic_line(diagnostic);
    if (!line.empty()) verdict.quoted.push_back(std::move(line));
  }
}

void quote_log(const Options& options, const api::TargetAnswer& answer, Verdict& verdict) {
  if (options.no_logs) return;
  const auto wanted = static_cast<std::size_t>(options.log_lines);
  const auto& lines = answer.last_output;
  const std::size_t skipped = lines.size() > wanted ? lines.size() - wanted : 0;
  verdict.quoted.insert(verdict.quoted.end(), lines.begin() + static_cast<std::ptrdiff_t>(skipped),
                        lines.end());
}

Verdict failed(const Options& options, const api::TargetAnswer& answer, const std::string& hint) {
  Verdict verdict{.code = ExitCode::No};
  verdict.message = fmt::format("the build of {} failed after {}: {}", answer.target,
                                format_duration(answer.duration), how_it_ended(answer));
  quote_diagnostics(answer, verdict);
  quote_log(options, answer, verdict);
  if (!answer.log_file.empty()) verdict.closing = fmt::format("its log: {}", answer.log_file);
  if (!hint.empty()) verdict.closing += (verdict.closing.empty() ? "" : "\n") + hint;
  return verdict;
}

Verdict refused(ExitCode code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

// The reason as the end of a sentence, or `otherwise`.
std::string because(const api::TargetAnswer& answer, std::string_view otherwise) {
  return answer.reason.empty() ? std::string(otherwise) : answer.reason;
}

Verdict unforced(const Options& options, const api::TargetAnswer& answer, const std::string& hint) {
  switch (answer.answer) {
    case api::Answer::Fresh:
      return {.run = true};
    case api::Answer::Failed:
      return failed(options, answer, hint);
    case api::Answer::Blocked:
      return refused(ExitCode::No, fmt::format("{} is not built: {}", answer.target,
                                               because(answer, "a dependency failed")));
    case api::Answer::Stale:
      return refused(ExitCode::No, fmt::format("{} is not fresh: {}", answer.target,
                                               because(answer, "nobody is going to build it")));
    case api::Answer::Unknown:
      return refused(ExitCode::CannotAnswer,
                     fmt::format("cannot know whether {} is fresh: {}", answer.target,
                                 because(answer, "the watcher does not know what changed")));
  }
  return refused(ExitCode::OurBug, "an answer without a meaning");
}

// What --force makes of a refusal: the same, told as a warning, and on we go.
Verdict forced(Verdict verdict) {
  if (verdict.run) return verdict;
  verdict.run = true;
  std::string& last =
      verdict.quoted.empty() && verdict.closing.empty() ? verdict.message : verdict.closing;
  if (!last.empty()) last += '\n';
  last += "running what is there all the same (--force)";
  return verdict;
}

Verdict unforced(const Options& options, const api::RpcError& error) {
  switch (error.code) {
    case api::ErrorCode::NotFound:
      return refused(ExitCode::Unknown, error.message);
    case api::ErrorCode::Timeout:
      return refused(ExitCode::Timeout,
                     fmt::format("{} was not fresh within {} (--timeout)", options.target,
                                 format_duration(options.timeout)));
    case api::ErrorCode::Invalid:
    case api::ErrorCode::InvalidParams:
      return refused(ExitCode::Usage, error.message);
    case api::ErrorCode::Unavailable:
    case api::ErrorCode::ParseError:
    case api::ErrorCode::InvalidRequest:
    case api::ErrorCode::MethodNotFound:
    case api::ErrorCode::InternalError:
    case api::ErrorCode::Failed:
    case api::ErrorCode::Conflict:
    case api::ErrorCode::Unauthorized:
    case api::ErrorCode::Forbidden:
      break;
  }
  return refused(ExitCode::CannotAnswer,
                 fmt::format("cannot know whether {} is fresh: {}", options.target, error.message));
}

// Where there is no such target, or no configuration that could name its artifact, there is nothing
// to force.
Verdict forced_if_possible(const Options& options, Verdict verdict) {
  const bool possible = verdict.code != ExitCode::Unknown && verdict.code != ExitCode::Usage;
  return options.force && possible ? forced(std::move(verdict)) : verdict;
}

}  // namespace

Verdict verdict_for(const Options& options, const api::TargetAnswer& answer,
                    const std::string& hint) {
  auto verdict = unforced(options, answer, hint);
  return options.force ? forced(std::move(verdict)) : verdict;
}

Verdict verdict_for(const Options& options, const api::RpcError& error) {
  return forced_if_possible(options, unforced(options, error));
}

Verdict verdict_for(const Options& options, const NoDaemon& no_daemon) {
  return forced_if_possible(options, refused(no_daemon.code, no_daemon.message));
}

std::string diagnostic_line(const api::Json& diagnostic) {
  if (!diagnostic.is_object()) return {};
  std::string line = text_of(diagnostic, "file");
  for (const char* key : {"line", "column"}) {
    const auto number = number_of(diagnostic, key);
    if (line.empty() || number <= 0) break;
    line += fmt::format(":{}", number);
  }
  if (!line.empty()) line += ": ";
  const auto severity = text_of(diagnostic, "severity");
  if (!severity.empty()) line += severity + ": ";
  line += text_of(diagnostic, "message");
  const auto code = text_of(diagnostic, "code");
  if (!code.empty()) line += fmt::format(" [{}]", code);
  return line;
}

}  // namespace poltergeist::polter
