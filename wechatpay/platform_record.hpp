#pragma once

/// \file
/// Converts WeChat Pay's own records (rows of flow files, and queried coupons) into notifications.
///
/// Reconciliation stores a missing redemption, issuing or refund through the same code as a
/// received notification. So each record is converted to an event type and a decrypted resource.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/fact_kind.hpp"
#include "wechatpay/busifavor_coupons.hpp"
#include "wechatpay/coupons.hpp"
#include "wechatpay/flow_file.hpp"

namespace couponhook::wechatpay {

/// One fact in WeChat Pay's own records: a coupon was issued or redeemed, or a payment was
/// refunded. The fact has the same business key as in couponhook's ledger.
struct PlatformRecord {
  base::FactKind kind{};
  std::string stock_id;
  /// coupon_id of a favor coupon (代金券), or coupon_code of a busifavor coupon (商家券).
  std::string coupon;
  /// Id of the payment; empty if a coupon was issued, because no payment is involved.
  std::string transaction_id;
  /// Key that identifies the fact: "stock/code" for the issuing of a coupon, "coupon/transaction"
  /// for a redemption, "refund/SUCCESS" for a refund.
  std::string business_key;
  /// Time of the fact in RFC 3339; the original text if it is not a valid time.
  std::string occurred_at;
  std::size_t line = 0;  ///< line number in the flow file; 0 if the record comes from a query
  // The following members form the notification that WeChat Pay would have sent for this fact.
  /// Event type of the notification: COUPON.SEND, COUPON.USE or REFUND.SUCCESS.
  std::string event_type;
  std::string original_type;  ///< original_type of the notification's resource: coupon or refund
  std::string summary;
  std::string resource;  ///< resource of the notification: JSON with the known fields

  /// Returns the id of the notification under which this record is stored, 42 characters. The id is
  /// always the same for the same fact, so the fact is stored only once.
  [[nodiscard]] std::string notification_id() const;
};

/// Converts one row of a flow file (WeChat Pay's settlement file) into a record.
/// \param stock_id stock of the file, for rows that do not name a stock.
[[nodiscard]] PlatformRecord book_entry(FlowKind kind, const FlowRecord& record,
                                        std::string_view stock_id);

/// Converts a queried favor coupon (代金券) into a record of its redemption.
/// \return nothing if the coupon was not redeemed, because WeChat Pay sends no notification when a
///   favor coupon is issued.
[[nodiscard]] std::optional<PlatformRecord> book_entry(const Coupon& coupon);

/// Converts a queried busifavor coupon (商家券) into a record of its issuing.
/// \param openid the user whose coupons were queried.
[[nodiscard]] PlatformRecord book_entry(const BusifavorCoupon& coupon, std::string_view openid);

/// Converts a busifavor coupon (商家券) in state USED into a record of its use, for reports only.
/// WeChat Pay sends no notification when such a coupon is used, so the record is never stored. It
/// has no transaction, event type or resource.
[[nodiscard]] PlatformRecord used_entry(const BusifavorCoupon& coupon);

}  // namespace couponhook::wechatpay
