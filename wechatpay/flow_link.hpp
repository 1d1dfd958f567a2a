#pragma once

/// \file
/// API requests that download a flow file: WeChat Pay's settlement file with all redemptions or all
/// refunds of a stock (batch of coupons).
///
/// A download has two steps. WeChat Pay signs the reply to the first request, which contains a URL
/// and a hash. The URL is valid for 30 seconds. WeChat Pay does not sign the file at this URL, so
/// couponhook must compare its hash.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

enum class FlowKind : std::uint8_t { kUse, kRefund };
/// Returns the kind of a flow file as text: "use" (redemptions) or "refund" (refunds).
[[nodiscard]] std::string_view to_string(FlowKind kind);
[[nodiscard]] std::optional<FlowKind> parse_flow_kind(std::string_view text);

/// Step 1 of a download: makes the request for the download link of a flow file. WeChat Pay allows
/// only the merchant that created the stock (batch of coupons) to call this API, from 10:00
/// (Beijing time) on the day after the end of the stock's activity.
[[nodiscard]] ApiRequest flow_link_request(FlowKind kind, std::string_view stock_id);

/// Returns the time from which WeChat Pay offers the flow files of a stock (batch of coupons).
/// \param activity_end end of the stock's activity.
[[nodiscard]] std::chrono::sys_seconds flow_available_at(std::chrono::sys_seconds activity_end);

struct FlowLink {
  /// Time for which the download URL of a flow file is valid, counted from the reply that contains
  /// it.
  static constexpr std::chrono::seconds kValidity{30};

  std::string url;
  std::string hash_value;  ///< hash of the flow file, in hexadecimal
  std::string hash_type;   ///< hash algorithm for the flow file: SHA1
};
[[nodiscard]] ApiResult<FlowLink> parse_flow_link(FlowKind kind, std::string_view body);

/// Step 2 of a download: makes the request for the flow file itself. Like every API request, this
/// request contains an Authorization header, which other hosts must not see. So the link must lead
/// to the origin of `base_url`, or to one of WeChat Pay's own hosts over https.
/// \return the request, or an error if the link leads to any other host.
[[nodiscard]] ApiResult<ApiRequest> download_request(const FlowLink& link,
                                                     std::string_view base_url);

/// Returns the origin ("https://host[:port]") of a download link. The request of download_request()
/// must be sent to this origin.
[[nodiscard]] std::string download_origin(const FlowLink& link);

/// Checks by the hash in the download link that `content` is exactly the flow file that WeChat Pay
/// offers.
/// \return an error with advice if the hash differs.
[[nodiscard]] boost::system::result<void, ApiError> check_flow_content(const FlowLink& link,
                                                                       std::string_view content);

}  // namespace couponhook::wechatpay
