#include "wechatpay/api_error.hpp"

#include <algorithm>
#include <utility>

namespace couponhook::wechatpay {

std::string ApiError::text() const {
  std::string line(spec_of(api).name);
  line += ": ";
  if (status != 0) line.append("HTTP ").append(std::to_string(status)).append(" ");
  if (!code.empty()) line.append(code).append(" ");
  if (!message.empty()) line.append("\"").append(message).append("\" ");
  if (!field.empty()) line.append("(").append(field).append(") ");
  if (!request_id.empty()) line.append("[Request-ID ").append(request_id).append("] ");
  line.back() = ';';
  line.append(" ").append(advice);
  // Replace control characters by a harmless character: a line end in WeChat Pay's error message
  // could look like a second line of the log.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

std::optional<std::chrono::milliseconds> retry_delay(const ApiError& error, int attempts) {
  using std::chrono::milliseconds;
  constexpr int kAttemptsMax = 5;
  constexpr milliseconds kFirst{500};
  constexpr milliseconds kRateWindow{60'000};
  if (attempts >= kAttemptsMax || !spec_of(error.api).repeatable) return {};
  switch (error.retry) {
    case Retry::kNever:
      return {};
    case Retry::kSoon:
      return kFirst * (1 << (attempts - 1));
    case Retry::kLater:
      return std::min<milliseconds>(kRateWindow, spec_of(error.api).limit.period * 2);
  }
  return {};
}

ApiError unreadable(Api api, std::string_view what) {
  ApiError error;
  error.failure = ApiFailure::kUnreadable;
  error.api = api;
  error.message = std::string("the reply has no usable ").append(what);
  error.advice =
      "check that base_url is WeChat Pay's own and no proxy answers in its place; if so, the API "
      "has changed and this version does not know its new shape";
  return error;
}

ApiError no_answer(Api api, std::string why) {
  ApiError error;
  error.failure = ApiFailure::kNoAnswer;
  error.api = api;
  error.message = std::move(why);
  error.advice =
      "check base_url and ca_file, and that names are resolved and outbound connections allowed "
      "from here";
  error.retry = Retry::kSoon;
  return error;
}

}  // namespace couponhook::wechatpay
