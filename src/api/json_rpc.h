// SPDX-License-Identifier: MIT
// JSON-RPC 2.0 as one line of JSON per message: what a line means, and how a message is written.
// Pure functions of bytes; docs/protocol.md is the specification.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "base/enum_names.h"
#include "base/result.h"

namespace poltergeist::api {

using Json = nlohmann::json;

// Versions of the protocol, from the oldest to the newest that somebody speaks. A version may add
// methods and fields without a new number; one that takes something away or gives it another
// meaning has one.
struct ProtocolRange {
  int oldest = 0;
  int newest = 0;

  friend bool operator==(const ProtocolRange&, const ProtocolRange&) = default;
};
// What this program speaks, whichever side it is.
inline constexpr ProtocolRange kProtocols{1, 1};
// The newest version that both speak, if there is one.
[[nodiscard]] constexpr std::optional<int> common_protocol(ProtocolRange one, ProtocolRange other) {
  const int newest = std::min(one.newest, other.newest);
  if (newest < std::max(one.oldest, other.oldest)) return std::nullopt;
  return newest;
}

// A longer line is refused and its sender dropped.
inline constexpr std::size_t kLongestMessage = 1 << 20;

// The standard's codes, then ours.
enum class ErrorCode : int {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  InternalError = -32603,
  Failed = 1,
  Invalid = 2,
  Unavailable = 3,
  NotFound = 4,
  Conflict = 5,
  Unauthorized = 6,
  Forbidden = 7,
  Timeout = 8
};
inline constexpr auto kErrorCodes = std::to_array<EnumName<ErrorCode>>({
    {ErrorCode::ParseError, "parse_error"},
    {ErrorCode::InvalidRequest, "invalid_request"},
    {ErrorCode::MethodNotFound, "method_not_found"},
    {ErrorCode::InvalidParams, "invalid_params"},
    {ErrorCode::InternalError, "internal_error"},
    {ErrorCode::Failed, "failed"},
    {ErrorCode::Invalid, "invalid"},
    {ErrorCode::Unavailable, "unavailable"},
    {ErrorCode::NotFound, "not_found"},
    {ErrorCode::Conflict, "conflict"},
    {ErrorCode::Unauthorized, "unauthorized"},
    {ErrorCode::Forbidden, "forbidden"},
    {ErrorCode::Timeout, "timeout"},
});

// An error as it travels: which code, what to tell the user, and facts for programs (may be null).
struct RpcError {
  ErrorCode code = ErrorCode::InternalError;
  std::string message;
  Json data;
};

// The error of base/ that a travelled one becomes for the caller, and the other way round.
[[nodiscard]] Error to_error(const RpcError& error);
[[nodiscard]] RpcError to_rpc_error(const Error& error);

// A request's id: a number or a string, given back as it came.
using RequestId = std::variant<std::int64_t, std::string>;

struct Request {
  RequestId id;
  std::string method;
  Json params = Json::object();
};
struct Notification {
  std::string method;
  Json params = Json::object();
};
struct Response {
  std::optional<RequestId> id;  // absent only for an error about a line that could not be read
  tl::expected<Json, RpcError> outcome;
};
using Message = std::variant<Request, Notification, Response>;

// What a line says, or the error to answer it with (ParseError, InvalidRequest).
[[nodiscard]] tl::expected<Message, RpcError> decode(std::string_view line);
// One line with its newline. Text that is no UTF-8 is mended, never refused.
[[nodiscard]] std::string encode(const Message& message);
// The same of a notification whose params are JSON already.
[[nodiscard]] std::string encode_notification(std::string_view method, std::string_view params);

}  // namespace poltergeist::api
