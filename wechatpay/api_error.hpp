#pragma once

/// \file
/// Errors of API calls, with advice on how to repair them and a retry rule.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// The kind of failure of an API call.
enum class ApiFailure : std::uint8_t {
  kRefused,     ///< WeChat Pay replied with an error
  kUntrusted,   ///< the reply cannot be verified: wrong signature, unknown key or wrong time
  kUnreadable,  ///< a reply that does not have the documented form
  kNoAnswer,    ///< no reply came, or the call was not made
};

/// Expected result if the same request is repeated.
enum class Retry : std::uint8_t {
  kNever,  ///< fails again until the request or the configuration is changed
  kSoon,   ///< may succeed: a temporary failure at WeChat Pay
  kLater,  ///< succeeds after the rate limit's period has passed
};

struct ApiError {
  ApiFailure failure = ApiFailure::kRefused;
  Api api{};
  unsigned status = 0;     ///< HTTP status; 0 if not relevant
  std::string code;        ///< WeChat Pay's error code, such as PARAM_ERROR; empty if there is none
  std::string message;     ///< WeChat Pay's own if failure is kRefused, else couponhook's
  std::string field;       ///< detail.field and detail.issue of the reply, if present
  std::string request_id;  ///< the Request-ID header; WeChat Pay's support asks for it
  std::string advice;      ///< advice on how to repair the error; never empty
  Retry retry = Retry::kNever;

  /// The whole error on one line, for a log or a terminal.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using ApiResult = boost::system::result<T, ApiError>;

/// The time to wait before the next attempt (backoff).
/// \param attempts number of attempts made so far, at least 1.
/// \return nothing if there should be no further attempt: a repetition cannot help, is not safe
///   (ApiSpec::repeatable), or five attempts were made.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(const ApiError& error,
                                                                   int attempts);

/// Makes the error for a reply that does not have the documented form.
/// \param what name of the missing or invalid member.
[[nodiscard]] ApiError unreadable(Api api, std::string_view what);

/// Makes the error for a call without a reply.
/// \param why describes the step that failed.
[[nodiscard]] ApiError no_answer(Api api, std::string why);

}  // namespace couponhook::wechatpay
