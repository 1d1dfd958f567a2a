#pragma once

/// \file
/// Converts WeChat Pay's own records (rows of its settlement files, and coupons from queries) into
/// notifications.
///
/// Reconciliation finds redemptions, issuings and refunds whose notifications are missing, and
/// stores each of them through the same code as a received notification. So each record is
/// converted to an event type and the content of a notification.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fact_kind.hpp"
#include "base/refund_amounts.hpp"
#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/flow_file.hpp"
#include "wechatpay/refunds.hpp"

namespace couponhook::wechatpay {

/// One fact in WeChat Pay's own records: a coupon was issued or redeemed, or a payment was
/// refunded. The fact has the same business key as in couponhook's ledger (the stored history of
/// coupons).
struct PlatformRecord {
  base::FactKind kind{};
  std::string stock_id;
  /// coupon_id of a favor coupon (代金券), or coupon_code of a busifavor coupon (商家券).
  std::string coupon;
  /// Id of the payment. Empty for the issuing of a coupon, because it has no payment.
  std::string transaction_id;
  /// Key that identifies the fact: "stock/code" for the issuing of a coupon, "coupon/transaction"
  /// for a redemption, "refund/SUCCESS" for a refund.
  std::string business_key;
  /// Time of the coupon event in RFC 3339; the original text if it is not a valid time.
  std::string occurred_at;
  /// Line number in the flow file (settlement file); 0 if the record comes from a query.
  std::size_t line = 0;
  /// Amounts of a refund; only a refund query gives them.
  std::optional<base::RefundAmounts> amounts{};
  /// Shares of coupons in a refund; only a refund query gives them.
  std::vector<base::CouponShare> shares{};
  // The members from here on form the notification that WeChat Pay would have sent for this record.
  // event_type is COUPON.SEND, COUPON.USE or REFUND.SUCCESS.
  std::string event_type;
  /// Type of the notification's content (field original_type): coupon or refund.
  std::string original_type;
  std::string summary;
  std::string resource;  ///< decrypted content of the notification: JSON with the known fields

  /// Returns the id under which this record is stored as a notification; it has 42 characters. The
  /// same fact always gets the same id, so it is stored only once. A refund with amounts has
  /// another id than the same refund without, so that a refund query can add the amounts to a
  /// refund that a flow file reported before.
  [[nodiscard]] std::string notification_id() const;
};

/// Converts one row of a flow file (WeChat Pay's settlement file) into a record.
/// \param stock_id id of the stock (batch of coupons) to which the file belongs, for rows that
///   contain no such id.
[[nodiscard]] PlatformRecord to_platform_record(FlowKind kind, const FlowRecord& record,
                                                std::string_view stock_id);

/// Converts a favor coupon (代金券) from a query into a record of its redemption.
/// \return the record; nothing if the coupon was not redeemed, because WeChat Pay sends no
///   notification when a favor coupon is issued.
[[nodiscard]] std::optional<PlatformRecord> to_platform_record(const Coupon& coupon);

/// Converts a busifavor coupon (商家券) from a query into a record of its issuing.
/// \param openid the user whose coupons were queried.
[[nodiscard]] PlatformRecord to_platform_record(const BusifavorCoupon& coupon,
                                                std::string_view openid);

/// Converts a refund from a query into a record.
/// \param mchid the merchant whose refund was queried.
/// \return the record; nothing unless the refund succeeded, because only then money went back.
[[nodiscard]] std::optional<PlatformRecord> to_platform_record(const Refund& refund,
                                                               std::string_view mchid);

/// Converts a used busifavor coupon (商家券) into a record of its use, for reports only. WeChat Pay
/// sends no notification when such a coupon is used, so couponhook never stores this record. The
/// record has no payment id, event type or notification content.
[[nodiscard]] PlatformRecord used_coupon_record(const BusifavorCoupon& coupon);

}  // namespace couponhook::wechatpay
