#pragma once

/// \file
/// Which column of a flow file means what. The columns are not published and their order is not
/// fixed, so that they are found by the names in the header line, and the names can be configured.
///
/// Source: wechatpay-protocol section 5.

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
  kRefundId,  ///< only in refund flows
  kTime,      ///< of the redemption or refund
  kMchid,     ///< where it happened
  kDiscount,  ///< what the coupon was worth; yuan where the name says 元, else fen
  kGoods,     ///< free text that may hold commas, if it is the last column
};

/// The names under which a column may come. Letter case, spaces and full-width brackets do not
/// matter.
struct FlowColumnNames {
  FlowColumn column;
  std::vector<std::string> names;
};

/// The names seen so far.
[[nodiscard]] std::vector<FlowColumnNames> usual_flow_columns(FlowKind kind);

/// Columns without which a row is of no use.
[[nodiscard]] std::vector<FlowColumn> required_flow_columns(FlowKind kind);

[[nodiscard]] std::optional<FlowColumn> find_flow_column(
    const std::vector<FlowColumnNames>& columns, std::string_view name);

/// The configuration's and messages' name of a column: coupon_id.
[[nodiscard]] std::string_view to_string(FlowColumn column);

}  // namespace couponhook::wechatpay
