// SPDX-License-Identifier: MIT
#include "process/probe.h"

#include <utility>

#include "base/text.h"
#include "sys/clock.h"

namespace poltergeist::process {

namespace {

// As a person wrote it: the line that a shell was given, or the words.
std::string shown_as(const std::vector<std::string>& argv) {
  const bool is_line = argv.size() == 3 && argv[0] == "/bin/sh" && argv[1] == "-c";
  return fmt::format("`{}`", is_line ? argv[2] : joined(argv, " "));
}

}  // namespace

std::unique_ptr<Probe> Probe::start(Loop& loop, TaskExecutor& executor, Condition condition,
                                    std::function<void()> on_ready, ProbePatience patience) {
  std::unique_ptr<Probe> probe(
      new Probe(loop, executor, std::move(condition), std::move(on_ready), patience));
  probe->ask_after(Duration::zero());
  return probe;
}

Probe::Probe(Loop& loop, TaskExecutor& executor, Condition condition,
             std::function<void()> on_ready, ProbePatience patience)
    : loop_(loop),
      executor_(executor),
      condition_(std::move(condition)),
      on_ready_(std::move(on_ready)),
      patience_(patience) {}

void Probe::ask_after(Duration pause) {
  asks_ = loop_.at(now() + pause, "asking whether a program is ready", [this] { ask(); });
}

void Probe::ask() {
  std::visit([this](const auto& condition) { put(condition); }, condition_);
}

void Probe::put(const PortOpen& condition) {
  put_to_server(condition.port, {});
}

void Probe::put(const HttpAnswers& condition) {
  put_to_server(condition.port, condition.path);
}

void Probe::put_to_server(int port, const std::string& path) {
  const auto on_answer = [this](const Answer& answer) {
    server_question_.reset();
    if (answer.is_ready()) return conclude();
    ask_again(answer.text);
  };
  server_question_ =
      std::make_unique<ServerQuestion>(loop_, port, path, patience_.answer_within, on_answer);
}

void Probe::put(const CommandSucceeds& condition) {
  Command command = condition.command;
  command.until = now() + patience_.command_within;
  command.grace_period = Seconds(0);
  command.most_kept = 0;
  const auto shown = shown_as(command.argv);
  Attempt::Listener listener;
  listener.on_end = [this, shown](const CommandEnd& end) { on_command_ended(shown, end); };
  auto attempt = executor_.start(std::move(command), std::move(listener));
  if (!attempt) return ask_again(fmt::format("{}: {}", shown, attempt.error().message));
  attempt_ = std::move(*attempt);
}

void Probe::on_command_ended(const std::string& shown, const CommandEnd& end) {
  attempt_.reset();
  if (end.timed_out) {
    ask_again(fmt::format("{}: no end within {}", shown, limit_text(patience_.command_within)));
  } else if (end.exit.ok()) {
    conclude();
  } else if (end.exit.kind == Exit::Kind::Code) {
    ask_again(fmt::format("{} exited with {}", shown, end.exit.number));
  } else {
    ask_again(fmt::format("{} was ended by {}", shown, signal_name(end.exit.number)));
  }
}

void Probe::conclude() {
  const auto on_ready = std::move(on_ready_);
  on_ready();  // may destroy this
}

void Probe::ask_again(std::string why_not_ready) {
  last_answer_ = std::move(why_not_ready);
  ask_after(schedule_.take_pause());
}

}  // namespace poltergeist::process
