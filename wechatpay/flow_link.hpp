#pragma once

/// \file
/// API requests that download a flow file: WeChat Pay's settlement file, the list of a stock's
/// redemptions or refunds.
///
/// A download has two steps. The first request returns a signed reply with a URL and a hash. The
/// URL is valid for 30 seconds and returns the file in an unsigned reply, so the hash of the file
/// must be compared.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

enum class FlowKind : std::uint8_t { kUse, kRefund };
/// Returns the kind of a flow file as text: "use" or "refund".
[[nodiscard]] std::string_view to_string(FlowKind kind);
[[nodiscard]] std::optional<FlowKind> parse_flow_kind(std::string_view text);

/// Step 1 of a download: makes the request for the download link of a flow file. Only the merchant
/// that created the stock may call this API, from 10:00 (Beijing time) on the day after the
/// activity ends.
[[nodiscard]] ApiRequest flow_link_request(FlowKind kind, std::string_view stock_id);

/// \return the time from which the flow files of a stock are available.
/// \param activity_end end of the stock's activity.
[[nodiscard]] std::chrono::sys_seconds flow_available_at(std::chrono::sys_seconds activity_end);

struct FlowLink {
  /// Time for which the download URL is valid, counted from the reply that contains it.
  static constexpr std::chrono::seconds kValidity{30};

  std::string url;
  std::string hash_value;  ///< hash of the flow file, in hexadecimal
  std::string hash_type;   ///< hash algorithm for the flow file: SHA1
};
[[nodiscard]] ApiResult<FlowLink> parse_flow_link(FlowKind kind, std::string_view body);

/// Step 2 of a download: makes the request for the flow file itself. The request carries an
/// Authorization header like every API call. So the link must point to the origin of `base_url`, or
/// to one of WeChat Pay's own hosts over https.
/// \return the request, or an error if the link points to any other host.
[[nodiscard]] ApiResult<ApiRequest> download_request(const FlowLink& link,
                                                     std::string_view base_url);

/// \return the origin ("https://host[:port]") of a download link, to which the request of
///   download_request() must be sent.
[[nodiscard]] std::string download_origin(const FlowLink& link);

/// Checks with the hash in the download link that `content` is exactly the flow file that WeChat
/// Pay announced.
/// \return an error with advice if the hash differs.
[[nodiscard]] boost::system::result<void, ApiError> check_flow_content(const FlowLink& link,
                                                                       std::string_view content);

}  // namespace couponhook::wechatpay
