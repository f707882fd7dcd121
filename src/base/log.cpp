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

LogFormat& the_format() {
  static LogFormat format = LogFormat::Text;
  return format;
}

// A text of valid UTF-8 as JSON has it.
std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// What stands behind the time in a line.
std::string rest_of_line(LogLevel level, std::string_view line) {
  const auto message = for_terminal(line);
  if (the_format() == LogFormat::Text) return message;
  return fmt::format(R"("level":"{}","message":{}}})", name_in(kLogLevels, level),
                     json_quoted(message));
}

// What is appended to what stands there, and has its mode set, must be a log and nothing else of
// somebody's.
Result<void> check_log(const std::filesystem::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return {};
  if (S_ISREG(status.st_mode) && status.st_nlink == 1) return {};
  return fail(Errc::Denied, "{}: a link, no file, or one with another name; remove it",
              file.string());
}

}  // namespace

Result<void> open_log(const std::filesystem::path& file, LogLevel least, LogTo to,
                      LogFormat format) {
  if (auto fit = check_log(file); !fit) return fit;
  try {
    std::vector<spdlog::sink_ptr> sinks;
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.string(),
                                                                           kMostBytes, kOldFiles));
    if (to == LogTo::FileAndStderr) {
      sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_st>());
    }
    auto logger = std::make_unique<spdlog::logger>("poltergeist", sinks.begin(), sinks.end());
    logger->set_level(to_spdlog(least));
    logger->flush_on(spdlog::level::debug);
    the_logger() = std::move(logger);
    set_log_format(format);
  } catch (const spdlog::spdlog_ex& error) {
    return fail(Errc::Io, "opening the log: {}", error.what());
  }
  if (::chmod(file.c_str(), S_IRUSR | S_IWUSR) != 0) return fail_errno("{}", file.string());
  return {};
}

std::vector<std::filesystem::path> files_of_log(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> files;
  for (std::size_t i = 0; i <= kOldFiles; ++i) {
    files.emplace_back(spdlog::sinks::rotating_file_sink_st::calc_filename(file.string(), i));
  }
  return files;
}

void set_log_level(LogLevel least) {
  if (the_logger()) the_logger()->set_level(to_spdlog(least));
}

void set_log_format(LogFormat format) {
  the_format() = format;
  if (!the_logger()) return;
  the_logger()->set_pattern(format == LogFormat::Json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)"
                                                      : "%Y-%m-%dT%H:%M:%S.%eZ %l: %v",
                            spdlog::pattern_time_type::utc);
}

bool is_logged(LogLevel level) {
  return the_logger() && the_logger()->should_log(to_spdlog(level));
}

void log_line(LogLevel level, std::string_view line) {
  if (the_logger()) the_logger()->log(to_spdlog(level), "{}", rest_of_line(level, line));
}

}  // namespace poltergeist
