// SPDX-License-Identifier: MIT
#include "cli/init/toml.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace poltergeist::cli {

namespace {

using nlohmann::json;

constexpr int kNestingDepth = 64;

// Thrown inside this file only; parse_toml() turns it into an Error.
struct Broken {
  int line;
  std::string message;
};

bool is_bare(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' || byte == '-';
}

void append_utf8(std::string& text, unsigned long point) {
  const auto put = [&](unsigned long byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  json document() {
    json root = json::object();
    json* table = &root;
    for (skip_lines(); !at_end(); skip_lines()) {
      if (peek() == '[') {
        table = header(root);
      } else {
        key_value(*table);
      }
      end_of_line();
    }
    return root;
  }

 private:
  [[noreturn]] void broken(std::string message) const { throw Broken{line_, std::move(message)}; }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] bool ahead(std::string_view word) const {
    return text_.substr(at_, word.size()) == word;
  }
  char next() {
    if (at_end()) broken("the text ends in the middle of a value");
    if (text_[at_] == '\n') ++line_;
    return text_[at_++];
  }
  bool take(std::string_view word) {
    if (!ahead(word)) return false;
    for (std::size_t i = 0; i < word.size(); ++i) next();
    return true;
  }
  void expect(char byte) {
    if (peek() != byte) broken(std::string("'") + byte + "' is missing");
    next();
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') next();
  }
  void skip_comment() {
    if (peek() != '#') return;
    while (!at_end() && peek() != '\n') next();
  }
  void skip_lines() {
    for (;;) {
      skip_blanks();
      skip_comment();
      if (peek() != '\n' && peek() != '\r') return;
      next();
    }
  }
  void end_of_line() {
    skip_blanks();
    skip_comment();
    take("\r");
    if (!at_end() && peek() != '\n') broken("something stands behind the value");
  }

  std::string key() {
    skip_blanks();
    if (peek() == '"') return next(), basic_string();
    if (peek() == '\'') return next(), literal_string();
    std::string name;
    while (is_bare(peek())) name += next();
    if (name.empty()) broken("a key is missing");
    return name;
  }
  std::vector<std::string> dotted_key() {
    std::vector<std::string> keys = {key()};
    for (skip_blanks(); peek() == '.'; skip_blanks()) {
      next();
      keys.push_back(key());
    }
    return keys;
  }

  // The table that a key leads to; the last one of an array of tables. Made where it is missing.
  json& table_in(json& parent, const std::string& name) {
    json& child = parent[name];
    if (child.is_null()) child = json::object();
    if (child.is_array() && !child.empty() && child.back().is_object()) return child.back();
    if (!child.is_object()) broken("\"" + name + "\" is a value and a table");
    return child;
  }

  json* header(json& root) {
    next();
    const bool is_array = take("[");
    const auto keys = dotted_key();
    expect(']');
    if (is_array) expect(']');
    json* table = &root;
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) table = &table_in(*table, keys[i]);
    if (!is_array) return &table_in(*table, keys.back());
    json& array = (*table)[keys.back()];
    if (array.is_null()) array = json::array();
    if (!array.is_array()) broken("\"" + keys.back() + "\" is a table and an array of tables");
    array.push_back(json::object());
    return &array.back();
  }

  void key_value(json& table) {
    const auto keys = dotted_key();
    json* parent = &table;
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) parent = &table_in(*parent, keys[i]);
    skip_blanks();
    expect('=');
    skip_blanks();
    if (parent->contains(keys.back())) broken("\"" + keys.back() + "\" is there twice");
    (*parent)[keys.back()] = value();
  }

  json value() {
    if (++depth_ > kNestingDepth) broken("values are nested too deeply");
    json result = bare_or_nested_value();
    --depth_;
    return result;
  }
  json bare_or_nested_value() {
    if (take("\"\"\"")) return multi_line_string("\"\"\"");
    if (take("'''")) return multi_line_string("'''");
    if (take("\"")) return basic_string();
    if (take("'")) return literal_string();
    if (take("[")) return array();
    if (take("{")) return inline_table();
    return scalar();
  }

  json array() {
    json items = json::array();
    for (skip_lines(); peek() != ']'; skip_lines()) {
      items.push_back(value());
      skip_lines();
      if (!take(",")) break;
    }
    skip_lines();
    expect(']');
    return items;
  }
  json inline_table() {
    json table = json::object();
    for (skip_blanks(); peek() != '}'; skip_blanks()) {
      key_value(table);
      skip_blanks();
      if (!take(",")) break;
    }
    skip_blanks();
    expect('}');
    return table;
  }

  json scalar() {
    std::string word;
    while (!at_end() && std::string_view(",]}#\r\n").find(peek()) == std::string_view::npos) {
      word += next();
    }
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.pop_back();
    if (word.empty()) broken("a value is missing");
    if (word == "true") return true;
    if (word == "false") return false;
    std::string digits;
    std::copy_if(word.begin(), word.end(), std::back_inserter(digits),
                 [](char byte) { return byte != '_' && byte != '+'; });
    const json number = json::parse(digits, nullptr, false);
    if (number.is_number()) return number;
    // Dates, hexadecimal numbers, nan: not asked for, so kept as they stand.
    return word;
  }

  std::string literal_string() {
    std::string text;
    while (peek() != '\'') {
      if (at_end() || peek() == '\n') broken("a string does not end");
      text += next();
    }
    next();
    return text;
  }
  std::string basic_string() {
    std::string text;
    while (peek() != '"') {
      if (at_end() || peek() == '\n') broken("a string does not end");
      const char byte = next();
      if (byte == '\\') {
        escape(text);
      } else {
        text += byte;
      }
    }
    next();
    return text;
  }
  std::string multi_line_string(std::string_view quotes) {
    take("\r");
    take("\n");
    std::string text;
    while (!ahead(quotes)) {
      const char byte = next();
      if (byte != '\\' || quotes[0] == '\'') {
        text += byte;
      } else if (std::isspace(static_cast<unsigned char>(peek())) != 0) {
        while (std::isspace(static_cast<unsigned char>(peek())) != 0) next();
      } else {
        escape(text);
      }
    }
    take(quotes);
    // Up to two quotes may stand before the closing three.
    for (int i = 0; i < 2 && peek() == quotes[0]; ++i) text += next();
    return text;
  }
  void escape(std::string& text) {
    static constexpr std::string_view kFrom = "btnfr\"\\";
    static constexpr std::string_view kTo = "\b\t\n\f\r\"\\";
    const char byte = next();
    if (byte == 'u' || byte == 'U') {
      std::string digits;
      for (int i = 0; i < (byte == 'u' ? 4 : 8); ++i) digits += next();
      if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        broken("\\" + std::string(1, byte) + " needs hexadecimal digits");
      }
      append_utf8(text, std::stoul(digits, nullptr, 16));
      return;
    }
    const auto index = kFrom.find(byte);
    if (index == std::string_view::npos) broken(std::string("unknown escape \\") + byte);
    text += kTo[index];
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
};

}  // namespace

Result<nlohmann::json> parse_toml(std::string_view text) {
  try {
    return Parser(text).document();
  } catch (const Broken& error) {
    return fail(Errc::Invalid, "line {}: {}", error.line, error.message);
  }
}

}  // namespace poltergeist::cli
