// SPDX-License-Identifier: MIT
#include "config/substitute_promise.h"

#include <algorithm>

#include "base/text.h"
#include "config/substitute.h"

namespace poltergeist::test {

using namespace config;

namespace {

// Nothing that a text would hold by itself, unless it is made to.
constexpr std::string_view kSecret = "\x01sesame\x02";

const Environment& environment() {
  static const Environment kEnvironment = {
      {"A", "a"}, {"EMPTY", ""}, {"NESTED", "${A}$${"}, {"API_KEY", std::string(kSecret)}};
  return kEnvironment;
}

// The text that stands for `text` as it is.
std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) result += '$';
    result += text[i];
  }
  return result;
}

std::string broken_failure(const Error& error) {
  if (error.code != Errc::Invalid) return "a failure is not called invalid";
  if (error.message.empty()) return "a failure says nothing";
  const bool harmless =
      for_terminal(error.message) == error.message && error.message.find('\n') == std::string::npos;
  return harmless ? "" : "a message holds control characters";
}

}  // namespace

std::string broken_substitution(std::string_view text) {
  const auto same = substitute(escaped(text), environment());
  if (!same || *same != text) return "a text whose ${ are written $${ is not itself";
  if (!variables_in(escaped(text)).empty()) return "$${ is taken for a variable";

  const auto names = variables_in(text);
  const auto result = substitute(text, environment());
  if (!result) return broken_failure(result.error());
  if (text.find('$') == std::string_view::npos && *result != text) return "a plain text is changed";
  const bool leaks =
      result->find(kSecret) != std::string::npos && text.find(kSecret) == std::string_view::npos;
  if (leaks && std::ranges::count(names, "API_KEY") == 0) return "a variable is not told of";
  for (const auto& name : names) {
    if (text.find("${" + name) == std::string_view::npos) return "a variable is told of too much";
  }
  // What was put in is not looked at again.
  Environment plain = environment();
  for (auto& [name, value] : plain) value = value.empty() ? "" : "x";
  const auto other = substitute(text, plain);
  return other ? "" : "whether a text is right depends on a value";
}

}  // namespace poltergeist::test
