// SPDX-License-Identifier: MIT
// Identifiers as types: a TargetId is not a string, a BuildId is not a number, and mixing them does
// not compile. An id is ordered and hashable, and prints as what it holds.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace poltergeist {

template <typename Tag, typename Rep>
class Id {
 public:
  Id() = default;
  explicit Id(Rep value) : value_(std::move(value)) {}

  [[nodiscard]] const Rep& value() const { return value_; }

  friend bool operator==(const Id&, const Id&) = default;
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  Rep value_{};
};

// The name of a target: unique in its project, and safe as a part of a file name (config checks
// that).
using TargetId = Id<struct TargetTag, std::string>;
// Counts the builds of one project upwards, across restarts of the daemon; 0 is "none".
using BuildId = Id<struct BuildTag, std::uint64_t>;
// The name of a task: unique in its project, and safe as a part of a file name.
using TaskId = Id<struct TaskTag, std::string>;
// Counts the executions of one project's tasks upwards, across restarts of the daemon; 0 is "none".
using ExecutionId = Id<struct ExecutionTag, std::uint64_t>;
// The daemon's count of applied change batches. A target has a dirty clock and a built clock; 0 is
// "never".
using Clock = std::uint64_t;

}  // namespace poltergeist

template <typename Tag, typename Rep>
struct std::hash<poltergeist::Id<Tag, Rep>> {
  std::size_t operator()(const poltergeist::Id<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
