// SPDX-License-Identifier: MIT
// A verb's connection to the daemon, with everything that can be wrong told apart: nobody runs (at
// once, also after kill -9), somebody starts or ends, somebody runs and does not answer.
#pragma once

#include "api/client.h"
#include "cli/project_at.h"
#include "cli/refusal.h"

namespace poltergeist::cli {

// How long a daemon may take for an answer that costs it nothing. One that is stopped (Ctrl+Z,
// SIGSTOP) is not waited for so long.
inline constexpr Milliseconds kPatience{1500};
// The same for who waits for a build anyway: on a machine that is busy an answer may take longer.
inline constexpr Milliseconds kBuildPatience{5000};

// The refusal that says that no daemon runs, and how to start one.
[[nodiscard]] Refusal no_daemon(const ProjectAt& project);

// The one that says that a daemon is there and does not answer, and what helps. It may go on at any
// moment: nothing that is known of the project becomes wrong by it.
[[nodiscard]] Refusal silent_daemon(const ProjectAt& project);

[[nodiscard]] Attempt<api::Client> connect(const ProjectAt& project,
                                           Milliseconds patience = kPatience,
                                           api::Client::Speaks speaks = api::Client::Speaks::Ours);

// A call; its error as a refusal: an unknown target is 4, a daemon that is gone 3, …
[[nodiscard]] Attempt<api::Json> ask(api::Client& client, std::string_view method,
                                     const api::Json& params = api::Json::object(),
                                     std::optional<Milliseconds> patience = kPatience,
                                     const api::Client::OnNotification& on_notification = {});

// The refusal for an error that a daemon sent, or that stands for its silence.
[[nodiscard]] Refusal refusal_for(const api::RpcError& error);

}  // namespace poltergeist::cli
