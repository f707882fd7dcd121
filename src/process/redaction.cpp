// SPDX-License-Identifier: MIT
#include "process/redaction.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::process {

namespace {

std::string_view without_blanks_at_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
}

// As it stands between the quotes of JSON.
std::string json_escaped(std::string_view text) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  std::string escaped;
  for (const char c : text) {
    const auto special = kShort.find(c);
    if (special != std::string_view::npos) {
      escaped += '\\';
      escaped += kLetters[special];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// As it stands between the outer quotes of a shell's word.
std::string shell_escaped(std::string_view text) {
  auto quoted = shell_quoted(text);
  return quoted == text ? quoted : quoted.substr(1, quoted.size() - 2);
}

void add_spellings(std::string_view text, std::vector<std::string>& patterns) {
  if (text.size() < Secrets::kShortest) return;
  patterns.emplace_back(text);
  for (const auto& spelling : {json_escaped(text), shell_escaped(text)}) {
    if (spelling != text) patterns.push_back(spelling);
  }
  const auto shortened = without_blanks_at_end(text);
  if (shortened != text) add_spellings(shortened, patterns);
}

void add_value(std::string_view value, std::vector<std::string>& patterns) {
  if (trimmed(value).empty()) return;
  add_spellings(value, patterns);
  if (value.find('\n') == std::string_view::npos) return;
  for (const auto line : lines_of(value)) {
    if (trimmed(line).size() >= Secrets::kShortest) add_spellings(line, patterns);
  }
}

}  // namespace

Secrets::Secrets(const std::vector<std::string>& values) {
  std::vector<std::string> patterns;
  for (const auto& value : values) add_value(value, patterns);
  if (!patterns.empty()) patterns_ = std::make_shared<const PatternSet>(std::move(patterns));
}

Secrets Secrets::from_environment(const std::vector<std::string>& environment,
                                  const std::vector<std::string>& more) {
  auto values = more;
  for (const std::string_view entry : environment) {
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || !is_secret_name(entry.substr(0, equals))) continue;
    values.emplace_back(entry.substr(equals + 1));
  }
  return Secrets(values);
}

std::string Secrets::redact(std::string_view text) const {
  std::string redacted;
  const auto append = [&](std::string_view bytes) { redacted += bytes; };
  Redactor redactor(*this);
  redactor.feed(text, append);
  redactor.finish(append);
  return redacted;
}

void Redactor::feed(std::string_view bytes, const OnBytes& on_bytes) {
  if (!patterns_) {
    on_bytes(bytes);
    return;
  }
  const Passage passage{held_, bytes};
  const auto before = static_cast<Place>(held_.size());
  for (std::size_t at = 0; at < bytes.size();) {
    if (state_ == PatternSet::kNothing) at = patterns_->skip(bytes, at);
    if (at == bytes.size()) break;
    state_ = patterns_->next(state_, bytes[at++]);
    if (const auto length = static_cast<Place>(patterns_->match(state_)); length > 0) {
      const auto end = before + static_cast<Place>(at);
      cover(end - length, end);
      give_until(end - static_cast<Place>(patterns_->open(state_)), passage, on_bytes);
    }
  }
  const auto end = before + static_cast<Place>(bytes.size());
  give_until(end - static_cast<Place>(patterns_->open(state_)), passage, on_bytes);
  hold_rest(bytes);
}

void Redactor::finish(const OnBytes& on_bytes) {
  give_until(static_cast<Place>(held_.size()), {held_, {}}, on_bytes);
  held_.clear();
  given_ = 0;
  state_ = PatternSet::kNothing;
}

// Occurrences are told in the order of their ends, so this one overlaps none or the latest ones.
void Redactor::cover(Place begin, Place end) {
  if (begin < given_) {
    // Of what is given out, only a kRedacted can reach into this: it stands for this one, too.
    covered_.clear();
    given_ = end;
    return;
  }
  while (!covered_.empty() && covered_.back().end > begin) {
    begin = std::min(begin, covered_.back().begin);
    covered_.pop_back();
  }
  covered_.push_back({begin, end});
}

// No value that has not ended yet begins before `open`.
void Redactor::give_until(Place open, const Passage& passage, const OnBytes& on_bytes) {
  const auto give = [&](Place from, Place to) {
    const auto held = static_cast<Place>(passage.held.size());
    const auto part = [&](std::string_view bytes, Place first, Place last) {
      if (first >= last) return;
      on_bytes(
          bytes.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
    };
    part(passage.held, from, std::min(to, held));
    part(passage.fed, std::max(from, held) - held, to - held);
  };
  // One that begins right there has its place already, however far it will reach.
  while (!covered_.empty() && covered_.front().begin <= open) {
    give(given_, covered_.front().begin);
    on_bytes(kRedacted);
    given_ = covered_.front().end;
    covered_.pop_front();
  }
  if (given_ < open) {
    give(given_, open);
    given_ = open;
  }
}

void Redactor::hold_rest(std::string_view fed) {
  const auto given = static_cast<std::size_t>(given_);
  if (given >= held_.size()) {
    held_ = fed.substr(given - held_.size());
  } else {
    held_.erase(0, given);
    held_ += fed;
  }
  for (auto& covered : covered_) {
    covered.begin -= given_;
    covered.end -= given_;
  }
  given_ = 0;
}

}  // namespace poltergeist::process
