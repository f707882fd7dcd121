// SPDX-License-Identifier: MIT
#include "config/located_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/syntax_error.h"
#include "config/text_cursor.h"

namespace poltergeist::config {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Feeds the parser and tells how far it has read: the only way to learn where a token ends.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  const char** reached_;
};

// The length of the valid JSON number at the start of `text`.
std::size_t number_length(std::string_view text) {
  std::size_t length = text.starts_with('-') ? 1 : 0;
  const auto pass_digits = [&] {
    length = std::min(text.size(), text.find_first_not_of("0123456789", length));
  };
  const auto next_is = [&](std::string_view one_of) {
    return length < text.size() && one_of.find(text[length]) != std::string_view::npos;
  };
  pass_digits();
  if (next_is(".")) {
    ++length;
    pass_digits();
  }
  if (next_is("eE")) {
    ++length;
    if (next_is("+-")) ++length;
    pass_digits();
  }
  return length;
}

// Listens to the parser and builds the tree. When an event arrives, the parser has read the whole
// token, and one character more if it is a number; so the start of a token is the first that is
// neither blank nor punctuation behind the end of the token before it.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text), reached_(text.data()), cursor_(text) {}

  [[nodiscard]] CountingIterator begin() { return {text_.data(), &reached_}; }
  [[nodiscard]] CountingIterator end() { return {text_.data() + text_.size(), &reached_}; }
  [[nodiscard]] std::optional<Problem>& problem() { return problem_; }
  [[nodiscard]] LocatedJson take() { return {std::move(root_), std::move(duplicates_)}; }

  // The names and signatures are the parser's.
  bool null() { return add(nullptr); }
  bool boolean(bool flag) { return add(flag); }
  bool number_integer(std::int64_t number) { return add(static_cast<double>(number)); }
  bool number_unsigned(std::uint64_t number) { return add(static_cast<double>(number)); }
  bool number_float(double number, const std::string& /*text*/) { return add(number); }
  bool string(std::string& text) { return add(std::move(text)); }
  bool binary(nlohmann::json::binary_t& /*bytes*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(JsonObject{}, '{'); }
  bool start_array(std::size_t /*size*/) { return open(JsonArray{}, '['); }
  bool end_object() {
    report_duplicates(*open_.back().json->as<JsonObject>());
    return close();
  }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    const Place place = start_of_token();
    std::get<JsonObject>(open_.back().json->value).push_back({std::move(name), place, {}});
    end_token(Progress::Last::Key);
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    Progress progress{last_, {}};
    if (!open_.empty()) progress.innermost = {open_.back().bracket, open_.back().json->place};
    problem_ = explain_syntax_error(cursor_, progress, read_so_far());
    return false;
  }

 private:
  // A container that is not closed yet. Only the innermost grows, so the pointers to the outer ones
  // hold.
  struct Open {
    Json* json = nullptr;
    char bracket = '{';
  };

  [[nodiscard]] std::size_t read_so_far() const {
    return static_cast<std::size_t>(reached_ - text_.data());
  }

  Place start_of_token() {
    cursor_.skip_blanks();
    while (cursor_.peek() == ',' || cursor_.peek() == ':') {
      cursor_.step();
      cursor_.skip_blanks();
    }
    return cursor_.place();
  }

  void end_token(Progress::Last last) {
    cursor_.advance_to(read_so_far());
    last_ = last;
  }

  // Only the number itself tells where it ends: at the end of the text nothing more was read.
  void end_number() {
    cursor_.step(number_length(cursor_.rest()));
    last_ = Progress::Last::Value;
  }

  template <typename Value>
  bool add(Value value) {
    Json& slot = next_slot();
    slot.place = start_of_token();
    slot.value = std::move(value);
    if constexpr (std::is_same_v<Value, double>) {
      end_number();
    } else {
      end_token(Progress::Last::Value);
    }
    return true;
  }

  template <typename Container>
  bool open(Container empty, char bracket) {
    Json& slot = next_slot();
    slot.place = start_of_token();
    if (open_.size() == kMostDepth) {
      problem_ = Problem{slot.place.line, slot.place.column,
                         fmt::format("nothing may lie deeper than {} levels", kMostDepth)};
      return false;
    }
    slot.value = std::move(empty);
    open_.push_back({&slot, bracket});
    end_token(Progress::Last::Opening);
    return true;
  }

  bool close() {
    start_of_token();
    end_token(Progress::Last::Value);
    open_.pop_back();
    return true;
  }

  Json& next_slot() {
    if (open_.empty()) return root_;
    auto& container = open_.back().json->value;
    if (auto* array = std::get_if<JsonArray>(&container)) return array->emplace_back();
    return std::get<JsonObject>(container).back().value;
  }

  // Sorted rather than searched: a text full of keys must not take quadratic time.
  void report_duplicates(const JsonObject& object) {
    std::vector<std::size_t> order(object.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return object[i].key; });
    for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
      const auto& member = object[order[i]];
      if (member.key != object[order[first]].key) {
        first = i;
        continue;
      }
      duplicates_.push_back(
          {member.place.line, member.place.column,
           fmt::format("\"{}\" is here a second time; the first is in line {}",
                       for_terminal(member.key.substr(0, 64)), object[order[first]].place.line)});
    }
  }

  std::string_view text_;
  const char* reached_;
  TextCursor cursor_;  // behind the last token
  Progress::Last last_ = Progress::Last::Nothing;
  Json root_;
  std::vector<Open> open_;
  std::vector<Problem> duplicates_;
  std::optional<Problem> problem_;
};

// What the parser would take for something else: a NUL ends the text for it, and comments are not
// looked into.
std::optional<Problem> problem_with_bytes(std::string_view text) {
  if (text.size() > kMostText) {
    return Problem{0, 0, fmt::format("the file is larger than {} KiB", kMostText / 1024)};
  }
  const auto nul = text.find('\0');
  const auto valid = to_utf8(text);
  if (nul == std::string_view::npos && valid == text) return std::nullopt;
  const auto end = std::min(text.size(), valid.size());
  const auto invalid = static_cast<std::size_t>(
      std::mismatch(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), valid.begin())
          .first -
      text.begin());
  TextCursor cursor(text);
  cursor.advance_to(std::min(nul, invalid));
  return Problem{cursor.place().line, cursor.place().column,
                 "this byte is not UTF-8 text: save the file as UTF-8"};
}

nlohmann::json plain(const Json& json) {
  if (const auto* flag = json.as<bool>()) return *flag;
  if (const auto* text = json.as<std::string>()) return *text;
  if (const auto* number = json.as<double>()) {
    constexpr double kMostExact = 9'007'199'254'740'991.0;
    const bool whole = *number == std::floor(*number) && std::abs(*number) <= kMostExact;
    return whole ? nlohmann::json(static_cast<std::int64_t>(*number)) : nlohmann::json(*number);
  }
  if (const auto* list = json.as<JsonArray>()) {
    auto array = nlohmann::json::array();
    for (const auto& entry : *list) array.push_back(plain(entry));
    return array;
  }
  if (const auto* members = json.as<JsonObject>()) {
    auto object = nlohmann::json::object();
    for (const auto& member : *members) object[member.key] = plain(member.value);
    return object;
  }
  return nullptr;
}

}  // namespace

std::string compact_text(const Json& json) {
  return plain(json).dump();
}

std::string_view kind_of(const Json& json) {
  static constexpr auto kKinds = std::to_array<std::string_view>(
      {"null", "true or false", "a number", "text", "a list", "an object"});
  if (const auto* flag = json.as<bool>()) return *flag ? "true" : "false";
  return kKinds.at(json.value.index());
}

const std::string& text_of(const Json& json) {
  static const std::string kNone;
  const auto* text = json.as<std::string>();
  return text == nullptr ? kNone : *text;
}

const Member* member_of(const JsonObject& object, std::string_view key) {
  const auto found = std::ranges::find(object, key, &Member::key);
  return found == object.end() ? nullptr : &*found;
}

tl::expected<LocatedJson, Problem> parse_located(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (auto problem = problem_with_bytes(text)) return tl::unexpected(*std::move(problem));
  TreeBuilder builder(text);
  constexpr bool kStrict = true;
  constexpr bool kComments = true;
  const bool parsed =
      nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder,
                                nlohmann::json::input_format_t::json, kStrict, kComments);
  if (builder.problem()) return tl::unexpected(*std::move(builder.problem()));
  if (!parsed) return tl::unexpected(Problem{0, 0, "this is no JSON"});
  return builder.take();
}

}  // namespace poltergeist::config
