// SPDX-License-Identifier: MIT
#include "cli/init/cmake_text.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/text.h"

namespace poltergeist::cli {

namespace {

constexpr int kIncludeDepth = 16;

struct Command {
  std::string name;  // lower case
  std::vector<std::string> arguments;
};

// The commands of a CMakeLists.txt: words, quoted words and bracket arguments, without comments.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Command> commands() {
    std::vector<Command> all;
    while (at_ < text_.size()) {
      skip_to_command();
      std::string name;
      while (at_ < text_.size() && is_name(text_[at_])) name += text_[at_++];
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
      if (name.empty() || at_ >= text_.size() || text_[at_] != '(') {
        if (name.empty()) ++at_;
        continue;
      }
      ++at_;
      all.push_back({lower_case(name), arguments()});
    }
    return all;
  }

 private:
  static bool is_name(char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
  }
  void skip_to_command() {
    while (at_ < text_.size() && !is_name(text_[at_])) {
      if (!skip_comment()) ++at_;
    }
  }
  bool skip_comment() {
    if (text_[at_] != '#') return false;
    ++at_;
    if (!bracket()) at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
  }
  // "[==[ … ]==]"
  std::optional<std::string> bracket() {
    if (at_ >= text_.size() || text_[at_] != '[') return std::nullopt;
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] == '=') ++end;
    if (end >= text_.size() || text_[end] != '[') return std::nullopt;
    const auto close = "]" + std::string(end - at_ - 1, '=') + "]";
    const auto found = std::min(text_.find(close, end + 1), text_.size());
    auto content = std::string(text_.substr(end + 1, found - end - 1));
    at_ = std::min(found + close.size(), text_.size());
    return content;
  }
  std::string quoted() {
    std::string word;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_];
    }
    ++at_;
    return word;
  }
  std::vector<std::string> arguments() {
    std::vector<std::string> words;
    for (int depth = 1; at_ < text_.size();) {
      const char byte = text_[at_];
      if (byte == '(')
        ++depth, ++at_;
      else if (byte == ')' && --depth == 0)
        return ++at_, words;
      else if (byte == ')' || std::isspace(static_cast<unsigned char>(byte)) != 0)
        ++at_;
      else if (skip_comment())
        continue;
      else if (byte == '"')
        words.push_back(quoted());
      else if (auto content = bracket())
        words.push_back(*content);
      else
        words.push_back(bare_word());
    }
    return words;
  }
  std::string bare_word() {
    std::string word;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) == 0 &&
           text_[at_] != '(' && text_[at_] != ')' && text_[at_] != '#') {
      word += text_[at_++];
    }
    if (word.empty()) ++at_;  // a stray byte, so that the reading goes on
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class TextModel {
 public:
  explicit TextModel(const ProjectFiles& files) : files_(files) {}

  CMakeModel read() {
    read_directory("", 0);
    return std::move(model_);
  }

 private:
  void read_directory(const std::string& directory, int depth) {
    const auto text =
        files_.text(directory.empty() ? "CMakeLists.txt" : directory + "/CMakeLists.txt");
    if (!text || depth > kIncludeDepth) return;
    model_.project_directories.push_back(directory);
    for (const auto& command : Reader(*text).commands()) {
      if (command.arguments.empty()) continue;
      const auto& first = command.arguments.front();
      if (command.name == "project") project_ = first;
      if (command.name == "add_test") model_.has_tests = true;
      if (command.name == "add_subdirectory") {
        const auto path = RelPath::parse(directory.empty() ? first : directory + "/" + first);
        if (path && !path->is_root()) read_directory(path->text(), depth + 1);
      }
      add_target(command, directory);
    }
  }

  static std::optional<CMakeTargetKind> kind_of(const Command& command) {
    const auto has = [&](std::string_view word) {
      return std::find(command.arguments.begin(), command.arguments.end(), word) !=
             command.arguments.end();
    };
    if (has("ALIAS") || has("IMPORTED") || has("INTERFACE")) return std::nullopt;
    if (command.name == "add_executable") return CMakeTargetKind::Executable;
    if (command.name == "add_custom_target") return CMakeTargetKind::Custom;
    if (command.name != "add_library") return std::nullopt;
    if (has("OBJECT")) return CMakeTargetKind::OtherLibrary;
    return has("SHARED") || has("MODULE") ? CMakeTargetKind::SharedLibrary
                                          : CMakeTargetKind::StaticLibrary;
  }

  void add_target(const Command& command, const std::string& directory) {
    const auto kind = kind_of(command);
    if (!kind) return;
    auto name = command.arguments.front();
    for (const std::string variable : {"${PROJECT_NAME}", "${CMAKE_PROJECT_NAME}"}) {
      const auto at = name.find(variable);
      if (at != std::string::npos) name.replace(at, variable.size(), project_);
    }
    if (name.find('$') != std::string::npos || name.empty()) return;
    CMakeTarget target;
    target.name = name;
    target.kind = *kind;
    target.source_directories.insert(directory);
    for (const auto& argument : command.arguments) {
      const auto path = RelPath::parse(directory.empty() ? argument : directory + "/" + argument);
      if (!path || !files_.has(path->text())) continue;
      target.source_directories.insert(path->parent().text());
      if (const auto extension = extension_of(argument); !extension.empty()) {
        target.extensions.emplace(extension);
      }
    }
    model_.targets.push_back(std::move(target));
  }

  const ProjectFiles& files_;
  CMakeModel model_;
  std::string project_;
};

}  // namespace

CMakeModel read_cmake_text(const ProjectFiles& files) {
  return TextModel(files).read();
}

}  // namespace poltergeist::cli
