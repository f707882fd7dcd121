// SPDX-License-Identifier: MIT
#include "daemon/foreground_execution.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/text.h"
#include "process/orphanage.h"
#include "sys/loop.h"
#include "sys/signals.h"

namespace poltergeist::daemon {

namespace {

// What stands for the number of an execution that nobody counts.
std::string own_name() {
  return fmt::format("local-{}", ::getpid());
}

}  // namespace

Result<ForegroundExecutionEnd> execute_in_foreground(ForegroundExecution execution) {
  auto loop = Loop::create();
  if (!loop) return fail(loop.error());
  const auto orphanage = process::Orphanage::create(**loop);
  if (!orphanage) return fail(orphanage.error());
  process::TaskExecutor executor(**orphanage);
  state::EventBus bus;
  const auto listening = bus.subscribe([&](const state::Event& event) {
    if (execution.on_event) execution.on_event(event);
  });
  KeptState kept_state(nullptr);
  Tasking tasking({.executor = executor,
                   .project = execution.project,
                   .paths = execution.paths,
                   .bus = bus,
                   .kept_state = kept_state},
                  {.concurrency = 1});
  std::optional<tasks::ExecutionResult> result;
  execution.request.name = own_name();
  execution.request.on_settled = [&](const tasks::ExecutionResult& settled) { result = settled; };
  const auto id = tasking.submit(std::move(execution.request));
  if (!id) return fail(id.error());
  int signal = 0;
  const auto signals =
      SignalSource::create(**loop, {SIGINT, SIGTERM, SIGHUP, SIGPIPE}, [&](ArrivedSignal arrived) {
        if (arrived.number == SIGHUP && is_ignored(SIGHUP)) return;
        if (signal == 0) {
          signal = arrived.number;
          tasking.cancel(*id);
        } else if (arrived.number != SIGHUP) {  // both the shell and the kernel tell of that
          tasking.kill_all();
        }
      });
  if (!signals) return fail(signals.error());
  (*loop)->run_until([&] { return result.has_value() && tasking.is_idle(); });
  return ForegroundExecutionEnd{std::move(*result), signal};
}

Result<TaskPlan> plan_in_foreground(const ForegroundExecution& execution) {
  const auto& request = execution.request;
  const auto* task = execution.project.find_task(request.task);
  if (task == nullptr) return fail(no_such_task(execution.project, request.task));
  TaskOrder order{.execution = own_name(),
                  .task = *task,
                  .input = request.input,
                  .root = execution.project.root};
  order.context["POLTERGEIST_TRIGGER"] = request.trigger;
  if (request.timeout) order.task.timeout = *request.timeout;
  if (request.max_retries) order.task.max_retries = *request.max_retries;
  return plan_of(order);
}

}  // namespace poltergeist::daemon
