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
#include "process/unit.h"
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
  bool start(process::Orphanage& orphanage, const std::filesystem::path& cwd, Instant deadline) {
    process::UnitEvents events;
    events.bytes = [this](process::Source, std::string_view bytes) { count(bytes.size()); };
    events.line = [this](process::Source source, const process::Line& line) { take(source, line); };
    events.exited = [this](Exit exit) { on_exit(exit); };
    events.gone = [this] { judge(); };
    auto unit = process::Unit::start(orphanage, plan_for(cwd), process::Leftovers::Kill,
                                     "the version of " + tool_.name, std::move(events));
    if (!unit) {
      tool_.answer = ToolFacts::Answer::Unusable;
      tool_.text = unit.error().message;
      return false;
    }
    unit_ = std::move(*unit);
    loop_ = &orphanage.loop();
    deadline_ = loop_->at(deadline, "a tool's patience", [this] { time_out(); });
    return true;
  }
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  [[nodiscard]] process::SpawnPlan plan_for(const std::filesystem::path& cwd) const {
    process::SpawnPlan plan;
    plan.argv = {tool_.file.string(), question_for(tool_.file)};
    plan.cwd = cwd;
    plan.env = process::merged_environment(process::own_environment(), {{"LC_ALL", "C.UTF-8"}});
    plan.out = process::Stream::pipe();
    plan.err = process::Stream::pipe();
    return plan;
  }

  void take(process::Source source, const process::Line& line) {
    auto& kept = source == process::Source::Out ? out_ : err_;
    if (!kept.empty()) return;
    kept = for_terminal(trimmed(line.text.substr(0, kLongestVersion)));
  }

  // Not from within: the unit must not be told anything while it calls.
  void count(std::size_t bytes) {
    const bool was_enough = bytes_ > kMostBytes;
    bytes_ += bytes;
    if (!was_enough && bytes_ > kMostBytes) {
      loop_->post([this] { unit_->kill_all(); });
    }
  }

  void time_out() {
    timed_out_ = !exit_;
    unit_->kill_all();
  }

  void on_exit(Exit exit) {
    exit_ = exit;
    // What it leaves behind holds the end back, and is no part of the answer.
    loop_->post([this] { unit_->kill_all(); });
  }

  void judge() {
    is_over_ = true;
    const bool flooded = bytes_ > kMostBytes;
    const auto& said = out_.empty() ? err_ : out_;
    if (timed_out_) {
      tool_.answer = ToolFacts::Answer::Silent;
    } else if (((exit_ && exit_->ok()) || flooded) && !said.empty()) {
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
  std::optional<Exit> exit_;
  bool timed_out_ = false;
  bool is_over_ = false;
  std::unique_ptr<process::Unit> unit_;
  Loop::Handle deadline_;
};

}  // namespace

Result<std::vector<ToolFacts>> with_versions(std::vector<ToolFacts> tools,
                                             const std::filesystem::path& cwd,
                                             Milliseconds patience) {
  auto loop = Loop::create();
  if (!loop) return fail(loop.error());
  const auto orphanage = process::Orphanage::create(**loop);
  if (!orphanage) return fail(orphanage.error());
  std::vector<std::unique_ptr<Inquiry>> inquiries;
  for (auto& tool : tools) {
    if (tool.file.empty()) continue;
    auto inquiry = std::make_unique<Inquiry>(tool);
    if (inquiry->start(**orphanage, cwd, now() + patience)) inquiries.push_back(std::move(inquiry));
  }
  const auto all_over = [&] {
    return std::all_of(inquiries.begin(), inquiries.end(),
                       [](const auto& inquiry) { return inquiry->is_over(); });
  };
  if (!all_over()) (*loop)->run_until(all_over);
  return tools;
}

}  // namespace poltergeist::cli::doctor
