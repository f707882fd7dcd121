// SPDX-License-Identifier: MIT
// Performs what the queue of executions says: starts attempts and stops them, keeps in the database
// what became of each, and tells it to the bus and to those who wait.
//
// The database is written before an attempt is started, so that after a `kill -9` nothing executes
// twice unbeknown. Without one (it cannot be opened, or nobody keeps one: `poltergeist exec` in the
// foreground) all is in memory only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/project.h"
#include "daemon/kept_state.h"
#include "daemon/task_attempt.h"
#include "process/task_executor.h"
#include "state/event_bus.h"
#include "state/executions.h"
#include "sys/deadline_timer.h"
#include "tasks/execution_result.h"
#include "tasks/queue.h"

namespace poltergeist::daemon {

// What an execution is asked for with.
struct ExecutionRequest {
  TaskId task;
  tasks::Json input = tasks::Json::object();
  std::optional<Seconds> timeout;  // instead of the task's
  std::optional<int> max_retries;  // instead of the task's
  std::string trigger = "exec";    // or "hook:<target>"
  config::Environment context;     // POLTERGEIST_* of whoever asks
  std::string name;                // what stands for its number in the task; empty: the number
  // Once, from the loop: when it is written down, so that no kill takes it back …
  std::function<void(ExecutionId)> on_accepted = nullptr;
  // … and when it is settled.
  std::function<void(const tasks::ExecutionResult&)> on_settled = nullptr;
  std::function<void(process::Source, const process::Line&)> on_line = nullptr;
};

// What there is to say of a task that is not configured.
[[nodiscard]] Error no_such_task(const config::Project& project, const TaskId& task);

class Tasking {
 public:
  struct Parts {
    process::TaskExecutor& executor;
    const config::Project& project;
    const state::ProjectPaths& paths;
    state::EventBus& bus;
    state::Executions* database = nullptr;
    KeptState& kept_state;
    bool served = false;  // children can reach us by the socket
  };
  // What may be asked of it beside the configuration.
  struct Overrides {
    std::set<std::string> queues;  // that are served; empty: all
    std::optional<int> concurrency;
  };

  Tasking(Parts parts, Overrides overrides);

  // Takes up what an earlier daemon left: what waited goes on, what executed is settled.
  void begin();
  // After a reload; `project` holds the new values.
  void configure();

  // Errc::NotFound: no such task. Errc::Invalid: the input does not fit it.
  [[nodiscard]] Result<ExecutionId> submit(ExecutionRequest request);
  // False if it is not known, or settled.
  bool cancel(ExecutionId id);
  // What the worker does now, and how it may.
  struct Load {
    tasks::QueueSettings settings;
    std::size_t executing = 0;
    std::size_t waiting = 0;  // for their turn or for their next attempt
  };
  [[nodiscard]] Load load() const;
  // Those that are not settled are as they are now, the others as the database has them.
  [[nodiscard]] Result<std::optional<state::ExecutionEntry>> find(ExecutionId id);
  [[nodiscard]] Result<std::vector<state::ExecutionEntry>> recent(
      int n, const state::ExecutionFilter& filter = {});
  // Calls once when it is settled; false if it is settled or not known.
  bool on_settled(ExecutionId id, std::function<void(const tasks::ExecutionResult&)> then);
  [[nodiscard]] bool is_known(ExecutionId id) const { return records_.contains(id); }

  // Stops what executes with its grace period, but for no longer than `at_most`, and starts nothing
  // more. What waits, waits for the next daemon.
  void close(Duration at_most);
  // The same without grace.
  void kill_all();
  [[nodiscard]] bool is_idle() const {
    return attempts_.empty() && undone_.empty() && submitted_.empty();
  }
  // Called whenever what became of an attempt has been written down and told.
  std::function<void()> on_gone;

 private:
  struct Record {
    state::ExecutionEntry entry;
    ExecutionRequest request;
    Instant first_started{};
    std::optional<TaskAttemptEnd> last;
    std::optional<tasks::ExecutionResult> result;  // once it is settled
    std::vector<std::function<void(const tasks::ExecutionResult&)>> waiting;
  };

  // From the loop, together with what else is there by then.
  void perform_soon(const tasks::QueueActions& actions);
  void perform_all();
  // Tells the queue of those that were submitted.
  void queue_submitted();
  // What actions change of the executions is noted and written down first, all at once, with those
  // that are new and with the events that tell of it; then they are performed.
  void write_down(const std::vector<ExecutionId>& accepted, const tasks::QueueActions& actions);
  void accept(ExecutionId id);
  state::ExecutionEntry* note(const tasks::StartAttempt& start);
  state::ExecutionEntry* note(const tasks::AwaitRetry& retry);
  state::ExecutionEntry* note(const tasks::Settle& settle);
  template <typename Action>
  state::ExecutionEntry* note(const Action&) {
    return nullptr;
  }
  void perform(const tasks::StartAttempt& start);
  void perform(const tasks::StopAttempt& stop);
  void perform(const tasks::AwaitRetry& /*retry*/) {}
  void perform(const tasks::GiveHeartbeat& heartbeat);
  void perform(const tasks::Settle& settle);

  [[nodiscard]] tasks::QueueSettings queue_settings() const;
  [[nodiscard]] std::optional<TaskOrder> order_for(const Record& record) const;
  [[nodiscard]] ExecutionId next_number(const TaskId& task);
  void take_up(state::ExecutionEntry entry);
  void take_line(ExecutionId id, process::Source source, const process::Line& line);
  void take_command(ExecutionId id, const process::ProtocolCommand& command);
  void on_attempt_ended(ExecutionId id, TaskAttemptEnd end);
  void end_without_task(ExecutionId id);
  [[nodiscard]] tasks::ExecutionResult result_of(const Record& record,
                                                 ExecutionOutcome outcome) const;
  void publish(state::EventBody body);

  Parts parts_;
  Overrides overrides_;
  tasks::Queue queue_;
  std::map<ExecutionId, Record> records_;  // of those that are not settled
  std::map<ExecutionId, std::unique_ptr<TaskAttempt>> attempts_;
  std::vector<tasks::Ticket> submitted_;  // that the queue does not know yet
  std::vector<ExecutionId> accepted_;     // that it knows, and are not written down yet
  tasks::QueueActions undone_;            // to be performed, in order
  Loop::Handle performs_;
  bool closed_ = false;
  bool killed_ = false;
  std::uint64_t last_number_ = 0;  // that was given without the database
  DeadlineTimer timer_;
  Loop::Handle patience_;  // with what does not want to end
};

}  // namespace poltergeist::daemon
