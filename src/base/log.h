// SPDX-License-Identifier: MIT
// The daemon's own log: sentences with ids. Silent until open_log() was called, so that libraries
// and tests may log freely. One thread.
#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/enum_names.h"
#include "base/result.h"

namespace poltergeist {

enum class LogLevel { Debug, Info, Warn, Error };
inline constexpr auto kLogLevels = std::to_array<EnumName<LogLevel>>({
    {LogLevel::Debug, "debug"},
    {LogLevel::Info, "info"},
    {LogLevel::Warn, "warn"},
    {LogLevel::Error, "error"},
});

enum class LogTo { File, FileAndStderr };

// Text: "2026-01-31T12:00:00.000Z info: …". Json: {"time", "level", "message"} in each line.
enum class LogFormat { Text, Json };
inline constexpr auto kLogFormats = std::to_array<EnumName<LogFormat>>({
    {LogFormat::Text, "text"},
    {LogFormat::Json, "json"},
});

// Appends to `file` (0600). At 10 MB it begins anew, and what was there is kept in another file.
// Errc::Denied if what is there is a link, no file, or one with another name.
[[nodiscard]] Result<void> open_log(const std::filesystem::path& file, LogLevel least, LogTo to,
                                    LogFormat format = LogFormat::Text);
// Both.
[[nodiscard]] std::vector<std::filesystem::path> files_of_log(const std::filesystem::path& file);
void set_log_level(LogLevel least);
void set_log_format(LogFormat format);
[[nodiscard]] bool is_logged(LogLevel level);
void log_line(LogLevel level, std::string_view line);

template <typename... Args>
void log_at(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::Debug, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::Info, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::Warn, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::Error, format, std::forward<Args>(args)...);
}

}  // namespace poltergeist
