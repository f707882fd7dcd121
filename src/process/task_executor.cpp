// SPDX-License-Identifier: MIT
#include "process/task_executor.h"

#include <utility>

#include "base/log.h"
#include "process/stop_ladder.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::process {

namespace {

// For what a command leaves behind: it may still write down what it has.
constexpr Seconds kLeftoverGrace{1};

std::string_view end_of(LineEnd end) {
  switch (end) {
    case LineEnd::Newline:
      return "\n";
    case LineEnd::Overwritten:
      return "\r";
    case LineEnd::Split:
    case LineEnd::Eof:
      break;
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Attempt>> TaskExecutor::start(Command command, Attempt::Listener listener) {
  std::unique_ptr<Attempt> attempt(new Attempt(loop(), std::move(command), std::move(listener)));
  if (auto started = attempt->start(orphanage_); !started) return fail(started.error());
  return attempt;
}

Attempt::Attempt(Loop& loop, Command command, Listener listener)
    : loop_(loop),
      command_(std::move(command)),
      listener_(std::move(listener)),
      secrets_(Secrets::from_environment(command_.env, command_.secrets)),
      out_(secrets_, command_.most_kept),
      err_(secrets_, command_.most_kept) {}

Result<void> Attempt::start(Orphanage& orphanage) {
  SpawnPlan plan;
  plan.argv = std::move(command_.argv);
  plan.cwd = std::move(command_.cwd);
  plan.env = std::move(command_.env);
  plan.out = Stream::pipe();
  plan.in_cgroup = command_.in_cgroup;
  plan.err = command_.errors_to_output ? Stream::same_as_out() : Stream::pipe();
  UniqueFd input;
  if (command_.standard_input) {
    auto file = memory_file("standard input", *command_.standard_input);
    if (!file) return fail(file.error());
    input = std::move(*file);
    plan.in = Stream::to(input.get());
    command_.standard_input.reset();
  }
  UnitEvents events;
  events.bytes = [this](Source source, std::string_view bytes) { take_bytes(source, bytes); };
  events.exited = [this](Exit exit) { on_exited(exit); };
  events.gone = [this] { conclude(); };
  auto unit = Unit::start(orphanage, plan, command_.leftovers, command_.name, std::move(events));
  if (!unit) return fail(unit.error());
  unit_ = std::move(*unit);
  started_ = now();
  if (command_.until) {
    stops_ = loop_.at(*command_.until, command_.name, [this] { on_time_out(); });
  }
  return {};
}

void Attempt::take_bytes(Source source, std::string_view bytes) {
  if (listener_.on_bytes) listener_.on_bytes();
  output_of(source).lines.feed(bytes, [&](const Line& line) { take_line(source, line); });
}

void Attempt::finish_output(Source source) {
  output_of(source).lines.finish([&](const Line& line) { take_line(source, line); });
}

void Attempt::take_line(Source source, const Line& line) {
  if (source == Source::Out) {
    const auto said = protocol_.feed(line);
    if (const auto warning = protocol_.take_warning()) log_debug("{}: {}", command_.name, *warning);
    if (said) {
      if (listener_.on_command) listener_.on_command(*said);
      return;
    }
  }
  if (command_.most_kept > 0) {
    auto& kept = output_of(source).kept;
    kept.append(line.text);
    kept.append(end_of(line.end));
  }
  if (listener_.on_line) listener_.on_line(source, line);
}

void Attempt::cancel() {
  if (exit_) return;
  cancelled_ = true;
  unit_->stop(stop_ladder(SIGTERM, command_.grace_period));
}

void Attempt::kill() {
  if (exit_) return;
  cancelled_ = true;
  unit_->kill_all();
}

void Attempt::on_time_out() {
  if (exit_ || cancelled_) return;
  timed_out_ = true;
  if (listener_.on_time_out) listener_.on_time_out();
  unit_->stop(stop_ladder(SIGTERM, command_.grace_period));
}

void Attempt::on_exited(Exit exit) {
  exit_ = exit;
  stops_.reset();
  if (command_.leftovers == Leftovers::Keep) return conclude();
  // Not from within: the unit is telling us. `gone` follows when nothing of it is left.
  stops_ =
      loop_.at(now(), command_.name, [this] { unit_->stop(stop_ladder(SIGTERM, kLeftoverGrace)); });
}

void Attempt::conclude() {
  stops_.reset();
  finish_output(Source::Out);
  finish_output(Source::Err);
  CommandEnd end{.exit = *exit_,
                 .timed_out = timed_out_,
                 .cancelled = cancelled_,
                 .ended = now(),
                 .out = out_.kept.take(),
                 .err = err_.kept.take()};
  const auto on_end = std::move(listener_.on_end);
  if (on_end) on_end(std::move(end));  // may destroy this
}

}  // namespace poltergeist::process
