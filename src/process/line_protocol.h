// SPDX-License-Identifier: MIT
// What a command says to us, in lines of its standard output:
//
//   ::log level=info|warn|error|debug::text     level: info if it is left out
//   ::progress percent=0..100::label
//   ::set-state key=name::value                 name: [A-Za-z0-9_.-], 1 to 128 of them
//   ::set-output key=name::value
//   ::heartbeat::
//
// A line is a command if it begins with "::", a name ([a-z][a-z-]*), `key=value` pairs, each behind
// blanks, and "::". The first "::" behind the name ends the pairs, so a value holds neither that
// nor a blank; all that follows is the message, which may hold anything. Escape sequences are taken
// out before. Pairs that a command does not know are ignored, those it needs must be there and make
// sense, and no key may come twice. Every other line is output, and so are all parts of a line that
// was cut for its length.
//
// Messages are bytes: who writes them down makes them UTF-8 (base/text.h).
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.h"
#include "process/line_pump.h"

namespace poltergeist::process {

struct LogMessage {
  LogLevel level = LogLevel::Info;
  std::string message;

  friend bool operator==(const LogMessage&, const LogMessage&) = default;
};
struct TaskProgress {
  double percent = 0;  // 0 to 100
  std::string label;

  friend bool operator==(const TaskProgress&, const TaskProgress&) = default;
};
struct SetState {
  std::string key;
  std::string value;

  friend bool operator==(const SetState&, const SetState&) = default;
};
struct SetOutput {
  std::string key;
  std::string value;

  friend bool operator==(const SetOutput&, const SetOutput&) = default;
};
struct Heartbeat {
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};
using ProtocolCommand = std::variant<LogMessage, TaskProgress, SetState, SetOutput, Heartbeat>;

// Reads one stream. Lines that were written over (progress bars) and a last one without its end
// count like all others.
class ProtocolReader {
 public:
  // Unknown commands are told of by name: each once, and so many at most.
  static constexpr std::size_t kMostUnknown = 8;

  // The command that this line is; nothing for output.
  [[nodiscard]] std::optional<ProtocolCommand> feed(const Line& line);
  // What its author should know, one sentence at a time: a command that does not exist; a
  // percentage that is none (once); a message that is too long for a line (once). Plain ASCII.
  [[nodiscard]] std::optional<std::string> take_warning();

 private:
  struct Pair {
    std::string_view key;
    std::string_view value;
  };
  struct Parts {
    std::string_view name;
    std::vector<Pair> pairs;
    std::string_view message;
  };

  [[nodiscard]] static std::optional<Parts> parts_of(std::string_view text);
  [[nodiscard]] static std::optional<std::vector<Pair>> pairs_in(std::string_view text);
  [[nodiscard]] static std::optional<std::string_view> value_of(const Parts& parts,
                                                                std::string_view key);
  [[nodiscard]] std::optional<ProtocolCommand> command_of(const Parts& parts);
  [[nodiscard]] std::optional<ProtocolCommand> progress_of(const Parts& parts);
  void warn_of_unknown(std::string_view name);

  bool is_cut_ = false;  // the next line is the rest of one that was cut for its length
  std::vector<std::string> unknown_;
  bool has_warned_of_percent_ = false;
  bool has_warned_of_length_ = false;
  std::deque<std::string> warnings_;
};

}  // namespace poltergeist::process
