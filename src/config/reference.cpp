// SPDX-License-Identifier: MIT
// docs/configuration.md.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/schema.h"
#include "config/value_check.h"

namespace poltergeist::config {

namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- Printed from src/config/keys.cpp. Do not edit: UPDATE=1 build/dev/tests/config/config_test writes it. -->
# Configuration

`poltergeist.config.json` stands in the root of the project. From a directory below it the nearest one
upwards is taken; `-c file.json` names one, `-c directory` says where to start.

```jsonc
{
  "version": "1.0",
  "projectType": "cmake",
  "targets": [
    {
      "name": "server",
      "type": "executable",
      "buildCommand": "cmake --build build --target server",
      "outputPath": "build/server",
      "watchPaths": ["src/**/*.{cpp,h}", "**/CMakeLists.txt"],
      "autoRun": { "enabled": true, "args": ["--port", "${PORT:-8080}"] }
    }
  ]
}
```

**Form.** JSON, with `//` and `/* */` comments; no trailing commas. An unknown key, a wrong type and an impossible value are errors;
all of them are reported at once, each with its line and column, and nothing is built from a configuration that has one. A
saved configuration is applied while the daemon runs; while it has errors, the one before it stays. `poltergeist validate`
reads a configuration and says what it thinks of it, `poltergeist schema` prints a JSON Schema for editors.

**Variables.** In the keys marked `${}`, `${VAR}` is replaced by the value of an environment variable and `${VAR:-text}` by the text where the
variable is not set or empty; a variable that is missing is an error. `$${` is a plain `${`. Lines for a shell are left to the shell.

**Durations** carry their unit in the key or are in milliseconds; parts of the unit are rounded up.

**Environment.** What the daemon starts has the daemon's environment, over it the `env` of the target and of the hook, runner or task, over that the
variables of ours. Nobody sits in front of it: standard input is empty, there is no terminal, and so that git and ssh fail at once instead of opening a window for
a password, `GIT_TERMINAL_PROMPT` is `0`, `GIT_ASKPASS` is empty, and `SSH_ASKPASS_REQUIRE` and `GCM_INTERACTIVE` are `never`, whatever the daemon was started with. An `env`
that names one of them is heeded; `"GIT_ASKPASS": "${GIT_ASKPASS}"` hands on a program that answers without a person. The program of `polter --watch` has your
environment as it is.

**Trust.** The commands in the file run as you. So it is refused when it, or its directory, belongs to another user or can be
written by everybody, unless `poltergeist trust <directory>` was said.

**From upstream.** Every configuration of the original Poltergeist's version "1.0" that has no unknown keys is accepted. The differences:
changes settle for 20 ms, not for a second; `dir/*.c` means that directory alone; what has no effect here is listed at the end.
)";

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string names_of(TypeSet types) {
  std::vector<std::string> names;
  for (const auto& [type, name] : kTargetTypes) {
    if (types.has(type)) names.push_back(fmt::format("`{}`", name));
  }
  return joined(names, ", ");
}

// The shorter way to say it.
std::string types_in_words(TypeSet types) {
  const auto others = TypeSet::all().without(types);
  const auto named = names_of(types);
  const auto unnamed = names_of(others);
  return named.size() <= unnamed.size() ? named : "all but " + unnamed;
}

std::string preset_of(const Key& key) {
  if (!key.preset.empty()) return fmt::format("`{}`", key.preset);
  if (key.required == TypeSet::all()) return "required";
  if (key.required.empty()) return {};
  return key.required == key.types ? "required" : "required for " + types_in_words(key.required);
}

// As GitHub makes it from the heading.
std::string anchor_of(const Section& section) {
  std::string anchor = lower_case(section.title);
  std::erase_if(anchor, [](char c) { return c == '[' || c == ']' || c == '.'; });
  return anchor;
}

std::string value_in_words(const Key& key) {
  if (key.section != nullptr) {
    return fmt::format("{}: [{}](#{})",
                       key.type == ValueType::Object ? "object" : "list of objects",
                       key.section->title, anchor_of(*key.section));
  }
  if (key.type == ValueType::Milliseconds) return "milliseconds";
  if (key.type == ValueType::Seconds) return "seconds";
  return wanted_by(key) + (key.substituted ? " `${}`" : "");
}

std::string meaning_of(const Key& key) {
  std::string text(key.meaning);
  if (!key.only_with.empty()) text += fmt::format(" Goes with `{}` only.", key.only_with);
  if (!key.old_name.empty()) text += fmt::format(" Its old spelling is `{}`.", key.old_name);
  return text;
}

std::string row(const Key& key) {
  return fmt::format("| `{}` | {} | {} | {} |\n", key.name, cell(value_in_words(key)),
                     cell(preset_of(key)), cell(meaning_of(key)));
}

constexpr std::string_view kTableHead =
    "\n| key | value | default | meaning |\n|---|---|---|---|\n";

bool has_effect(const Key& key) {
  return key.without_effect != TypeSet::all();
}

std::string table(const Section& section, TypeSet types) {
  std::string text(kTableHead);
  for (const auto& key : section.keys) {
    if (has_effect(key) && key.types == types) text += row(key);
  }
  return text;
}

// The keys of all targets, then those of some types, in the order in which the table has them.
std::string target_tables(const Section& section) {
  std::string text = table(section, TypeSet::all());
  std::vector<TypeSet> done = {TypeSet::all()};
  for (const auto& key : section.keys) {
    if (!has_effect(key) || std::ranges::find(done, key.types) != done.end()) continue;
    done.push_back(key.types);
    text += fmt::format("\nFor {}:\n", types_in_words(key.types));
    text += table(section, key.types);
  }
  return text;
}

void add_section(const Section& section, std::string& text) {
  text += fmt::format("\n## {}\n\n{}\n", section.title.empty() ? "The file" : section.title,
                      section.meaning);
  if (!section.one_of.empty()) {
    const std::vector<std::string> names(section.one_of.begin(), section.one_of.end());
    text += fmt::format("\nExactly one of `{}` is given.\n", joined(names, "` and `"));
  }
  text += &section == &target_section() ? target_tables(section) : table(section, TypeSet::all());
  for (const auto& key : section.keys) {
    if (key.section != nullptr && has_effect(key)) add_section(*key.section, text);
  }
}

void add_keys_without_effect(const Section& section, std::string& text) {
  for (const auto& key : section.keys) {
    if (!has_effect(key)) {
      text += fmt::format("| `{}{}{}` | {} |\n", section.title, section.title.empty() ? "" : ".",
                          key.name, cell(key.meaning));
    } else if (key.section != nullptr) {
      add_keys_without_effect(*key.section, text);
    }
  }
}

}  // namespace

std::string configuration_markdown() {
  std::string text(kIntroduction);
  add_section(project_section(), text);
  text +=
      "\n## Accepted without effect\n\nThese are checked for their type, and `validate` says that "
      "nothing comes of them.\n\n| key | why |\n|---|---|\n";
  add_keys_without_effect(project_section(), text);
  return text;
}

}  // namespace poltergeist::config
