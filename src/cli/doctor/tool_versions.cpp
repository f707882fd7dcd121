// SPDX-License-Identifier: MIT
#include "cli/doctor/tool_versions.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/enum_names.h"
#include "base/text.h"
#include "process/environment.h"
#include "process/orphanage.h"
#include "process/task_executor.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace poltergeist::cli::doctor {

namespace {

// More than that says nobody who tells a version.
constexpr std::size_t kMostBytes = 64 << 10;
constexpr std::size_t kLongestVersion = 200;

// Those that spell it in another way.
constexpr auto kQuestions = std::to_array<EnumName<std::string_view>>({
    {"go", "version"},
    {"tmux", "-V"},
});

std::string question_for(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  for (const auto& [tool, question] : kQuestions) {
    if (tool == name) return std::string(question);
  }
  return "--version";
}

// One tool while it runs.
class Inquiry {
 public:
  explicit Inquiry(ToolFacts& tool) : tool_(tool) {}

  // False: it could not be started.
  bool start(process::TaskExecutor& executor, const std::filesystem::path& cwd, Instant deadline) {
    process::Attempt::Listener listener;
    listener.on_line = [this](process::Source source, const process::Line& line) {
      take(source, line);
    };
    listener.on_end = [this](const process::CommandEnd& ended) { judge(ended); };
    auto attempt = executor.start(command_for(cwd, deadline), std::move(listener));
    if (!attempt) {
      tool_.answer = ToolFacts::Answer::Unusable;
      tool_.text = attempt.error().message;
      return false;
    }
    attempt_ = std::move(*attempt);
    loop_ = &executor.loop();
    return true;
  }
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  // It has to be killed for its time, and leaves nothing behind.
  [[nodiscard]] process::Command command_for(const std::filesystem::path& cwd,
                                             Instant deadline) const {
    return {.name = "the version of " + tool_.name,
            .argv = {tool_.file.string(), question_for(tool_.file)},
            .cwd = cwd,
            .env = process::merged_environment(process::own_environment(), {{"LC_ALL", "C.UTF-8"}}),
            .until = deadline,
            .grace_period = Seconds(0)};
  }

  void take(process::Source source, const process::Line& line) {
    const bool was_enough = bytes_ > kMostBytes;
    bytes_ += line.text.size() + 1;
    // Not from within: it must not be told anything while it calls.
    if (!was_enough && bytes_ > kMostBytes) loop_->post([this] { attempt_->kill(); });
    auto& kept = source == process::Source::Out ? out_ : err_;
    if (kept.empty()) kept = for_terminal(trimmed(line.text.substr(0, kLongestVersion)));
  }

  void judge(const process::CommandEnd& ended) {
    is_over_ = true;
    const bool flooded = bytes_ > kMostBytes;
    const auto& said = out_.empty() ? err_ : out_;
    if (ended.timed_out) {
      tool_.answer = ToolFacts::Answer::Silent;
    } else if ((ended.exit.ok() || flooded) && !said.empty()) {
      tool_.answer = ToolFacts::Answer::Version;
      tool_.text = said;
    } else {
      tool_.answer = ToolFacts::Answer::Nothing;
    }
  }

  ToolFacts& tool_;
  Loop* loop_ = nullptr;
  std::string out_;  // the first line
  std::string err_;
  std::size_t bytes_ = 0;
  bool is_over_ = false;
  std::unique_ptr<process::Attempt> attempt_;
};

}  // namespace

Result<std::vector<ToolFacts>> with_versions(std::vector<ToolFacts> tools,
                                             const std::filesystem::path& cwd,
                                             Milliseconds patience) {
  auto loop = Loop::create();
  if (!loop) return fail(loop.error());
  const auto orphanage = process::Orphanage::create(**loop);
  if (!orphanage) return fail(orphanage.error());
  process::TaskExecutor executor(**orphanage);
  std::vector<std::unique_ptr<Inquiry>> inquiries;
  for (auto& tool : tools) {
    if (tool.file.empty()) continue;
    auto inquiry = std::make_unique<Inquiry>(tool);
    if (inquiry->start(executor, cwd, now() + patience)) inquiries.push_back(std::move(inquiry));
  }
  const auto all_over = [&] {
    return std::all_of(inquiries.begin(), inquiries.end(),
                       [](const auto& inquiry) { return inquiry->is_over(); });
  };
  if (!all_over()) (*loop)->run_until(all_over);
  return tools;
}

}  // namespace poltergeist::cli::doctor
