#pragma once

/// \file
/// Error replies of the sandbox: HTTP status, error code and message, as WeChat Pay sends them.

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace couponhook::server::sandbox {

/// An error reply. The code and the message come from WeChat Pay's documentation, if the
/// documentation gives them.
struct ApiError {
  unsigned status;
  std::string code;
  std::string message;
  std::string field{};   ///< JSON pointer to the invalid field of the body; may be empty
  std::string detail{};  ///< more details, as a JSON object; may be empty
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
