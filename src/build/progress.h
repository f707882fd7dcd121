// SPDX-License-Identifier: MIT
// How far a build is, read from the output of build tools and test programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace poltergeist::build {

struct Progress {
  int current = 0;
  int total = 0;    // 0: the tool gives a percentage, or counts without saying how far
  int percent = 0;  // 0–100; 0 when there is nothing to tell it from
  std::string label;

  friend bool operator==(const Progress&, const Progress&) = default;
};

// One per build: some tools say the total first and count afterwards.
class ProgressScanner {
 public:
  // One line without its end, or what stands between two carriage returns; colours do not matter.
  // Nothing when the line says nothing new about progress.
  [[nodiscard]] std::optional<Progress> feed(std::string_view line);
  // The last one that was seen.
  [[nodiscard]] const std::optional<Progress>& latest() const { return latest_; }

 private:
  [[nodiscard]] std::optional<Progress> read(std::string_view line);
  [[nodiscard]] std::optional<Progress> read_test_case(std::string_view line);
  [[nodiscard]] Progress one_more(std::string_view label);

  std::optional<Progress> latest_;
  int counted_ = 0;   // what was reported one by one: test cases, crates
  int expected_ = 0;  // how many there will be; 0: not said
};

}  // namespace poltergeist::build
