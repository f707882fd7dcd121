// SPDX-License-Identifier: MIT
// What the benchmarks of the whole product share: the time from a saved file to the first
// instruction of the command that it sets off, and tables. Times are milliseconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace poltergeist::bench {

[[nodiscard]] std::int64_t monotonic_ns();

// Nearest-rank; `values` must not be empty.
[[nodiscard]] double percentile(std::vector<double> values, double share);
[[nodiscard]] inline double median(const std::vector<double>& values) {
  return percentile(values, 0.5);
}

// A line of a table in Markdown, at once.
void row(const std::vector<std::string>& cells);

// A FIFO that the program `stamp` writes the time of its first instruction to.
class Stamps {
 public:
  explicit Stamps(std::filesystem::path path);
  ~Stamps();
  Stamps(const Stamps&) = delete;
  Stamps& operator=(const Stamps&) = delete;

  // What has to be run; no shell needs to look at it twice.
  [[nodiscard]] std::string command() const;
  // The same as words, of a program that then waits for a signal.
  [[nodiscard]] std::vector<std::string> waiting_command() const;
  // From `since` (monotonic, nanoseconds) to the first stamp that is later; nothing when none comes
  // within `patience_ms`. Earlier ones belong to a command that ran twice.
  [[nodiscard]] std::optional<double> after(std::int64_t since, int patience_ms) const;
  // The same; the end of the program when none comes within 10 s.
  [[nodiscard]] double next_after(std::int64_t since) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace poltergeist::bench
