// SPDX-License-Identifier: MIT
#include "watch/bser.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace poltergeist::watch {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic("\x00\x01", 2);
constexpr std::size_t kLongestMessage = std::size_t{256} << 20;
constexpr int kDeepest = 64;

enum class Tag : char {
  Array = 0,
  Object = 1,
  Text = 2,
  Int8 = 3,
  Int16 = 4,
  Int32 = 5,
  Int64 = 6,
  Real = 7,
  True = 8,
  False = 9,
  Null = 10,
  Template = 11,
  Skip = 12
};

template <typename T>
void append(std::string& out, Tag tag, T number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out += static_cast<char>(tag);
  out.append(bytes, sizeof number);
}

void append_whole(std::string& out, std::int64_t number) {
  if (number >= std::numeric_limits<std::int32_t>::min() &&
      number <= std::numeric_limits<std::int32_t>::max()) {
    append(out, Tag::Int32, static_cast<std::int32_t>(number));
  } else {
    append(out, Tag::Int64, number);
  }
}

void append_text(std::string& out, const std::string& text) {
  out += static_cast<char>(Tag::Text);
  append_whole(out, static_cast<std::int64_t>(text.size()));
  out += text;
}

void append_value(std::string& out, const Json& value) {
  if (value.is_string()) {
    append_text(out, value.get_ref<const std::string&>());
  } else if (value.is_boolean()) {
    out += static_cast<char>(value.get<bool>() ? Tag::True : Tag::False);
  } else if (value.is_number_float()) {
    append(out, Tag::Real, value.get<double>());
  } else if (value.is_number()) {
    append_whole(out, value.get<std::int64_t>());
  } else if (value.is_array()) {
    out += static_cast<char>(Tag::Array);
    append_whole(out, static_cast<std::int64_t>(value.size()));
    for (const auto& one : value) append_value(out, one);
  } else if (value.is_object()) {
    out += static_cast<char>(Tag::Object);
    append_whole(out, static_cast<std::int64_t>(value.size()));
    for (const auto& [key, one] : value.items()) {
      append_text(out, key);
      append_value(out, one);
    }
  } else {
    out += static_cast<char>(Tag::Null);
  }
}

// Takes values from the front of some bytes. After the first fault nothing more is taken.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool is_cut_off() const { return cut_off_; }
  [[nodiscard]] std::size_t left() const { return left_.size(); }

  std::int64_t whole() {
    switch (tag()) {
      case Tag::Int8:
        return fixed<std::int8_t>();
      case Tag::Int16:
        return fixed<std::int16_t>();
      case Tag::Int32:
        return fixed<std::int32_t>();
      case Tag::Int64:
        return fixed<std::int64_t>();
      case Tag::Array:
      case Tag::Object:
      case Tag::Text:
      case Tag::Real:
      case Tag::True:
      case Tag::False:
      case Tag::Null:
      case Tag::Template:
      case Tag::Skip:
        break;
    }
    return fault();
  }

  Json value(int depth = 0) {
    if (depth > kDeepest || failed_ || left_.empty()) return fault();
    switch (static_cast<Tag>(left_.front())) {
      case Tag::Array:
        return array(depth);
      case Tag::Object:
        return object(depth);
      case Tag::Template:
        return rows(depth);
      case Tag::Text:
        return text();
      case Tag::Int8:
      case Tag::Int16:
      case Tag::Int32:
      case Tag::Int64:
        return whole();
      case Tag::Real:
        return (void)tag(), fixed<double>();
      case Tag::True:
        return (void)tag(), true;
      case Tag::False:
        return (void)tag(), false;
      case Tag::Null:
        return (void)tag(), nullptr;
      case Tag::Skip:
        break;
    }
    return fault();
  }

 private:
  int fault() {
    failed_ = true;
    return 0;
  }
  Tag tag() {
    if (failed_ || left_.empty()) {
      cut_off_ = left_.empty();
      return fault(), Tag::Skip;
    }
    const auto tag = static_cast<Tag>(left_.front());
    left_.remove_prefix(1);
    return tag;
  }
  template <typename T>
  T fixed() {
    T number{};
    if (left_.size() < sizeof number) {
      cut_off_ = true;
      return fault(), number;
    }
    std::memcpy(&number, left_.data(), sizeof number);
    left_.remove_prefix(sizeof number);
    return number;
  }
  // How many follow; each takes at least `least` bytes, so that a lie costs nothing.
  std::size_t count(std::size_t least) {
    const auto number = whole();
    if (number < 0 || static_cast<std::uint64_t>(number) > left_.size() / least) fault();
    return failed_ ? 0 : static_cast<std::size_t>(number);
  }
  std::string text() {
    if (tag() != Tag::Text) return fault(), std::string();
    const auto size = count(1);
    std::string bytes(left_.substr(0, size));
    left_.remove_prefix(size);
    return bytes;
  }
  Json array(int depth) {
    (void)tag();
    auto all = Json::array();
    for (auto left = count(1); left > 0 && !failed_; --left) all.push_back(value(depth + 1));
    return all;
  }
  Json object(int depth) {
    (void)tag();
    auto all = Json::object();
    for (auto left = count(2); left > 0 && !failed_; --left) {
      auto key = text();
      all[std::move(key)] = value(depth + 1);
    }
    return all;
  }
  // Objects that have the same keys, which are said once.
  Json rows(int depth) {
    (void)tag();
    if (left_.empty() || static_cast<Tag>(left_.front()) != Tag::Array) return fault();
    const auto keys = array(depth + 1);
    auto all = Json::array();
    for (auto left = keys.empty() ? 0 : count(keys.size()); left > 0 && !failed_; --left) {
      auto row = Json::object();
      for (const auto& key : keys) {
        if (!key.is_string()) return fault();
        if (!left_.empty() && static_cast<Tag>(left_.front()) == Tag::Skip) {
          left_.remove_prefix(1);
          continue;
        }
        row[key.get<std::string>()] = value(depth + 1);
      }
      all.push_back(std::move(row));
    }
    return all;
  }

  std::string_view left_;
  bool failed_ = false;
  bool cut_off_ = false;
};

}  // namespace

std::string encode_bser(const Json& value) {
  std::string payload;
  append_value(payload, value);
  std::string message(kMagic);
  append_whole(message, static_cast<std::int64_t>(payload.size()));
  return message + payload;
}

Result<std::optional<std::size_t>> bser_size(std::string_view begin) {
  const auto magic = begin.substr(0, kMagic.size());
  if (magic != kMagic.substr(0, magic.size())) return fail(Errc::Protocol, "this is not BSER");
  Reader reader(begin.substr(magic.size()));
  const auto payload = reader.whole();
  if (reader.failed() && reader.is_cut_off()) return std::optional<std::size_t>();
  if (reader.failed() || payload < 0 || static_cast<std::uint64_t>(payload) > kLongestMessage) {
    return fail(Errc::Protocol, "a BSER message without a possible length");
  }
  return std::optional(begin.size() - reader.left() + static_cast<std::size_t>(payload));
}

Result<Json> decode_bser(std::string_view message) {
  const auto size = bser_size(message);
  if (!size) return fail(size.error());
  if (*size != message.size()) return fail(Errc::Protocol, "a BSER message of another length");
  Reader reader(message.substr(kMagic.size()));
  (void)reader.whole();
  auto value = reader.value();
  if (reader.failed() || reader.left() != 0) return fail(Errc::Protocol, "a broken BSER message");
  return value;
}

}  // namespace poltergeist::watch
