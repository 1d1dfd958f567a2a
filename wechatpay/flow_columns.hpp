#pragma once

/// \file
/// Meaning of the columns of a flow file. WeChat Pay publishes neither the column names nor their
/// order, so columns are found by the names in the header line, and operators can configure names.
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
  kRefundId,  ///< refund id; only in refund flows
  kTime,      ///< time of the redemption or refund
  kMchid,     ///< merchant at which it happened
  kDiscount,  ///< value of the discount: in yuan if the column name contains 元, else in fen
  kGoods,     ///< free text; may contain commas if it is the last column
};

/// The names that a column may have. Letter case, spaces and full-width brackets are ignored when
/// names are compared.
struct FlowColumnNames {
  FlowColumn column;
  std::vector<std::string> names;
};

/// The column names known so far.
[[nodiscard]] std::vector<FlowColumnNames> usual_flow_columns(FlowKind kind);

/// Columns without which a row cannot be used.
[[nodiscard]] std::vector<FlowColumn> required_flow_columns(FlowKind kind);

[[nodiscard]] std::optional<FlowColumn> find_flow_column(
    const std::vector<FlowColumnNames>& columns, std::string_view name);

/// \return the name of a column in the configuration and in messages, for example coupon_id.
[[nodiscard]] std::string_view to_string(FlowColumn column);

}  // namespace couponhook::wechatpay
