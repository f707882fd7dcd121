// SPDX-License-Identifier: MIT
// What a verb accepts on the command line, declared once: the same declarations parse it, print its
// --help and make the shells' completions. Misuse is said and ends with exit code 2 in one place.
//
//   int verb_pause(Arguments& arguments) {
//     std::string config;
//     arguments.config(config);
//     if (const auto end = arguments.end()) return *end;
//     …
//
// The variables must live until end() has returned, which fills them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist::cli {

// One option, flag or positional, for help and completion.
struct Parameter {
  enum class Kind { Flag, Value, Positional };
  // What a shell can offer for a value.
  enum class Offer { Nothing, Targets, Tasks, Files, Directories, Words };

  Kind kind = Kind::Flag;
  std::vector<std::string> names;  // "-f", "--follow"; empty for a positional
  std::string value;               // "seconds", "target"; empty for a flag
  std::string help;                // one line, no full stop
  Offer offer = Offer::Nothing;
  std::vector<std::string> words;  // with Offer::Words
  bool required = false;
  bool repeatable = false;
  bool internal = false;  // for our own use: neither in help nor in completion
};

struct VerbHelp {
  std::string name;
  std::string alias;  // may be empty
  std::string about;  // one line
  std::string notes;  // what --help says below; may be empty
};

class Arguments {
 public:
  enum class Mode {
    Parse,
    Describe  // end() ends at once; parameters() holds what was declared
  };

  // `words` is what stood behind the verb.
  Arguments(VerbHelp verb, std::vector<std::string> words, Mode mode = Mode::Parse);

  // `names` as "-f,--follow".
  void flag(std::string_view names, bool& to, std::string_view help);
  void value(std::string_view names, std::string& to, std::string_view value, std::string_view help,
             Parameter::Offer offer = Parameter::Offer::Nothing);
  // May be given several times.
  void values(std::string_view names, std::vector<std::string>& to, std::string_view value,
              std::string_view help, Parameter::Offer offer = Parameter::Offer::Nothing);
  // A whole number; `to` keeps its value, the default, if it is not given.
  void number(std::string_view names, std::uint64_t& to, std::string_view value,
              std::string_view help);
  void choice(std::string_view names, std::string& to, std::vector<std::string> words,
              std::string_view help);
  void positional(std::string_view value, std::string& to, std::string_view help,
                  Parameter::Offer offer = Parameter::Offer::Nothing);
  void required(std::string_view value, std::string& to, std::string_view help,
                Parameter::Offer offer = Parameter::Offer::Nothing);
  void required_choice(std::string_view value, std::string& to, std::vector<std::string> words,
                       std::string_view help);

  // What we say to ourselves when we start ourselves: as value(), but nobody is told of it.
  void internal(std::string_view names, std::string& to);

  // Those that several verbs share, spelt the same everywhere.
  void config(std::string& to);  // -c, --config; else $POLTERGEIST_CONFIG
  void json(bool& to);
  void target(std::string& to, std::string_view help);

  // Parses. The exit code to end with at once, if help was asked for (and is printed now) or the
  // call is wrong (and that is said now).
  [[nodiscard]] std::optional<int> end();
  // A wrong call that only the verb can tell: says so like end(), and returns exit code 2.
  [[nodiscard]] int misuse(std::string_view what) const;

  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] const VerbHelp& verb() const { return verb_; }

 private:
  // Takes the texts that were given for a parameter; an error is the message of the misuse.
  using Take = std::function<std::optional<std::string>(const std::vector<std::string>&)>;

  void declare(Parameter parameter, Take take);
  [[nodiscard]] std::optional<std::string> parse();
  [[nodiscard]] std::string unknown(const std::string& word) const;

  VerbHelp verb_;
  std::vector<std::string> words_;
  Mode mode_;
  std::vector<Parameter> parameters_;
  std::vector<Take> takes_;  // of the parameter of the same index
};

// What `poltergeist <verb> --help` prints.
[[nodiscard]] std::string help_text(const VerbHelp& verb, const std::vector<Parameter>& parameters);

}  // namespace poltergeist::cli
