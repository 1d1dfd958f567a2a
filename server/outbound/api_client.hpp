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

#include "crypto/random.hpp"
#include "base/clock.hpp"
#include "server/outbound/api_account.hpp"
#include "server/outbound/call_pace.hpp"
#include "wechatpay/api_error.hpp"
#include "wechatpay/flow_link.hpp"

namespace couponhook::server {

/// Waits. \return false where it was told to give up instead.
using Pause = std::function<bool(std::chrono::milliseconds)>;
[[nodiscard]] Pause sleeping_pause();
/// Gives up once a stop is requested, however long there was to wait.
[[nodiscard]] Pause stoppable_pause(std::stop_token stop);

/// Bytes received, and bytes in all.
using DownloadProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// What calls depend on beside the merchant.
struct ApiSurroundings {
  base::WallClock clock;
  crypto::RandomSource random;
  Pause pause;
  /// A call that is under way when a stop is requested is cut short; it ends without an answer.
  std::stop_token stop{};
  /// One for all clients of a process.
  std::shared_ptr<CallPace> pace = std::make_shared<CallPace>();
};

/// Blocking, for commands and threads that have nothing else to do: each attempt ends within
/// MerchantApiConfig::timeout, is repeated as wechatpay::retry_delay() says, and begins when the
/// documented rate limit has room for it. Redirects are not followed. Not thread-safe.
class ApiClient {
 public:
  ApiClient(std::unique_ptr<const ApiAccount> account, ApiSurroundings surroundings);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  /// \return the body, proven to be WeChat Pay's.
  [[nodiscard]] wechatpay::ApiResult<std::string> call(const wechatpay::ApiRequest& request);

  /// The file behind a link, whole: its hash is that of the link. To be called within
  /// FlowLink::kValidity of the link's arrival.
  /// \param on_progress called with the bytes that have come and those that will; null: nobody.
  [[nodiscard]] wechatpay::ApiResult<std::string> download(
      const wechatpay::FlowLink& link, const DownloadProgress& on_progress = {});

  /// Says what is wrong with a reply; nothing where it will do.
  using Judge = std::function<std::optional<wechatpay::ApiError>(const wechatpay::ApiReply&)>;
  /// For replies that are believed for other reasons than their signature under the loaded keys.
  [[nodiscard]] wechatpay::ApiResult<wechatpay::ApiReply> exchange(
      const wechatpay::ApiRequest& request, const Judge& judge);

  [[nodiscard]] const ApiAccount& account() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
