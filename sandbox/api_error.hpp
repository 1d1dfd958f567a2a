#pragma once

/// \file
/// Error replies of the APIs of the sandbox (a simulated WeChat Pay): HTTP status, error code and
/// message, as WeChat Pay sends them.

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace couponhook::server::sandbox {

/// An error reply of an API of the sandbox (a simulated WeChat Pay). The error code and the message
/// are those of WeChat Pay's documentation, if it gives them.
struct ApiError {
  unsigned status;
  std::string code;
  std::string message;
  /// JSON pointer to the invalid field of the request's body; empty if no field is invalid.
  std::string field{};
  /// More details about the error, as a JSON object; empty if there are none.
  std::string detail{};
};

template <typename T>
using Result = boost::system::result<T, ApiError>;

[[nodiscard]] inline ApiError param_error(std::string message, std::string field = {}) {
  return {400, "PARAM_ERROR", std::move(message), std::move(field)};
}
[[nodiscard]] inline ApiError invalid_request(std::string message) {
  return {400, "INVALID_REQUEST", std::move(message)};
}
[[nodiscard]] inline ApiError not_found(std::string message) {
  return {404, "RESOURCE_NOT_EXISTS", std::move(message)};
}
[[nodiscard]] inline ApiError blocked(std::string message) {
  return {403, "REQUEST_BLOCKED", std::move(message)};
}

}  // namespace couponhook::server::sandbox
