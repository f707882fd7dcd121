// SPDX-License-Identifier: MIT
// What reading one configuration collects: problems, notes, and the environment it reads with.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/problem.h"
#include "config/project.h"

namespace poltergeist::config {

class Reading {
 public:
  // A file that is wrong from end to end is not answered with a megabyte.
  static constexpr std::size_t kMostRemarks = 100;

  explicit Reading(const Environment& environment) : environment_(environment) {}

  template <typename... Args>
  void problem(Place place, fmt::format_string<Args...> format, Args&&... args) {
    if (!full()) problems_.push_back(at(place, fmt::format(format, std::forward<Args>(args)...)));
  }
  template <typename... Args>
  void note(Place place, fmt::format_string<Args...> format, Args&&... args) {
    if (notes_.size() < kMostRemarks) {
      notes_.push_back(at(place, fmt::format(format, std::forward<Args>(args)...)));
    }
  }
  void problem(Problem problem);

  // Nothing more is taken down; whoever goes through a list can stop.
  [[nodiscard]] bool full() const { return problems_.size() >= kMostRemarks; }
  [[nodiscard]] bool good() const { return problems_.empty(); }
  [[nodiscard]] const Environment& environment() const { return environment_; }

  // In the order of the file.
  [[nodiscard]] std::vector<Problem> take_problems();
  [[nodiscard]] std::vector<Problem> take_notes();

 private:
  [[nodiscard]] static Problem at(Place place, std::string message) {
    return {place.line, place.column, std::move(message)};
  }

  const Environment& environment_;
  std::vector<Problem> problems_;
  std::vector<Problem> notes_;
};

// Text of the file as a message may quote it: short, in quotes, and harmless to a terminal.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace poltergeist::config
