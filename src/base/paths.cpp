// SPDX-License-Identifier: MIT
#include "base/paths.h"

namespace poltergeist {

std::optional<RelPath> RelPath::parse(std::string_view text) {
  if (text.starts_with('/')) return std::nullopt;
  std::string normal;
  normal.reserve(text.size());
  while (!text.empty()) {
    const auto slash = text.find('/');
    const auto part = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (normal.empty()) return std::nullopt;
      const auto last = normal.rfind('/');
      normal.resize(last == std::string::npos ? 0 : last);
      continue;
    }
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  return RelPath(std::move(normal));
}

std::optional<RelPath> RelPath::below(const std::filesystem::path& root,
                                      const std::filesystem::path& path) {
  const std::string& whole = path.native();
  const std::string& start = root.native();
  if (!whole.starts_with(start)) return std::nullopt;
  if (whole.size() == start.size()) return RelPath();
  if (start == "/") return parse(std::string_view(whole).substr(1));
  if (whole[start.size()] != '/') return std::nullopt;
  return parse(std::string_view(whole).substr(start.size() + 1));
}

RelPath RelPath::child(std::string_view name) const {
  if (text_.empty()) return RelPath(std::string(name));
  std::string text;
  text.reserve(text_.size() + 1 + name.size());
  text.append(text_).append(1, '/').append(name);
  return RelPath(std::move(text));
}

RelPath RelPath::parent() const {
  const auto slash = text_.rfind('/');
  return slash == std::string::npos ? RelPath() : RelPath(text_.substr(0, slash));
}

std::string_view RelPath::name() const {
  const auto slash = text_.rfind('/');
  return slash == std::string::npos ? std::string_view(text_)
                                    : std::string_view(text_).substr(slash + 1);
}

bool RelPath::is_within(const RelPath& directory) const {
  if (directory.text_.empty()) return true;
  if (!text_.starts_with(directory.text_)) return false;
  return text_.size() == directory.text_.size() || text_[directory.text_.size()] == '/';
}

std::filesystem::path RelPath::under(const std::filesystem::path& root) const {
  return text_.empty() ? root : root / text_;
}

}  // namespace poltergeist
