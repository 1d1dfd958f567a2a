#pragma once

/// \file
/// Errors of calls to WeChat Pay's APIs, with advice for the user and a retry rule.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// Kinds of failure of an API call to WeChat Pay.
enum class ApiFailure : std::uint8_t {
  kRefused,  ///< WeChat Pay replied with an error
  /// The signature of the reply cannot be verified: wrong signature, unknown key or wrong time.
  kUntrusted,
  kUnreadable,  ///< the reply does not have the documented form
  kNoAnswer,    ///< WeChat Pay did not reply, or the call was not made
};

/// The result to expect if the same API request is sent again.
enum class Retry : std::uint8_t {
  kNever,  ///< the request fails again until the request or the configuration is changed
  kSoon,   ///< the request may succeed soon: WeChat Pay has a temporary failure
  kLater,  ///< the request succeeds after the period of the rate limit has passed
};

struct ApiError {
  ApiFailure failure = ApiFailure::kRefused;
  Api api{};
  /// HTTP status of the reply; 0 if there is no reply or the status does not matter.
  unsigned status = 0;
  std::string code;  ///< WeChat Pay's error code, such as PARAM_ERROR; empty if there is none
  /// Message of WeChat Pay if failure is kRefused, else a message of couponhook.
  std::string message;
  /// detail.field and detail.issue of WeChat Pay's error reply, if present.
  std::string field;
  /// Value of the Request-ID header of the reply; WeChat Pay's support asks for it.
  std::string request_id;
  std::string advice;  ///< advice for the user on how to repair the error; never empty
  Retry retry = Retry::kNever;

  /// Returns the whole error as one line, for a log or a terminal.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using ApiResult = boost::system::result<T, ApiError>;

/// Computes the wait before the next attempt of a failed API call (backoff).
/// \param attempts number of attempts made so far, at least 1.
/// \return the wait; nothing if there should be no further attempt, because a repetition cannot
///   help, is not safe (ApiSpec::repeatable), or five attempts were made.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(const ApiError& error,
                                                                   int attempts);

/// Makes the error for an API reply that does not have the documented form.
/// \param what name of the missing or invalid member of the reply.
[[nodiscard]] ApiError unreadable(Api api, std::string_view what);

/// Makes the error for an API call to which no reply came.
/// \param why describes the step that failed.
[[nodiscard]] ApiError no_answer(Api api, std::string why);

}  // namespace couponhook::wechatpay
