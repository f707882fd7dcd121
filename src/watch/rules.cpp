// SPDX-License-Identifier: MIT
#include "watch/rules.h"

#include <algorithm>
#include <utility>

#include "base/glob_syntax.h"

namespace poltergeist::watch {

namespace {

// "build", "./build/", "build/**" and "**/build/**" all mean the directory.
std::string directory_rule(std::string_view text) {
  if (text.starts_with("./")) text.remove_prefix(1);  // keeps the slash: anchored
  while (text.ends_with("/**")) text.remove_suffix(3);
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text) + "/";
}

// What the braces leave where an alternative is empty.
bool names_nothing(std::string_view rule) {
  if (rule.starts_with('!')) rule.remove_prefix(1);
  return rule.empty() || rule == "/";
}

}  // namespace

Result<Rules> Rules::compile(const std::filesystem::path& root, const Options& options) {
  Rules rules;
  if (auto done = rules.compile_selections(options); !done) return fail(done.error());
  if (auto done = rules.compile_configured(options); !done) return fail(done.error());
  for (const auto& line : options.default_exclusions) {
    rules.defaults_.add({.pattern = line, .source = "default exclusions"});
  }
  for (const auto& target : options.targets) {
    for (const auto& output : target.outputs) {
      if (!output.empty()) rules.never(root, (root / output).lexically_normal());
    }
  }
  for (const auto& path : options.never) rules.never(root, path.lexically_normal());
  if (options.gitignore) {
    rules.git_.emplace(root, find_git_places(root), options.global_excludes);
  }
  return rules;
}

Result<void> Rules::compile_selections(const Options& options) {
  for (std::size_t i = 0; i < options.targets.size(); ++i) {
    const auto& target = options.targets[i];
    auto selection = Selection::compile(target.watch_paths);
    if (!selection) return fail(selection.error(), "target {}: watchPaths", target.name);
    for (const auto& path : selection->plain_paths()) {
      if (!selection->names_exactly(path)) continue;
      auto& names = exact_[path.parent()];
      auto found = std::find_if(names.begin(), names.end(),
                                [&](const auto& pair) { return pair.first == path.name(); });
      if (found == names.end()) found = names.insert(found, {std::string(path.name()), {}});
      found->second.insert(i);
      for (RelPath above = path.parent(); !above.is_root(); above = above.parent()) {
        passages_.insert(above);
      }
    }
    selections_.push_back(std::move(*selection));
  }
  return {};
}

Result<void> Rules::compile_configured(const Options& options) {
  for (const auto& directory : options.exclude_dirs) {
    const auto patterns = expand_braces(with_plain_slashes(directory));
    if (!patterns) return fail(patterns.error(), "excludeDirs");
    for (const auto& pattern : *patterns) {
      configured_.add({.pattern = directory_rule(pattern), .source = "excludeDirs"});
    }
  }
  for (const auto& rule : options.rules) {
    auto patterns = expand_braces(with_plain_slashes(rule.pattern));
    if (!patterns) return fail(patterns.error(), "{}: watcher.rules", rule.place);
    for (auto& pattern : *patterns) {
      if (names_nothing(pattern)) continue;
      const bool useful = configured_.add(
          {.pattern = std::move(pattern), .source = rule.place, .reason = rule.reason});
      if (!useful) {
        return fail(Errc::Invalid, "{}: watcher.rules: \"{}\" is no valid pattern", rule.place,
                    rule.pattern);
      }
    }
  }
  return {};
}

void Rules::never(const std::filesystem::path& root, const std::filesystem::path& path) {
  const auto below = RelPath::below(root, path);
  if (below && !below->is_root()) never_[below->parent()].emplace_back(below->name());
}

Rules::Within Rules::within(const RelPath& directory, Access access) const {
  Within within(*this);
  within.directory_ = directory;
  within.path_ = directory.text();
  if (!directory.is_root()) within.path_ += '/';
  within.path_start_ = within.path_.size();
  if (access == Access::Full) {
    within.selections_.reserve(selections_.size());
    for (const auto& selection : selections_) {
      within.selections_.push_back(selection.within(directory));
    }
    if (git_) within.chain_ = git_->chain(directory);
    if (const auto found = never_.find(directory); found != never_.end()) {
      within.never_ = &found->second;
    }
  }
  if (const auto found = exact_.find(directory); found != exact_.end()) {
    within.exact_ = &found->second;
  }
  return within;
}

std::optional<Rules::Word> Rules::decide(const Within& within, std::string_view path,
                                         std::string_view name, IgnoreFile::Entry entry) const {
  const bool never =
      name == ".git" || name == ".poltergeist" ||
      (within.never_ != nullptr &&
       std::find(within.never_->begin(), within.never_->end(), name) != within.never_->end());
  if (never) return Word{Authority::Never, nullptr};
  if (const auto* rule = configured_.speaks_on(path, name, entry)) {
    return Word{Authority::Configuration, rule};
  }
  if (git_) {
    if (const auto* rule = git_->speaks_on(within.chain_, path, name, entry)) {
      return Word{Authority::Git, rule};
    }
  }
  if (const auto* rule = defaults_.speaks_on(path, name, entry)) {
    return Word{Authority::Defaults, rule};
  }
  return std::nullopt;
}

std::string_view Rules::Within::path_of(std::string_view name) const {
  path_.resize(path_start_);
  return path_.append(name);
}

TargetSet Rules::Within::claims(std::string_view file) const {
  TargetSet targets;
  for (std::size_t i = 0; i < selections_.size(); ++i) {
    if (selections_[i].claims(file)) targets.insert(i);
  }
  if (!targets.empty()) {
    const auto word = rules_->decide(*this, path_of(file), file, IgnoreFile::Entry::File);
    if (word && (word->rule == nullptr || !word->rule->takes_back)) targets = {};
  }
  if (exact_ != nullptr) {
    for (const auto& [name, named_by] : *exact_) {
      if (name == file) targets |= named_by;
    }
  }
  return targets;
}

Rules::Access Rules::Within::access(std::string_view directory) const {
  const bool wanted =
      std::any_of(selections_.begin(), selections_.end(),
                  [&](const Selection::Within& one) { return one.may_contain(directory); });
  if (wanted) {
    const auto word =
        rules_->decide(*this, path_of(directory), directory, IgnoreFile::Entry::Directory);
    if (!word || (word->rule != nullptr && word->rule->takes_back)) return Access::Full;
  }
  const bool passage =
      !rules_->passages_.empty() && rules_->passages_.contains(directory_.child(directory));
  return passage ? Access::Passage : Access::None;
}

std::optional<IgnoredBy> Rules::Within::ignored(std::string_view name,
                                                IgnoreFile::Entry entry) const {
  const auto path = directory_.child(name);
  const auto word = rules_->decide(*this, path.text(), name, entry);
  if (!word || (word->rule != nullptr && word->rule->takes_back)) return std::nullopt;
  IgnoredBy by{.authority = word->authority, .path = path};
  if (word->rule != nullptr) {
    by.source = word->rule->source;
    by.line = word->rule->line;
    by.pattern = word->rule->pattern;
    by.reason = word->rule->reason;
  } else {
    by.pattern = path.text();
    by.reason = name == ".git" || name == ".poltergeist"
                    ? "is never watched"
                    : "is an output or our own state, and never watched";
  }
  return by;
}

bool Rules::leads_into(const RelPath& directory) const {
  return std::any_of(selections_.begin(), selections_.end(),
                     [&](const Selection& one) { return one.leads_into(directory); });
}

const IgnoreRule* Rules::git_speaks_on(const RelPath& path, IgnoreFile::Entry entry) const {
  if (!git_) return nullptr;
  return git_->speaks_on(git_->chain(path.parent()), path.text(), path.name(), entry);
}

}  // namespace poltergeist::watch
