// SPDX-License-Identifier: MIT
#include "config/exit_codes.h"

#include <algorithm>

namespace poltergeist::config {

namespace {

bool holds(const std::vector<int>& codes, int code) {
  return std::ranges::find(codes, code) != codes.end();
}

// A code that says two things says nothing.
void check_codes(const JsonArray& entries, const std::vector<int>& others, Reading& reading) {
  std::vector<int> seen;
  for (const auto& entry : entries) {
    const auto* number = entry.as<double>();
    if (number == nullptr) continue;
    const int code = static_cast<int>(*number);
    if (holds(seen, code)) {
      reading.problem(entry.place, "{} is in this list already", code);
    } else if (holds(others, code)) {
      reading.problem(entry.place,
                      "{} is an exit code of success: it cannot ask for another attempt", code);
    }
    seen.push_back(code);
  }
}

}  // namespace

ExitCodes read_exit_codes(const Section& parent, const Fields& fields, Reading& reading) {
  ExitCodes codes;
  const auto* json = fields.object("exitCodes");
  if (json == nullptr) return codes;
  const Fields lists(*parent.find("exitCodes")->section, *json, reading);
  lists.read("success", codes.success);
  lists.read("retry", codes.retry);
  check_codes(lists.list("success"), {}, reading);
  check_codes(lists.list("retry"), codes.success, reading);
  return codes;
}

}  // namespace poltergeist::config
