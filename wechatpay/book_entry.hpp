#pragma once

/// \file
/// What WeChat Pay's own books say has happened, in the form in which it would have been notified.
///
/// A redemption, issue or refund that never arrived is admitted through the same door as one that
/// did, so what is needed is what that door takes: an event type, and the decrypted resource.
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
[[nodiscard]] std::string_view to_string(FactKind kind);  ///< issue, redeem, refund
[[nodiscard]] std::optional<FactKind> parse_fact_kind(std::string_view text);

/// One fact of theirs, keyed as the ledger keys its own.
struct BookEntry {
  FactKind kind{};
  std::string stock_id;
  std::string coupon;          ///< coupon_id or coupon_code
  std::string transaction_id;  ///< empty for issues
  /// issue "stock/code", redemption "coupon/transaction", refund "refund/SUCCESS".
  std::string business_key;
  std::string
      occurred_at;       ///< RFC 3339 where the source has a time that can be read, else its text
  std::size_t line = 0;  ///< in a flow file; 0 from a query
  // The notification that it would have been:
  std::string event_type;     ///< COUPON.SEND, COUPON.USE or REFUND.SUCCESS
  std::string original_type;  ///< coupon or refund
  std::string summary;
  std::string resource;  ///< JSON, with the fields that are known

  /// The id to admit it under: the same for the same fact every time, so that it is admitted once.
  /// 42 characters.
  [[nodiscard]] std::string notification_id() const;
};

/// \param stock_id of the file, for rows that do not name it.
[[nodiscard]] BookEntry book_entry(FlowKind kind, const FlowRecord& record,
                                   std::string_view stock_id);

/// \return nothing unless the coupon was redeemed: the issue of a favor coupon is not notified.
[[nodiscard]] std::optional<BookEntry> book_entry(const Coupon& coupon);

/// The issue of a busifavor coupon.
/// \param openid whose coupons were asked for.
[[nodiscard]] BookEntry book_entry(const BusifavorCoupon& coupon, std::string_view openid);

/// The use of a busifavor coupon that is USED: to be told of, never to be admitted, since nothing
/// notifies of it. It has no transaction, event type or resource.
[[nodiscard]] BookEntry used_entry(const BusifavorCoupon& coupon);

}  // namespace couponhook::wechatpay
