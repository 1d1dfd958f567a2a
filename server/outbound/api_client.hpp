#pragma once

/// \file
/// Calls WeChat Pay's APIs for one merchant.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "server/outbound/api_account.hpp"
#include "server/outbound/call_pace.hpp"
#include "wechatpay/api_error.hpp"
#include "wechatpay/flow_link.hpp"

namespace couponhook::server {

/// Waits for the given time. \return false if the caller must give up.
using Pause = std::function<bool(std::chrono::milliseconds)>;
[[nodiscard]] Pause sleeping_pause();
/// Returns a Pause that gives up as soon as a stop is requested.
[[nodiscard]] Pause stoppable_pause(std::stop_token stop);

/// Called with the number of bytes received and the number of bytes in total.
using DownloadProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Clock, random source and limits that an ApiClient takes from its caller.
struct ApiSurroundings {
  base::WallClock clock;
  crypto::RandomSource random;
  Pause pause;
  /// A stop request interrupts a running call, which then ends without an answer.
  std::stop_token stop{};
  /// The rate limiter. All clients of a process must share one, because some of WeChat Pay's limits
  /// count all their calls together.
  std::shared_ptr<CallPace> pace = std::make_shared<CallPace>();
};

/// Blocking client, for commands and for threads with no other work. Each attempt ends within
/// MerchantApiConfig::timeout. Failed attempts are repeated as wechatpay::retry_delay() says. A
/// call begins when the documented rate limit allows it. Redirects are not followed. Not
/// thread-safe.
class ApiClient {
 public:
  ApiClient(std::unique_ptr<const ApiAccount> account, ApiSurroundings surroundings);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  /// Sends a request. \return the reply's body, if its signature proves that it comes from WeChat
  /// Pay.
  [[nodiscard]] wechatpay::ApiResult<std::string> call(const wechatpay::ApiRequest& request);

  /// Downloads the file behind a link and checks it against the link's hash. Call within
  /// FlowLink::kValidity after the link arrived.
  /// \param on_progress called with the bytes received and the bytes in total; may be null.
  [[nodiscard]] wechatpay::ApiResult<std::string> download(
      const wechatpay::FlowLink& link, const DownloadProgress& on_progress = {});

  /// Checks a reply. Returns the error, or nothing if the reply is good.
  using Judge = std::function<std::optional<wechatpay::ApiError>(const wechatpay::ApiReply&)>;
  /// Sends a request whose reply is checked by `judge` instead of by its signature under the loaded
  /// keys.
  [[nodiscard]] wechatpay::ApiResult<wechatpay::ApiReply> exchange(
      const wechatpay::ApiRequest& request, const Judge& judge);

  [[nodiscard]] const ApiAccount& account() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
