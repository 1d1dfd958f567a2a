#pragma once

/// \file
/// Errors of calls to WeChat Pay's APIs, with advice for the user, and whether to send the request
/// again.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// The ways in which an API call to WeChat Pay can fail.
enum class ApiFailure : std::uint8_t {
  kRefused,  ///< WeChat Pay replied to the API request with an error
  /// The signature of WeChat Pay's reply cannot be verified: wrong signature, unknown key or wrong
  /// time.
  kUntrusted,
  kUnreadable,  ///< WeChat Pay's reply does not have the form in its documentation
  kNoAnswer,    ///< WeChat Pay did not reply, or couponhook did not send the request
};

/// The result to expect if a failed API request is sent again.
enum class Retry : std::uint8_t {
  kNever,  ///< the request will fail until somebody changes the request or the configuration
  kSoon,   ///< the request may succeed soon, because WeChat Pay has a temporary failure
  kLater,  ///< the request will succeed after the period of the rate limit has passed
};

struct ApiError {
  ApiFailure failure = ApiFailure::kRefused;
  Api api{};
  /// HTTP status of WeChat Pay's reply; 0 if there is no reply or the status does not matter.
  unsigned status = 0;
  std::string code;  ///< error code of WeChat Pay, such as PARAM_ERROR; empty if there is none
  /// Error message of WeChat Pay if `failure` is kRefused, otherwise an error message of
  /// couponhook.
  std::string message;
  /// The members detail.field and detail.issue of WeChat Pay's error reply, as one text; empty if
  /// they are missing.
  std::string field;
  /// Value of the Request-ID header of WeChat Pay's reply. WeChat Pay's support asks for this id.
  std::string request_id;
  std::string advice;  ///< advice for the user: how to correct the error; never empty
  Retry retry = Retry::kNever;

  /// Returns the whole API error as one line, for a log or a terminal.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using ApiResult = boost::system::result<T, ApiError>;

/// Computes the wait before a failed API request is sent again (backoff).
/// \param attempts number of attempts made so far, at least 1.
/// \return the wait; nothing if the request should not be sent again, because that cannot help, is
///   not safe (ApiSpec::repeatable), or was tried five times.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(const ApiError& error,
                                                                   int attempts);

/// Makes the error for an API reply that does not have the form in WeChat Pay's documentation.
/// \param what name of the missing or invalid member of the reply.
[[nodiscard]] ApiError unreadable(Api api, std::string_view what);

/// Makes the error for an API call to which no reply came.
/// \param why description of the step that failed.
[[nodiscard]] ApiError no_answer(Api api, std::string why);

}  // namespace couponhook::wechatpay
