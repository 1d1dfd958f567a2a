#pragma once

/// \file
/// Meaning of the columns of a flow file (WeChat Pay's settlement file: a list of redemptions or
/// refunds). WeChat Pay publishes neither the names nor the order of the columns. So couponhook
/// finds a column by its name in the header line, and users can configure further names.

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
  kRefundId,  ///< column with the id of the refund; only in flow files of refunds
  kTime,      ///< column with the time of the redemption or refund
  kMchid,     ///< column with the id of the merchant at which the coupon was used
  /// Column with the value of the discount: in yuan if the column name contains 元, else in fen.
  kDiscount,
  kGoods,  ///< column with the goods as free text; may contain commas if it is the last column
};

/// The names that a column of a flow file may have. When names are compared, upper and lower case,
/// spaces and full-width brackets do not matter.
struct FlowColumnNames {
  FlowColumn column;
  std::vector<std::string> names;
};

/// Returns the names of flow file columns that couponhook knows without configuration. (A flow file
/// is WeChat Pay's settlement file.)
[[nodiscard]] std::vector<FlowColumnNames> usual_flow_columns(FlowKind kind);

/// Returns the columns that every row of a flow file must have; couponhook cannot use a row without
/// them.
[[nodiscard]] std::vector<FlowColumn> required_flow_columns(FlowKind kind);

[[nodiscard]] std::optional<FlowColumn> find_flow_column(
    const std::vector<FlowColumnNames>& columns, std::string_view name);

/// Returns the name of a column of a flow file as the configuration and messages use it, for
/// example coupon_id.
[[nodiscard]] std::string_view to_string(FlowColumn column);

}  // namespace couponhook::wechatpay
