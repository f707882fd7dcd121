// SPDX-License-Identifier: MIT
#include "base/signal_names.h"

#include <array>
#include <csignal>

#include <fmt/format.h>

#include "base/enum_names.h"
#include "base/text.h"

namespace poltergeist {

namespace {

constexpr int kFirstRealTime = 34;
constexpr int kLastSignal = 64;

constexpr auto kSignals = std::to_array<EnumName<int>>({
    {SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"},     {SIGILL, "ILL"},
    {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},       {SIGFPE, "FPE"},
    {SIGKILL, "KILL"}, {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"},     {SIGUSR2, "USR2"},
    {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},     {SIGSTKFLT, "STKFLT"},
    {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"}, {SIGSTOP, "STOP"},     {SIGTSTP, "TSTP"},
    {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"}, {SIGURG, "URG"},       {SIGXCPU, "XCPU"},
    {SIGXFSZ, "XFSZ"}, {SIGPROF, "PROF"}, {SIGVTALRM, "VTALRM"}, {SIGWINCH, "WINCH"},
    {SIGIO, "IO"},     {SIGPWR, "PWR"},   {SIGSYS, "SYS"},
});

}  // namespace

std::optional<int> signal_number(std::string_view text) {
  if (const auto number = parse_number(text)) {
    for (const auto& signal : kSignals) {
      if (static_cast<std::uint64_t>(signal.value) == *number) return signal.value;
    }
    if (*number >= kFirstRealTime && *number <= kLastSignal) return static_cast<int>(*number);
    return std::nullopt;
  }
  const std::string wanted = lower_case(text);
  const std::string_view bare =
      wanted.starts_with("sig") ? std::string_view(wanted).substr(3) : std::string_view(wanted);
  for (const auto& signal : kSignals) {
    if (lower_case(signal.name) == bare) return signal.value;
  }
  return std::nullopt;
}

std::string signal_name(int number) {
  const auto name = name_in(kSignals, number);
  return name == "?" ? fmt::format("signal {}", number) : fmt::format("SIG{}", name);
}

std::vector<std::string> signal_names() {
  std::vector<std::string> names;
  names.reserve(kSignals.size());
  for (const auto& signal : kSignals) names.push_back(fmt::format("SIG{}", signal.name));
  return names;
}

}  // namespace poltergeist
