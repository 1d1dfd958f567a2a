#pragma once

/// \file
/// WeChat Pay's own book of a stock's redemptions or refunds: asking for the file, fetching it.
///
/// Two steps: a signed reply names a URL and a hash; the URL, good for 30 seconds, gives the file,
/// whose reply is not signed and whose content has to have that hash.
/// Source: wechatpay-protocol section 5.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

enum class FlowKind : std::uint8_t { kUse, kRefund };
[[nodiscard]] std::string_view to_string(FlowKind kind);  ///< use, refund
[[nodiscard]] std::optional<FlowKind> parse_flow_kind(std::string_view text);

/// Only the stock's creator may ask, from 10:00 of the day after the activity's end.
[[nodiscard]] ApiRequest flow_link_request(FlowKind kind, std::string_view stock_id);

/// When the files of an activity that ends then can be had.
[[nodiscard]] std::chrono::sys_seconds flow_available_at(std::chrono::sys_seconds activity_end);

struct FlowLink {
  /// How long the URL is good for, from the moment of the reply.
  static constexpr std::chrono::seconds kValidity{30};

  std::string url;
  std::string hash_value;  ///< hexadecimal
  std::string hash_type;   ///< SHA1
};
[[nodiscard]] ApiResult<FlowLink> parse_flow_link(FlowKind kind, std::string_view body);

/// The second step. It carries an Authorization header like any other call, which is why the link
/// has to lead to where calls go: to the origin of `base_url`, or to one of WeChat Pay's own hosts
/// over https.
/// \return an error where it leads elsewhere.
[[nodiscard]] ApiResult<ApiRequest> download_request(const FlowLink& link,
                                                     std::string_view base_url);

/// The origin ("https://host[:port]") that download_request() has to be sent to.
[[nodiscard]] std::string download_origin(const FlowLink& link);

/// Whether `content` is the whole file and nothing else.
/// \return an error that says what to do where it is not.
[[nodiscard]] boost::system::result<void, ApiError> check_flow_content(const FlowLink& link,
                                                                       std::string_view content);

}  // namespace couponhook::wechatpay
