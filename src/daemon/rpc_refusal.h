// SPDX-License-Identifier: MIT
// What a client is told instead of an answer.
#pragma once

#include <string>
#include <utility>

#include "api/json_rpc.h"

namespace poltergeist::daemon {

[[nodiscard]] inline tl::unexpected<api::RpcError> refuse(api::ErrorCode code,
                                                          std::string message) {
  return tl::unexpected<api::RpcError>(api::RpcError{code, std::move(message), nullptr});
}

}  // namespace poltergeist::daemon
