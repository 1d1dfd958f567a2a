#pragma once

/// \file
/// Blocking client that calls WeChat Pay's APIs for one merchant.

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

/// Function that waits for the given time. It returns false if the caller must give up, for example
/// because the program stops.
using Pause = std::function<bool(std::chrono::milliseconds)>;
[[nodiscard]] Pause sleeping_pause();
/// Returns a Pause function that stops waiting and returns false as soon as a stop is requested.
[[nodiscard]] Pause stoppable_pause(std::stop_token stop);

/// Function that reports the progress of a download. Its arguments are the number of bytes received
/// and the number of bytes in total.
using DownloadProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Clock, random source, stop request and rate limiter that the creator of an ApiClient provides.
struct ApiContext {
  base::WallClock clock;
  crypto::RandomSource random;
  Pause pause;
  /// Stop request. It ends a running API call, which then fails with the error "no reply".
  std::stop_token stop{};
  /// The rate limiter for API calls. All clients of a process must share one rate limiter, because
  /// WeChat Pay counts some limits over all calls from one IP address.
  std::shared_ptr<CallPace> pace = std::make_shared<CallPace>();
};

/// Blocking client for WeChat Pay's APIs, for commands and for threads that have no other work.
/// Each attempt of a call ends within MerchantApiConfig::timeout; an upload of a file may take a
/// minute. A failed attempt is repeated after the delay that wechatpay::retry_delay() returns. A
/// call waits until WeChat Pay's documented rate limit allows it. The client does not follow
/// redirects. Not thread-safe.
class ApiClient {
 public:
  ApiClient(std::unique_ptr<const ApiAccount> account, ApiContext api_context);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  /// Sends a request and verifies the signature of the reply.
  /// \return the body of the reply, if the signature proves that the reply comes from WeChat Pay;
  ///   otherwise an error.
  [[nodiscard]] wechatpay::ApiResult<std::string> call(const wechatpay::ApiRequest& request);

  /// Downloads the file behind a download link and compares the file with the hash that came with
  /// the link. Call this function within FlowLink::kValidity after the link arrived, because then
  /// the link expires.
  /// \param on_progress function that is called with the bytes received and the bytes in total; may
  ///   be null.
  /// \return the content of the file, or an error.
  [[nodiscard]] wechatpay::ApiResult<std::string> download(
      const wechatpay::FlowLink& link, const DownloadProgress& on_progress = {});

  /// Function that checks a reply. It returns the error, or nothing if the reply is good.
  using ReplyCheck = std::function<std::optional<wechatpay::ApiError>(const wechatpay::ApiReply&)>;
  /// Sends a request and checks the reply with `check`, instead of verifying the reply's signature
  /// with the loaded platform keys.
  /// \return the reply, or an error.
  [[nodiscard]] wechatpay::ApiResult<wechatpay::ApiReply> exchange(
      const wechatpay::ApiRequest& request, const ReplyCheck& check);

  [[nodiscard]] const ApiAccount& account() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
