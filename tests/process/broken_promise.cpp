// SPDX-License-Identifier: MIT
#include "process/broken_promise.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/text.h"
#include "process/line_protocol.h"
#include "process/line_pump.h"
#include "process/output_capture.h"
#include "process/redaction.h"

namespace poltergeist::test {

using namespace poltergeist::process;

namespace {

// Lines are cut early, so that short texts have some that are.
constexpr std::size_t kLongest = 60;
constexpr std::size_t kPieceSizes[] = {1, 2, 3, 7, 16};

std::vector<std::string_view> pieces_of(std::string_view bytes, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (; !bytes.empty(); bytes.remove_prefix(pieces.back().size())) {
    pieces.push_back(bytes.substr(0, size));
  }
  return pieces;
}

struct Said {
  std::vector<ProtocolCommand> commands;
  std::vector<std::string> warnings;

  friend bool operator==(const Said&, const Said&) = default;
};

// What is said, and the first line that broke a promise.
Said said_in(const std::vector<std::string_view>& pieces, std::string& broken) {
  LineSplitter lines(kLongest);
  ProtocolReader reader;
  Said said;
  bool is_rest = false;
  const auto on_line = [&](const Line& line) {
    auto command = reader.feed(line);
    while (auto warning = reader.take_warning()) said.warnings.push_back(std::move(*warning));
    const bool is_cut = line.end == LineEnd::Split;
    if (command && (is_rest || is_cut)) broken = "a part of a line became a command";
    is_rest = is_cut;
    if (command && without_escapes(line.text).find("::", 2) == std::string::npos) {
      broken = "a command without its second mark";
    }
    if (command) said.commands.push_back(std::move(*command));
  };
  for (const auto piece : pieces) lines.feed(piece, on_line);
  lines.finish(on_line);
  return said;
}

bool is_key(const std::string& key) {
  return !key.empty() && key.size() <= 128 &&
         std::all_of(key.begin(), key.end(), [](unsigned char c) {
           return (std::isalnum(c) != 0 && c < 0x80) || c == '_' || c == '.' || c == '-';
         });
}

std::string broken_by(const ProtocolCommand& command) {
  if (const auto* progress = std::get_if<TaskProgress>(&command)) {
    if (!(progress->percent >= 0 && progress->percent <= 100) || std::signbit(progress->percent)) {
      return "an impossible percentage";
    }
  }
  if (const auto* state = std::get_if<SetState>(&command); state && !is_key(state->key)) {
    return "a state whose key is none";
  }
  if (const auto* output = std::get_if<SetOutput>(&command); output && !is_key(output->key)) {
    return "an output whose key is none";
  }
  return {};
}

std::string redacted_in(const Secrets& secrets, const std::vector<std::string_view>& pieces,
                        std::size_t longest_value, std::string& broken) {
  Redactor redactor(secrets);
  std::string out;
  std::size_t fed = 0;
  const auto append = [&](std::string_view bytes) { out += bytes; };
  for (const auto piece : pieces) {
    redactor.feed(piece, append);
    fed += piece.size();
    // A mark may be longer or shorter than its value: told by what no mark is in.
    if (out.find(kRedacted) == std::string::npos && fed - out.size() >= longest_value &&
        fed > out.size()) {
      broken = "more held back than the longest value";
    }
  }
  redactor.finish(append);
  return out;
}

// Whether a value is in what is left between the marks.
bool is_visible(std::string_view value, std::string_view redacted) {
  while (true) {
    const auto mark = redacted.find(kRedacted);
    if (redacted.substr(0, mark).find(value) != std::string_view::npos) return true;
    if (mark == std::string_view::npos) return false;
    redacted.remove_prefix(mark + kRedacted.size());
  }
}

}  // namespace

std::string broken_by_lines(std::string_view bytes) {
  std::string broken;
  const auto whole = said_in({bytes}, broken);
  for (const auto& command : whole.commands) {
    if (broken.empty()) broken = broken_by(command);
  }
  if (whole.warnings.size() > ProtocolReader::kMostUnknown + 2) return "warnings without end";
  for (const auto& warning : whole.warnings) {
    if (warning != for_terminal(warning) || warning.size() > 200) return "a warning of nonsense";
  }
  for (const auto size : kPieceSizes) {
    if (said_in(pieces_of(bytes, size), broken) != whole) return "commands that depend on the cuts";
  }
  return broken;
}

std::string broken_by_secrets(std::string_view bytes) {
  constexpr std::string_view kSecret = "secret=";
  std::vector<std::string> values;
  std::string text;
  for (const auto line : lines_of(bytes)) {
    if (line.starts_with(kSecret) && values.size() < 8) {
      auto& value = values.emplace_back(line.substr(kSecret.size()));
      std::replace(value.begin(), value.end(), '|', '\n');
    } else {
      text += std::string(line) + '\n';
    }
  }
  // What a spelling may have at most: six bytes for one.
  std::size_t longest = 0;
  for (const auto& value : values) longest = std::max(longest, 6 * value.size());
  const Secrets secrets(values);
  const auto redacted = secrets.redact(text);
  for (const auto& value : values) {
    if (value.size() < Secrets::kShortest || trimmed(value).empty()) continue;
    if (is_visible(value, redacted)) return "a secret that is to be seen: " + value;
    for (const auto line : lines_of(value)) {
      if (trimmed(line).size() >= Secrets::kShortest && is_visible(line, redacted)) {
        return "a line of a secret that is to be seen: " + std::string(line);
      }
    }
  }
  if (redacted.find(kRedacted) == std::string::npos && redacted != text) {
    return "a text that was changed where no secret is";
  }
  std::string broken;
  for (const auto size : kPieceSizes) {
    if (redacted_in(secrets, pieces_of(text, size), longest, broken) != redacted) {
      return "a redaction that depends on the cuts";
    }
  }
  return broken;
}

std::string broken_by_capture(std::string_view bytes) {
  for (const std::size_t limit : {0, 5, 64, 300, 100'000}) {
    std::optional<CapturedOutput> whole;
    for (const std::size_t size : {std::size_t{100'000}, std::size_t{1}, std::size_t{7}}) {
      OutputCapture capture(limit);
      for (const auto piece : pieces_of(bytes, size)) capture.append(piece);
      if (bytes.size() <= limit && *capture.whole() != bytes) return "other bytes than came";
      if (bytes.size() > limit && capture.whole() != nullptr) return "bytes that cannot be whole";
      const auto output = capture.take();
      if (output.text.size() > limit + 64) return "more than the limit";
      if (output.text != to_utf8(output.text)) return "a captured text that is not UTF-8";
      if (output.bytes != bytes.size()) return "a wrong count of bytes";
      if (!output.truncated && output.text != to_utf8(bytes)) return "a text that is not what came";
      if (whole && *whole != output) return "a capture that depends on the cuts";
      whole = output;
    }
  }
  return {};
}

std::string broken_by_command_output(std::string_view bytes) {
  for (auto* breaks : {&broken_by_lines, &broken_by_secrets, &broken_by_capture}) {
    if (auto broken = breaks(bytes); !broken.empty()) return broken;
  }
  return {};
}

}  // namespace poltergeist::test
