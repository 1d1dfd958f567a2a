#pragma once

/// \file
/// How the sandbox says no: WeChat Pay's status, code and message.

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace couponhook::server::sandbox {

/// An error reply. Codes and messages are those of the documentation where it has one.
struct ApiError {
  unsigned status;
  std::string code;
  std::string message;
  std::string field{};   ///< JSON pointer of what is wrong in the body; may be empty
  std::string detail{};  ///< more, as a JSON object; may be empty
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
