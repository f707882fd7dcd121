// SPDX-License-Identifier: MIT
#include "polter/wait_call.h"

#include <sys/epoll.h>

#include "process/port_holder.h"
#include "sys/clock.h"

namespace poltergeist::polter {

namespace {

constexpr Milliseconds kGreetingPatience{5000};
// One that is stopped is not waited for so long.
constexpr Milliseconds kLook{500};

// The one answer of a wait that names a target.
Answered answer_in(const api::Json& json) {
  auto result = api::from_json<api::WaitResult>(json);
  if (!result) return tl::unexpected<api::RpcError>(api::to_rpc_error(result.error()));
  if (result->targets.size() != 1) {
    return tl::unexpected<api::RpcError>(
        api::RpcError{api::ErrorCode::InternalError, "the daemon answered for no target", {}});
  }
  return std::move(result->targets.front());
}

}  // namespace

Result<std::unique_ptr<WaitCall>> WaitCall::connect(Loop& loop, const std::filesystem::path& socket,
                                                    WaitEvents events) {
  auto client = api::Client::open(socket);
  if (!client) return fail(client.error());
  std::unique_ptr<WaitCall> call(new WaitCall(loop, std::move(*client), std::move(events)));
  auto readable = loop.watch(call->client_.fd(), EPOLLIN, "daemon",
                             [self = call.get()](std::uint32_t) { self->read_messages(); });
  if (!readable) return fail(readable.error());
  call->readable_ = std::move(*readable);
  call->overdue_ = loop.at(now() + kLook, "daemon's greeting",
                           [self = call.get()] { self->look_whether_stopped(); });
  return call;
}

void WaitCall::look_whether_stopped() {
  if (const auto pid = process::stopped_listener(client_.fd())) {
    return end(
        {Errc::Unavailable, fmt::format("the daemon (pid {0}) does not answer: it is stopped, and "
                                        "`kill -CONT {0}` lets it go on",
                                        *pid)});
  }
  overdue_ = loop_.at(now() + (kGreetingPatience - kLook), "daemon's greeting", [this] {
    end({Errc::Unavailable, "the daemon does not answer"});
  });
}

WaitCall::WaitCall(Loop& loop, api::Client client, WaitEvents events)
    : loop_(loop), client_(std::move(client)), events_(std::move(events)) {}

void WaitCall::ask(const api::WaitParams& params) {
  const auto sent = client_.send_request(api::method::kWait, api::to_json(params));
  if (sent) return;
  broken_ = loop_.at(now(), "daemon", [this, error = sent.error()] { end(error); });
}

void WaitCall::stop_listening() {
  readable_.reset();
  overdue_.reset();
  broken_.reset();
}

void WaitCall::read_messages() {
  while (true) {
    const auto message = client_.next_message(Milliseconds(0));
    if (!message && message.error().code == Errc::Timeout) return;  // the rest has yet to come
    if (!message) return end(message.error());
    if (greeted_) {
      if (!take(*message)) return;
      continue;
    }
    if (auto greeted = client_.take_greeting(*message); !greeted) return end(greeted.error());
    greeted_ = true;
    overdue_.reset();
  }
}

bool WaitCall::take(const api::Message& message) {
  if (const auto* response = std::get_if<api::Response>(&message)) {
    settle(response->outcome.and_then(answer_in));
    return false;
  }
  const auto* note = std::get_if<api::Notification>(&message);
  if (note == nullptr || note->method != api::method::kProgress || !events_.progress) return true;
  if (const auto progress = api::from_json<api::ProgressNote>(note->params)) {
    events_.progress(*progress);
  }
  return true;
}

void WaitCall::end(const Error& error) {
  stop_listening();
  settle(tl::unexpected<api::RpcError>(api::to_rpc_error(error)));
}

void WaitCall::settle(Answered answer) {
  const auto answered = events_.answered;  // a copy: this may be gone after the call
  answered(std::move(answer));
}

}  // namespace poltergeist::polter
