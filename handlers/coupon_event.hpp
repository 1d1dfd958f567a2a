#pragma once

/// \file
/// Coupon events (issued, redeemed, refunded) as C++ types, and their parser. An event is parsed
/// from the resource (the decrypted part) of a notification.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/refund_amounts.hpp"

namespace couponhook::handlers {

/// An amount of money in fen (1/100 yuan).
using Fen = std::int64_t;

/// Event "a coupon was given to a user": COUPON.SEND for 商家券, PRODUCT_COUPON_SP.SEND for product
/// coupons (商品券). The members have the same names as the fields in WeChat Pay's documentation.
struct CouponIssued {
  /// JSON object attach_info of a COUPON.SEND event; WeChat Pay sends "" if there is no such
  /// object.
  struct Attachment {
    std::string transaction_id;
    std::string act_code;
    std::string hall_code;
    /// Id of a merchant; WeChat Pay sends it as a number or as a string.
    std::string hall_belong_mch_id;
    std::string card_id;
    std::string code;
    std::string activity_id;
  };
  std::string stock_id;
  std::string coupon_code;
  /// Time at which the coupon was issued; its field is named receive_time in events of product
  /// coupons.
  std::string send_time;
  /// The openid of the user who got the coupon. Empty unless the coupon's stock (batch of coupons)
  /// was created with a notify_appid.
  std::string openid;
  std::string unionid;
  /// Channel through which the coupon was issued, such as BUSICOUPON_SEND_CHANNEL_…. WeChat Pay may
  /// add new channels.
  std::string send_channel;
  std::string send_merchant;
  /// Number of the request that issued the coupon; its field is named send_req_no in COUPON.SEND.
  std::string send_request_no;
  std::optional<Attachment> attach_info;
};

/// Event "a coupon was used in a payment": COUPON.USE. The event contains neither the user nor the
/// merchant's order number; only transaction_id links the event to the payment.
struct CouponRedeemed {
  struct Goods {
    std::string goods_id;
    std::int64_t quantity = 0;
    Fen price = 0;
    Fen discount_amount = 0;
  };
  std::string stock_creator_mchid;
  std::string stock_id;
  std::string coupon_id;
  std::string coupon_name;
  std::string coupon_type;  ///< type of the coupon: NORMAL (满减) or CUT_TO (减至)
  /// Business type of the coupon: MULTIUSE if the coupon can be used several times.
  std::string business_type;
  std::string consume_time;
  std::string consume_mchid;
  std::string transaction_id;
  /// Amount used in this payment, in fen (1/100 yuan). Present only for MULTIUSE coupons, which can
  /// be used several times.
  std::optional<Fen> consume_amount;
  std::optional<Fen> coupon_amount;
  std::optional<Fen> transaction_minimum;
  std::vector<Goods> goods_detail;
};

/// Event "a payment was refunded, or its refund failed": REFUND.SUCCESS, REFUND.ABNORMAL and
/// REFUND.CLOSED.
struct OrderRefunded {
  enum class Status : std::uint8_t { kSuccess, kClosed, kAbnormal };
  Status status = Status::kSuccess;
  /// Id of the merchant; empty if a service provider took the payment for the merchant.
  std::string mchid;
  /// Id of the service provider that took the payment; empty if there is none.
  std::string sp_mchid;
  /// Id of the merchant for which a service provider took the payment; empty if there is none.
  std::string sub_mchid;
  std::string out_trade_no;
  std::string transaction_id;
  std::string out_refund_no;
  std::string refund_id;
  std::string success_time;  ///< time at which the refund succeeded; empty unless it succeeded
  Fen total = 0;
  Fen refund = 0;
  Fen payer_total = 0;
  Fen payer_refund = 0;
  /// The four amounts above, if the event has all of them and they are possible. Empty for an event
  /// without amounts (a row of a flow file names none), and if `amount_flaw` is not empty.
  std::optional<base::RefundAmounts> amounts{};
  /// Shares of coupons in the refund. A notification has none: they come from the reply to a refund
  /// query, which reconciliation stores with the event (promotion_detail).
  std::vector<base::CouponShare> shares{};
  /// Problem with the amounts or shares of the event, which are then left out, such as
  /// "amount.refund is more than amount.total"; empty if there is none.
  std::string amount_flaw{};

  /// Returns the part of the refunded amount that went back to coupons and not to the payer, in fen
  /// (1/100 yuan).
  [[nodiscard]] Fen coupon_part() const { return refund - payer_refund; }
};
/// Returns a refund status as WeChat Pay writes it: SUCCESS, CLOSED or ABNORMAL.
[[nodiscard]] std::string_view to_string(OrderRefunded::Status status);

/// Any event that couponhook does not read as a coupon event. The notification of the event is
/// stored unchanged.
struct OtherEvent {
  /// Reason why the event could not be read as a coupon event, such as "coupon_id is missing".
  /// Empty if events of this type never change a coupon. The reason contains nothing of the event's
  /// data.
  std::string unreadable;
};

using CouponEvent = std::variant<CouponIssued, CouponRedeemed, OrderRefunded, OtherEvent>;

/// A parsed event, together with a description of the flaws in its JSON text.
struct EventReading {
  CouponEvent event;
  /// English description of the flaws in the JSON text that did not change the meaning of the
  /// event, such as "a control character in a string". The description contains nothing of the
  /// event's data. Empty if the text has no flaw, or if the event could not be read.
  std::string flaw;
};

/// Parses the resource (the decrypted part) of a notification. Never fails: if a resource cannot be
/// read, the result is an OtherEvent with the reason, because couponhook stores every notification
/// whose signature is valid and whose resource can be decrypted. An optional field of the wrong
/// type counts as missing.
///
/// A resource that is not valid JSON is repaired and then parsed (repaired_json.hpp), but only if
/// the fields that identify the event (stock, coupon, transaction, refund, status, time) have no
/// flaw and do not occur twice with different values. Thread-safe.
[[nodiscard]] EventReading read_flawed_event(std::string_view event_type, std::string_view resource,
                                             const base::JsonLimits& limits);

/// Parses the resource of a notification like read_flawed_event(), but returns only the event,
/// without the description of flaws.
[[nodiscard]] CouponEvent read_event(std::string_view event_type, std::string_view resource,
                                     const base::JsonLimits& limits);

}  // namespace couponhook::handlers
