#pragma once

/// \file
/// Converts WeChat Pay's own records (flow files, coupon queries) into notifications.
///
/// Reconciliation stores a missing redemption, issue or refund through the same code as a received
/// notification. So each record is converted to an event type and a decrypted resource.
/// Source: wechatpay-protocol sections 3.1 to 3.3 and 5.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/flow_file.hpp"

namespace couponhook::wechatpay {

enum class FactKind : std::uint8_t { kIssue, kRedeem, kRefund };
[[nodiscard]] std::string_view to_string(FactKind kind);  ///< returns issue, redeem or refund
[[nodiscard]] std::optional<FactKind> parse_fact_kind(std::string_view text);

/// One fact in WeChat Pay's records, with the same key as in couponhook's ledger.
struct PlatformRecord {
  FactKind kind{};
  std::string stock_id;
  std::string coupon;          ///< coupon_id of a favor coupon, or coupon_code
  std::string transaction_id;  ///< empty for issues: no payment is involved
  /// "stock/code" for an issue, "coupon/transaction" for a redemption, "refund/SUCCESS" for a
  /// refund.
  std::string business_key;
  std::string occurred_at;  ///< RFC 3339; the original text if it is not a valid time
  std::size_t line = 0;     ///< line in a flow file; 0 if the record comes from a query
  // The notification that WeChat Pay would have sent for this fact:
  std::string event_type;     ///< event type: COUPON.SEND, COUPON.USE or REFUND.SUCCESS
  std::string original_type;  ///< type of the resource: coupon or refund
  std::string summary;
  std::string resource;  ///< JSON with the known fields

  /// The notification id for storing this record. The id is always the same for the same fact, so
  /// the fact is stored only once. 42 characters.
  [[nodiscard]] std::string notification_id() const;
};

/// Converts one row of a flow file.
/// \param stock_id stock of the file, for rows that do not name a stock.
[[nodiscard]] PlatformRecord book_entry(FlowKind kind, const FlowRecord& record,
                                        std::string_view stock_id);

/// Converts a favor coupon (代金券).
/// \return nothing unless the coupon was redeemed, because WeChat Pay does not notify the issue of
///   a favor coupon.
[[nodiscard]] std::optional<PlatformRecord> book_entry(const Coupon& coupon);

/// Converts the issue of a busifavor coupon (商家券).
/// \param openid the user whose coupons were queried.
[[nodiscard]] PlatformRecord book_entry(const BusifavorCoupon& coupon, std::string_view openid);

/// Converts the use of a busifavor coupon in state USED, for reports only. WeChat Pay sends no
/// notification of such a use, so the record is never stored. It has no transaction, event type or
/// resource.
[[nodiscard]] PlatformRecord used_entry(const BusifavorCoupon& coupon);

}  // namespace couponhook::wechatpay
