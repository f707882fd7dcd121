// SPDX-License-Identifier: MIT
#include "api/json_rpc.h"

#include "base/json_text.h"

namespace poltergeist::api {

namespace {

tl::unexpected<RpcError> refused(ErrorCode code, std::string message) {
  return tl::unexpected<RpcError>(RpcError{code, std::move(message), nullptr});
}

std::optional<RequestId> id_of(const Json& value) {
  if (value.is_number_integer()) return RequestId(value.get<std::int64_t>());
  if (value.is_string()) return RequestId(value.get<std::string>());
  return std::nullopt;
}

Json to_json(const std::optional<RequestId>& id) {
  if (!id) return nullptr;
  return std::visit([](const auto& value) { return Json(value); }, *id);
}

RpcError error_of(const Json& value) {
  RpcError error;
  if (!value.is_object()) return error;
  if (const auto code = value.find("code"); code != value.end() && code->is_number_integer()) {
    const auto number = code->get<std::int64_t>();
    for (const auto& known : kErrorCodes) {
      if (static_cast<int>(known.value) == number) error.code = known.value;
    }
  }
  if (const auto text = value.find("message"); text != value.end() && text->is_string()) {
    error.message = text->get<std::string>();
  }
  if (const auto data = value.find("data"); data != value.end()) error.data = *data;
  return error;
}

tl::expected<Message, RpcError> decode_response(const Json& value) {
  Response response;
  if (const auto id = value.find("id"); id != value.end()) response.id = id_of(*id);
  if (const auto result = value.find("result"); result != value.end()) {
    response.outcome = *result;
  } else {
    response.outcome = tl::unexpected<RpcError>(error_of(value.at("error")));
  }
  return Message(std::move(response));
}

Json body_of(const Request& request) {
  return {{"id", to_json(request.id)}, {"method", request.method}, {"params", request.params}};
}

Json body_of(const Notification& notification) {
  return {{"method", notification.method}, {"params", notification.params}};
}

Json body_of(const Response& response) {
  Json body = {{"id", to_json(response.id)}};
  if (response.outcome) {
    body["result"] = *response.outcome;
    return body;
  }
  const RpcError& error = response.outcome.error();
  body["error"] = {{"code", static_cast<int>(error.code)}, {"message", error.message}};
  if (!error.data.is_null()) body["error"]["data"] = error.data;
  return body;
}

}  // namespace

Error to_error(const RpcError& error) {
  switch (error.code) {
    case ErrorCode::Unavailable:
      return {Errc::Unavailable, error.message};
    case ErrorCode::NotFound:
      return {Errc::NotFound, error.message};
    case ErrorCode::Conflict:
      return {Errc::Busy, error.message};
    case ErrorCode::Timeout:
      return {Errc::Timeout, error.message};
    case ErrorCode::Unauthorized:
    case ErrorCode::Forbidden:
      return {Errc::Denied, error.message};
    case ErrorCode::Invalid:
    case ErrorCode::InvalidParams:
      return {Errc::Invalid, error.message};
    case ErrorCode::ParseError:
    case ErrorCode::InvalidRequest:
    case ErrorCode::MethodNotFound:
      return {Errc::Protocol, error.message};
    case ErrorCode::Failed:
    case ErrorCode::InternalError:
      break;
  }
  return {Errc::Io, error.message};
}

RpcError to_rpc_error(const Error& error) {
  const auto code = [&] {
    switch (error.code) {
      case Errc::NotFound:
        return ErrorCode::NotFound;
      case Errc::Busy:
        return ErrorCode::Conflict;
      case Errc::Timeout:
        return ErrorCode::Timeout;
      case Errc::Invalid:
        return ErrorCode::Invalid;
      case Errc::Denied:
        return ErrorCode::Forbidden;
      case Errc::Unavailable:
        return ErrorCode::Unavailable;
      case Errc::Protocol:
        return ErrorCode::InvalidRequest;
      case Errc::Io:
        break;
    }
    return ErrorCode::Failed;
  }();
  return {code, error.message, nullptr};
}

tl::expected<Message, RpcError> decode(std::string_view line) {
  const auto value = json_of(line);
  if (!value) return refused(ErrorCode::ParseError, "this line is no JSON");
  if (!value->is_object()) return refused(ErrorCode::InvalidRequest, "a message is an object");
  const auto version = value->find("jsonrpc");
  if (version == value->end() || *version != "2.0") {
    return refused(ErrorCode::InvalidRequest, "\"jsonrpc\" must be \"2.0\"");
  }
  if (value->contains("result") || value->contains("error")) return decode_response(*value);

  const auto method = value->find("method");
  if (method == value->end() || !method->is_string()) {
    return refused(ErrorCode::InvalidRequest, "\"method\" must be a string");
  }
  Json params = value->value("params", Json::object());
  if (!params.is_object()) {
    return refused(ErrorCode::InvalidRequest, "\"params\" must be an object");
  }
  const auto id = value->find("id");
  if (id == value->end()) return Message(Notification{*method, std::move(params)});
  const auto request_id = id_of(*id);
  if (!request_id) {
    return refused(ErrorCode::InvalidRequest, "\"id\" must be a whole number or a string");
  }
  return Message(Request{*request_id, *method, std::move(params)});
}

std::string encode(const Message& message) {
  Json body = std::visit([](const auto& kind) { return body_of(kind); }, message);
  body["jsonrpc"] = "2.0";
  return body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string encode_notification(std::string_view method, std::string_view params) {
  return fmt::format("{{\"jsonrpc\":\"2.0\",\"method\":\"{}\",\"params\":{}}}\n", method, params);
}

}  // namespace poltergeist::api
