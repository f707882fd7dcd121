// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <sys/stat.h>

#include <memory>
#include <vector>

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/text.h"

namespace poltergeist {

namespace {

constexpr std::size_t kMostBytes = 10'000'000;
constexpr std::size_t kOldFiles = 1;

std::unique_ptr<spdlog::logger>& the_logger() {
  static std::unique_ptr<spdlog::logger> logger;
  return logger;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return spdlog::level::debug;
    case LogLevel::Info:
      return spdlog::level::info;
    case LogLevel::Warn:
      return spdlog::level::warn;
    case LogLevel::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

Result<void> open_log(const std::filesystem::path& file, LogLevel least, LogTo to) {
  try {
    std::vector<spdlog::sink_ptr> sinks;
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.string(),
                                                                           kMostBytes, kOldFiles));
    if (to == LogTo::FileAndStderr) {
      sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_st>());
    }
    auto logger = std::make_unique<spdlog::logger>("poltergeist", sinks.begin(), sinks.end());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(least));
    logger->flush_on(spdlog::level::debug);
    the_logger() = std::move(logger);
  } catch (const spdlog::spdlog_ex& error) {
    return fail(Errc::Io, "opening the log: {}", error.what());
  }
  if (::chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) return fail_errno("{}", file.string());
  return {};
}

void set_log_level(LogLevel least) {
  if (the_logger()) the_logger()->set_level(to_spdlog(least));
}

bool is_logged(LogLevel level) {
  return the_logger() && the_logger()->should_log(to_spdlog(level));
}

void log_line(LogLevel level, std::string_view line) {
  if (the_logger()) the_logger()->log(to_spdlog(level), "{}", for_terminal(line));
}

}  // namespace poltergeist
