#pragma once

/// \file
/// API requests that download a flow file: WeChat Pay's own list of a stock's redemptions or
/// refunds.
///
/// A download has two steps. A signed reply gives a URL and a hash. The URL is valid for 30 seconds
/// and returns the file in an unsigned reply, so the hash of the file must be compared.
/// Source: wechatpay-protocol section 5.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

enum class FlowKind : std::uint8_t { kUse, kRefund };
[[nodiscard]] std::string_view to_string(FlowKind kind);  ///< returns use or refund
[[nodiscard]] std::optional<FlowKind> parse_flow_kind(std::string_view text);

/// Step 1: requests the download link. Only the merchant that created the stock may call this API,
/// from 10:00 (Beijing time) on the day after the activity ends.
[[nodiscard]] ApiRequest flow_link_request(FlowKind kind, std::string_view stock_id);

/// \return the time from which the flow files are available, for an activity with the given end.
[[nodiscard]] std::chrono::sys_seconds flow_available_at(std::chrono::sys_seconds activity_end);

struct FlowLink {
  /// Validity of the URL, counted from the reply.
  static constexpr std::chrono::seconds kValidity{30};

  std::string url;
  std::string hash_value;  ///< hash of the file, hexadecimal
  std::string hash_type;   ///< hash algorithm: SHA1
};
[[nodiscard]] ApiResult<FlowLink> parse_flow_link(FlowKind kind, std::string_view body);

/// Step 2: requests the file. The request carries an Authorization header like every API call. So
/// the link must point to the origin of `base_url`, or to one of WeChat Pay's own hosts over https.
/// \return an error if the link points to any other host.
[[nodiscard]] ApiResult<ApiRequest> download_request(const FlowLink& link,
                                                     std::string_view base_url);

/// \return the origin ("https://host[:port]") to which the request of download_request() must be
///   sent.
[[nodiscard]] std::string download_origin(const FlowLink& link);

/// Checks by the hash that `content` is exactly the file that WeChat Pay announced.
/// \return an error with advice if the hash differs.
[[nodiscard]] boost::system::result<void, ApiError> check_flow_content(const FlowLink& link,
                                                                       std::string_view content);

}  // namespace couponhook::wechatpay
