#pragma once

/// \file
/// Why a call failed, and what to do about it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// Where a call ended.
enum class ApiFailure : std::uint8_t {
  kRefused,     ///< WeChat Pay answered with an error
  kUntrusted,   ///< the answer is not provably WeChat Pay's: signature, key or time
  kUnreadable,  ///< an answer of theirs in another shape than documented
  kNoAnswer,    ///< none came, or the call was not made
};

/// What a repetition of the same request can bring.
enum class Retry : std::uint8_t {
  kNever,  ///< the same again, until something is changed
  kSoon,   ///< maybe success: a passing failure of theirs
  kLater,  ///< success once the window of a rate limit has passed
};

struct ApiError {
  ApiFailure failure = ApiFailure::kRefused;
  Api api{};
  unsigned status = 0;     ///< HTTP; 0 where it does not matter
  std::string code;        ///< WeChat Pay's, such as PARAM_ERROR; empty where there was none
  std::string message;     ///< WeChat Pay's own words, or ours where failure is not kRefused
  std::string field;       ///< detail.field and detail.issue where the reply has them
  std::string request_id;  ///< the Request-ID header: what WeChat Pay's support asks for
  std::string advice;      ///< what to do; never empty
  Retry retry = Retry::kNever;

  /// All of it on one line, fit for a log or a terminal.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using ApiResult = boost::system::result<T, ApiError>;

/// How long to wait before the next attempt.
/// \param attempts how many were made, at least 1.
/// \return nothing where there should be none: it cannot help, it is not safe
/// (ApiSpec::repeatable),
///   or five were made.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(const ApiError& error,
                                                                   int attempts);

/// The error for a reply whose body lacks what is documented.
/// \param what names the missing or unfit member.
[[nodiscard]] ApiError unreadable(Api api, std::string_view what);

/// The error where no reply came.
/// \param why names the step that failed.
[[nodiscard]] ApiError no_answer(Api api, std::string why);

}  // namespace couponhook::wechatpay
