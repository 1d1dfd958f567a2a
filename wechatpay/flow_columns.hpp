#pragma once

/// \file
/// Meaning of the columns of a flow file (WeChat Pay's settlement file: a list of redemptions or
/// refunds). WeChat Pay publishes neither the names nor the order of the columns. So columns are
/// found by the names in the header line, and operators can configure further names.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/flow_link.hpp"

namespace couponhook::wechatpay {

enum class FlowColumn : std::uint8_t {
  kStockId,
  kCouponId,
  kTransactionId,
  kRefundId,  ///< id of the refund; only in flow files of refunds
  kTime,      ///< time of the redemption or refund
  kMchid,     ///< id of the merchant at which the coupon was used
  kDiscount,  ///< value of the discount: in yuan if the column name contains 元, else in fen
  kGoods,     ///< goods as free text; may contain commas if it is the last column
};

/// The names that a column of a flow file may have. Upper and lower case, spaces and full-width
/// brackets are ignored when names are compared.
struct FlowColumnNames {
  FlowColumn column;
  std::vector<std::string> names;
};

/// Returns the column names of flow files that couponhook knows without configuration.
[[nodiscard]] std::vector<FlowColumnNames> usual_flow_columns(FlowKind kind);

/// Returns the columns without which a row of a flow file cannot be used.
[[nodiscard]] std::vector<FlowColumn> required_flow_columns(FlowKind kind);

[[nodiscard]] std::optional<FlowColumn> find_flow_column(
    const std::vector<FlowColumnNames>& columns, std::string_view name);

/// \return the name of a column, as used in the configuration and in messages, for example
///   coupon_id.
[[nodiscard]] std::string_view to_string(FlowColumn column);

}  // namespace couponhook::wechatpay
