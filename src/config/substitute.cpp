// SPDX-License-Identifier: MIT
#include "config/substitute.h"

#include <optional>

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

// `${name}` or `${name:-default}`, without the braces.
struct Reference {
  std::string_view name;
  std::optional<std::string_view> preset;
};

Result<std::string> value_of(const Reference& reference, const Environment& environment) {
  const auto found = environment.find(std::string(reference.name));
  const bool set = found != environment.end();
  if (reference.preset) {
    return std::string(set && !found->second.empty() ? found->second : *reference.preset);
  }
  if (set) return found->second;
  return fail(Errc::Invalid,
              "the environment variable {} is not set; ${{{}:-…}} gives it a default",
              reference.name, reference.name);
}

Result<Reference> reference_in(std::string_view braces) {
  const auto separator = braces.find(":-");
  Reference reference{braces.substr(0, separator), {}};
  if (separator != std::string_view::npos) reference.preset = braces.substr(separator + 2);
  if (is_variable_name(reference.name)) return reference;
  return fail(Errc::Invalid, "{} is no name of a variable; a plain ${{ is written $${{",
              in_quotes(reference.name));
}

// Goes through a text: `plain` is given what stands for itself, `variable` each reference, which it
// may find wrong.
template <typename Plain, typename Variable>
Result<void> walk(std::string_view text, Plain plain, Variable variable) {
  while (true) {
    const auto dollar = text.find('$');
    plain(text.substr(0, dollar));
    if (dollar == std::string_view::npos) return {};
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      plain("${");
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto close = text.find('}');
      if (close == std::string_view::npos) {
        return fail(Errc::Invalid, "a }} is missing behind ${{; a plain ${{ is written $${{");
      }
      const auto reference = reference_in(text.substr(2, close - 2));
      if (!reference) return fail(reference.error());
      if (auto taken = variable(*reference); !taken) return taken;
      text.remove_prefix(close + 1);
    } else {
      plain("$");
      text.remove_prefix(1);
    }
  }
}

}  // namespace

std::string unsubstituted(std::string_view text) {
  constexpr std::string_view kReference = "${";
  std::string written;
  for (auto at = text.find(kReference); at != std::string_view::npos; at = text.find(kReference)) {
    written += text.substr(0, at);
    written += "$${";
    text.remove_prefix(at + kReference.size());
  }
  return written += text;
}

Result<std::string> substitute(std::string_view text, const Environment& environment) {
  std::string result;
  const auto walked = walk(
      text, [&](std::string_view plain) { result += plain; },
      [&](const Reference& reference) -> Result<void> {
        const auto value = value_of(reference, environment);
        if (!value) return fail(value.error());
        result += *value;
        return {};
      });
  if (!walked) return fail(walked.error());
  return result;
}

std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> names;
  // What is wrong with the text is substitute()'s to say.
  static_cast<void>(walk(
      text, [](std::string_view) {},
      [&](const Reference& reference) -> Result<void> {
        names.emplace_back(reference.name);
        return {};
      }));
  return names;
}

}  // namespace poltergeist::config
