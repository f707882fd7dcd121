// SPDX-License-Identifier: MIT
#include "cli/init/makefile.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "cli/init/kinds.h"
#include "cli/init/watch_globs.h"

namespace poltergeist::cli {

namespace {

using config::TargetType;

constexpr int kExpansionDepth = 16;
// Stands for a part of a text that only make knows; a word that holds it is dropped.
constexpr char kUnknown = '\1';

// Logical lines: continuations joined, comments gone; recipes and `define` blocks left out.
std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  bool continued = false;
  bool in_define = false;
  for (const auto physical : lines_of(text)) {
    auto line = std::string(physical);
    const bool continues = line.ends_with('\\');
    if (continues) line.back() = ' ';
    if (continued) {
      lines.back() += line;
    } else {
      lines.push_back(line);
    }
    continued = continues;
  }
  std::vector<std::string> kept;
  for (auto& line : lines) {
    const auto start = trimmed(line);
    if (start.starts_with("define ")) in_define = true;
    if (!in_define && !line.starts_with('\t')) {
      kept.emplace_back(trimmed(std::string_view(line).substr(0, line.find('#'))));
    }
    if (start == "endef") in_define = false;
  }
  return kept;
}

bool is_directive(std::string_view line) {
  static constexpr auto kDirectives = std::to_array<std::string_view>(
      {"ifeq", "ifneq", "ifdef", "ifndef", "else", "endif", "include", "-include", "sinclude",
       "vpath", "unexport", "undefine", "load"});
  const auto word = line.substr(0, line.find_first_of(" \t("));
  return std::find(kDirectives.begin(), kDirectives.end(), word) != kDirectives.end();
}

// "NAME := value"; the operators of GNU make.
bool read_assignment(std::string_view line, Makefile& makefile) {
  for (const std::string_view word : {"export ", "override ", "private "}) {
    if (line.starts_with(word)) return read_assignment(trimmed(line.substr(word.size())), makefile);
  }
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  auto name = line.substr(0, equals);
  char operation = '=';
  if (!name.empty() && std::string_view("?+!:").find(name.back()) != std::string_view::npos) {
    operation = name.back();
    while (name.ends_with(operation)) name.remove_suffix(1);
  }
  name = trimmed(name);
  if (name.empty() || name.find_first_of(" \t:$(){}#,%") != std::string_view::npos) return false;
  const auto written = std::string(trimmed(line.substr(equals + 1)));
  auto& value = makefile.variables[std::string(name)];
  if (operation == '+') {
    value += " " + written;
  } else if (operation != '?' || value.empty()) {
    value = written;
  }
  return true;
}

// The ":" that ends a rule's targets: not one inside "$(…)".
std::size_t colon_in(std::string_view line) {
  int depth = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '(' || line[i] == '{') ++depth;
    if (line[i] == ')' || line[i] == '}') --depth;
    if (line[i] == ':' && depth == 0) return i;
  }
  return std::string_view::npos;
}

void read_rule(std::string_view line, Makefile& makefile) {
  const auto colon = colon_in(line);
  if (colon == std::string_view::npos) return;
  auto targets = line.substr(0, colon);
  if (targets.ends_with('&')) targets.remove_suffix(1);  // grouped targets
  auto rest = line.substr(colon + 1);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  rest = rest.substr(0, rest.find(';'));                 // a recipe on the same line
  if (rest.find('=') != std::string_view::npos) return;  // a variable of one target
  if (rest.find(':') != std::string_view::npos) return;  // a static pattern rule
  const auto prerequisites = makefile.words(rest.substr(0, rest.find('|')));
  for (const auto& target : makefile.words(targets)) {
    if (target == ".PHONY") {
      makefile.phony.insert(prerequisites.begin(), prerequisites.end());
    } else {
      makefile.rules.push_back({target, prerequisites});
    }
  }
}

// The end of the reference that begins at `open` ("(" or "{"), or npos.
std::size_t closing(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '{') ++depth;
    if ((text[i] == ')' || text[i] == '}') && --depth == 0) return i;
  }
  return std::string_view::npos;
}

std::string expanded(std::string_view text, const Makefile& makefile, int depth) {
  if (depth > kExpansionDepth) return std::string(1, kUnknown);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == '$') {
      result += '$';
      continue;
    }
    std::string_view name = text.substr(i, 1);
    if (next == '(' || next == '{') {
      const auto end = closing(text, i);
      if (end == std::string_view::npos) return result + kUnknown;
      name = text.substr(i + 1, end - i - 1);
      i = end;
    }
    if (name == "CURDIR" || name == "PWD") {
      result += '.';
      continue;
    }
    const auto found = makefile.variables.find(name);
    // An unknown variable is most often one of the environment that is empty (DESTDIR, EXEEXT);
    // anything that is no plain name is a function or a substitution.
    const bool plain = name.find_first_of(" \t:,$@<^%?*") == std::string_view::npos;
    if (found != makefile.variables.end()) {
      result += expanded(found->second, makefile, depth + 1);
    } else if (!plain) {
      result += kUnknown;
    }
  }
  return result;
}

}  // namespace

bool Makefile::has_rule(std::string_view target) const {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return rule.target == target; });
}

std::vector<std::string> Makefile::prerequisites_of(std::string_view target) const {
  std::vector<std::string> all;
  for (const auto& rule : rules) {
    if (rule.target == target) {
      all.insert(all.end(), rule.prerequisites.begin(), rule.prerequisites.end());
    }
  }
  return all;
}

std::string Makefile::default_goal() const {
  if (const auto goal = variables.find(".DEFAULT_GOAL"); goal != variables.end()) {
    if (const auto named = words(goal->second); !named.empty()) return named.front();
  }
  for (const auto& rule : rules) {
    const bool special = rule.target.starts_with('.') && rule.target.find('/') == std::string::npos;
    if (!special && rule.target.find('%') == std::string::npos) return rule.target;
  }
  return {};
}

std::vector<std::string> Makefile::words(std::string_view text) const {
  const auto whole = expanded(text, *this, 0);
  std::vector<std::string> found;
  std::size_t at = 0;
  while ((at = whole.find_first_not_of(" \t", at)) != std::string::npos) {
    const auto end = std::min(whole.find_first_of(" \t", at), whole.size());
    auto word = whole.substr(at, end - at);
    while (word.starts_with("./")) word.erase(0, 2);
    if (!word.empty() && word.find(kUnknown) == std::string::npos) found.push_back(std::move(word));
    at = end;
  }
  return found;
}

Makefile parse_makefile(std::string_view text) {
  Makefile makefile;
  const auto lines = logical_lines(text);
  // Two passes: a rule's words may use variables that are set below it.
  std::vector<std::string> others;
  for (const auto& line : lines) {
    if (line.empty() || is_directive(line)) continue;
    if (!read_assignment(line, makefile)) others.push_back(line);
  }
  for (const auto& line : others) read_rule(line, makefile);
  return makefile;
}

namespace {

const Extensions kCompiled = {"c",   "cc", "cpp", "cxx", "h",  "hh",  "hpp", "hxx", "inc",
                              "s",   "S",  "l",   "y",   "m",  "mm",  "f",   "f90", "asm",
                              "zig", "d",  "pas", "ml",  "hs", "adb", "ads", "nim", "v"};
// Where nothing is compiled, make makes documents, or runs scripts.
const Extensions kOthers = {"md", "tex", "rst", "adoc", "html", "css", "svg", "dot",
                            "sh", "py",  "js",  "rs",   "go",   "sql", "yml", "yaml"};

std::vector<std::string> source_globs(const ProjectFiles& files) {
  auto globs = globs_for(files, kCompiled);
  return globs.empty() ? globs_for(files, kOthers) : globs;
}

struct Product {
  std::string goal;    // what make is asked for
  std::string output;  // the file that it makes; empty for a phony one
};

// What a goal makes in the end: phony goals stand for their prerequisites.
void collect_products(const Makefile& makefile, const ProjectFiles& files, const std::string& goal,
                      std::set<std::string>& seen, std::vector<Product>& products) {
  if (!seen.insert(goal).second) return;
  // A directory of that name never counts as made, so the rule is run each time, as if phony.
  const bool phony = makefile.phony.contains(goal) || goal == "all" || files.has_directory(goal);
  if (!phony) {
    products.push_back({goal, goal});
    return;
  }
  const auto before = products.size();
  for (const auto& prerequisite : makefile.prerequisites_of(goal)) {
    const auto extension = extension_of(prerequisite);
    const bool is_part = extension == "o" || extension == "d" || kCompiled.contains(extension);
    if (!is_part) collect_products(makefile, files, prerequisite, seen, products);
  }
  if (products.size() == before && makefile.has_rule(goal)) products.push_back({goal, ""});
}

// The variable that names the program in so many Makefiles, for rules that make has to work out.
std::string named_program(const Makefile& makefile) {
  for (const auto* name : {"TARGET", "PROGRAM", "PROG", "BIN", "EXECUTABLE", "EXE", "BINARY"}) {
    const auto found = makefile.variables.find(name);
    if (found == makefile.variables.end()) continue;
    if (const auto words = makefile.words(found->second); words.size() == 1) return words.front();
  }
  return {};
}

ProposedTarget target_for(const Product& product, const std::string& project) {
  ProposedTarget target;
  const auto& output = product.output;
  const auto extension = extension_of(output);
  target.name = output.substr(output.rfind('/') + 1);
  target.build_command = "make " + shell_quoted(product.goal);
  target.output_path = output;
  if (output.empty()) {
    target.name = product.goal == "all" ? project : product.goal;
    target.type = TargetType::Custom;
  } else if (extension == "a" || extension == "so") {
    target.type = TargetType::Library;
    target.library_type =
        extension == "a" ? config::LibraryType::Static : config::LibraryType::Dynamic;
  } else if (!extension.empty() && extension != "exe" && extension != "out") {
    target.type = TargetType::Custom;  // a document, an image: nothing that runs
  }
  return target;
}

}  // namespace

std::optional<Finding> find_make(const ProjectFiles& files) {
  for (const std::string name : {"GNUmakefile", "makefile", "Makefile"}) {  // make's own order
    const auto text = files.text(name);
    if (!text) continue;
    Finding finding{.kind = "Make", .source = name, .one_at_a_time = true};
    const auto makefile = parse_makefile(*text);
    std::vector<Product> products;
    if (const auto goal = makefile.default_goal(); !goal.empty()) {
      std::set<std::string> seen;
      collect_products(makefile, files, goal, seen, products);
    }
    const bool makes_file =
        std::any_of(products.begin(), products.end(),
                    [](const Product& product) { return !product.output.empty(); });
    if (const auto program = named_program(makefile); !makes_file && !program.empty()) {
      products = {{makefile.has_rule(program) || products.empty() ? program : products.front().goal,
                   program}};
    }
    const auto sources = source_globs(files);
    for (const auto& product : products) {
      auto target = target_for(product, files.name());
      target.watch_paths = without_tests(sources);
      target.watch_paths.push_back(name);
      finding.targets.push_back(std::move(target));
    }
    for (const auto* test : {"test", "check", "tests"}) {
      if (!makefile.has_rule(test)) continue;
      ProposedTarget target;
      target.name = "test";
      target.type = TargetType::Test;
      target.test_command = std::string("make ") + test;
      target.watch_paths = sources;
      target.watch_paths.push_back(name);
      finding.targets.push_back(std::move(target));
      break;
    }
    if (finding.targets.empty()) {
      finding.notes.push_back(name + " has no rule that can be told without running make");
    }
    return finding;
  }
  return std::nullopt;
}

}  // namespace poltergeist::cli
