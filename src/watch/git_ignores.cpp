// SPDX-License-Identifier: MIT
#include "watch/git_ignores.h"

#include <sys/stat.h>

#include <utility>

#include "sys/files.h"

namespace poltergeist::watch {

namespace {

// The text of an ignore file. Git does not follow a link in the working tree to one.
std::optional<std::string> text_of(const std::filesystem::path& file) {
  struct stat status {};
  if (file.empty() || ::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  auto text = read_file(file);
  if (!text) return std::nullopt;
  return std::move(*text);
}

RelPath joined(const RelPath& above, const RelPath& below) {
  if (above.is_root()) return below;
  if (below.is_root()) return above;
  return above.child(below.text());
}

}  // namespace

GitIgnores::GitIgnores(std::filesystem::path root, std::optional<GitPlaces> places,
                       std::filesystem::path global_excludes)
    : top_(root), global_excludes_(std::move(global_excludes)) {
  if (places) {
    if (const auto inside = RelPath::below(places->top, root)) {
      top_ = places->top;
      inside_ = *inside;
    }
    info_exclude_ = places->common / "info" / "exclude";
  }
  load_outside();
}

bool GitIgnores::load_one(std::optional<Loaded>& slot, const std::filesystem::path& file,
                          const RelPath& base, const std::string& source) {
  auto text = text_of(file);
  if (slot ? slot->text == text : !text) return false;
  if (text) {
    auto rules = IgnoreFile::parse(*text, base, source);
    slot = Loaded{std::move(*text), std::move(rules)};
  } else {
    slot.reset();
  }
  return true;
}

bool GitIgnores::load_pair(const RelPath& below_top) {
  const auto found = pairs_.find(below_top);
  Pair pair = found == pairs_.end() ? Pair{} : std::move(found->second);
  const auto directory = below_top.under(top_);
  // As the user would write it: relative to the project's root, or absolute above it.
  const auto source = [&](const char* name) {
    if (!below_top.is_within(inside_)) return (directory / name).string();
    const auto text = below_top.child(name).text();
    return inside_.is_root() ? text : text.substr(inside_.text().size() + 1);
  };
  const bool a = load_one(pair.ignore, directory / ".ignore", below_top, source(".ignore"));
  const bool b =
      load_one(pair.gitignore, directory / ".gitignore", below_top, source(".gitignore"));
  if (!pair.ignore && !pair.gitignore) {
    pairs_.erase(below_top);
  } else {
    pairs_.insert_or_assign(below_top, std::move(pair));
  }
  return a || b;
}

bool GitIgnores::load(const RelPath& directory) {
  return load_pair(joined(inside_, directory));
}

bool GitIgnores::knows(const RelPath& directory) const {
  return !pairs_.empty() && pairs_.contains(joined(inside_, directory));
}

bool GitIgnores::is_in_a_gap(const RelPath& directory) const {
  const auto found = pairs_.find(joined(inside_, directory));
  if (found == pairs_.end()) return false;
  const auto lost = [&](const std::optional<Loaded>& loaded, const char* name) {
    struct stat status {};
    return loaded && !loaded->text.empty() &&
           (::lstat((found->first.under(top_) / name).c_str(), &status) != 0 ||
            status.st_size == 0);
  };
  return lost(found->second.ignore, ".ignore") || lost(found->second.gitignore, ".gitignore");
}

bool GitIgnores::load_outside() {
  bool changed = false;
  for (RelPath at = inside_; !at.is_root();) {
    at = at.parent();
    changed = load_pair(at) || changed;
  }
  changed = load_one(info_, info_exclude_, RelPath(), info_exclude_.string()) || changed;
  changed = load_one(global_, global_excludes_, RelPath(), global_excludes_.string()) || changed;
  return changed;
}

void GitIgnores::forget(const RelPath& directory) {
  const auto gone = joined(inside_, directory);
  std::erase_if(pairs_, [&](const auto& entry) { return entry.first.is_within(gone); });
}

std::vector<GitIgnores::Outside> GitIgnores::outside() const {
  std::vector<Outside> places;
  for (RelPath at = inside_; !at.is_root();) {
    at = at.parent();
    places.push_back({at.under(top_), {".gitignore", ".ignore"}});
  }
  for (const auto& file : {info_exclude_, global_excludes_}) {
    if (!file.empty()) places.push_back({file.parent_path(), {file.filename().string()}});
  }
  return places;
}

GitIgnores::Chain GitIgnores::chain(const RelPath& directory) const {
  Chain first;
  Chain second;
  for (RelPath at = joined(inside_, directory);; at = at.parent()) {
    if (const auto found = pairs_.find(at); found != pairs_.end()) {
      if (found->second.ignore) first.push_back(&found->second.ignore->rules);
      if (found->second.gitignore) second.push_back(&found->second.gitignore->rules);
    }
    if (at.is_root()) break;
  }
  first.insert(first.end(), second.begin(), second.end());
  if (info_) first.push_back(&info_->rules);
  if (global_) first.push_back(&global_->rules);
  return first;
}

const IgnoreRule* GitIgnores::speaks_on(const Chain& chain, std::string_view path,
                                        std::string_view name, IgnoreFile::Entry entry) const {
  if (chain.empty()) return nullptr;
  std::string below_top;
  if (!inside_.is_root()) {
    below_top.append(inside_.text()).append(1, '/').append(path);
    path = below_top;
  }
  for (const auto* file : chain) {
    if (const auto* rule = file->speaks_on(path, name, entry)) return rule;
  }
  return nullptr;
}

}  // namespace poltergeist::watch
