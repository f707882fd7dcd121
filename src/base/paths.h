// SPDX-License-Identifier: MIT
// Paths inside a project. A RelPath is relative to the root, in bytes as the file system gave them
// (they need not be UTF-8), with single slashes, no leading or trailing slash, no "." or ".."
// parts. The empty RelPath is the root itself. Absolute paths are std::filesystem::path.
#pragma once

#include <compare>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace poltergeist {

class RelPath {
 public:
  RelPath() = default;

  // Normalises "./a//b/" to "a/b"; nothing for an absolute path or one that leaves the root by
  // "..".
  [[nodiscard]] static std::optional<RelPath> parse(std::string_view text);
  // The path of `path` below `root`; nothing if it is not below. Both absolute and lexically
  // normal.
  [[nodiscard]] static std::optional<RelPath> below(const std::filesystem::path& root,
                                                    const std::filesystem::path& path);

  // This path with one more part; `name` holds no slash.
  [[nodiscard]] RelPath child(std::string_view name) const;
  [[nodiscard]] RelPath parent() const;
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] bool is_root() const { return text_.empty(); }
  // True for the directory itself and everything in it.
  [[nodiscard]] bool is_within(const RelPath& directory) const;
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::filesystem::path under(const std::filesystem::path& root) const;

  friend bool operator==(const RelPath&, const RelPath&) = default;
  friend auto operator<=>(const RelPath&, const RelPath&) = default;

 private:
  explicit RelPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace poltergeist

template <>
struct std::hash<poltergeist::RelPath> {
  std::size_t operator()(const poltergeist::RelPath& path) const noexcept {
    return std::hash<std::string>{}(path.text());
  }
};
