// SPDX-License-Identifier: MIT
#include "config/substitute.h"

#include "config/reading.h"

namespace poltergeist::config {

namespace {

bool is_variable_name(std::string_view text) {
  constexpr std::string_view kFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kAny =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && kFirst.find(text[0]) != std::string_view::npos &&
         text.find_first_not_of(kAny) == std::string_view::npos;
}

// What stands between the braces.
Result<std::string> value_of(std::string_view reference, const Environment& environment) {
  const auto separator = reference.find(":-");
  const auto name = reference.substr(0, separator);
  if (!is_variable_name(name)) {
    return fail(Errc::Invalid, "{} is no name of a variable; a plain ${{ is written $${{",
                in_quotes(name));
  }
  const auto found = environment.find(std::string(name));
  const bool set = found != environment.end();
  if (separator == std::string_view::npos) {
    if (set) return found->second;
    return fail(Errc::Invalid,
                "the environment variable {} is not set; ${{{}:-…}} gives it a default", name,
                name);
  }
  if (set && !found->second.empty()) return found->second;
  return std::string(reference.substr(separator + 2));
}

}  // namespace

Result<std::string> substitute(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const auto dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return result;
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      result += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto close = text.find('}');
      if (close == std::string_view::npos) {
        return fail(Errc::Invalid, "a }} is missing behind ${{; a plain ${{ is written $${{");
      }
      const auto value = value_of(text.substr(2, close - 2), environment);
      if (!value) return fail(value.error());
      result += *value;
      text.remove_prefix(close + 1);
    } else {
      result += '$';
      text.remove_prefix(1);
    }
  }
}

}  // namespace poltergeist::config
