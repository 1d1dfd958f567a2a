#pragma once

/// \file
/// Typed coupon events (issued, redeemed, refunded), parsed from the decrypted resource of a
/// notification.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace couponhook::handlers {

/// An amount of money in fen (1/100 yuan).
using Fen = std::int64_t;

/// Event "a coupon was given to a user": COUPON.SEND for 商家券, PRODUCT_COUPON_SP.SEND for product
/// coupons. The members have the names of the fields in WeChat Pay's documentation.
struct CouponIssued {
  /// JSON object attach_info of the resource; WeChat Pay sends "" if there is none.
  struct Attachment {
    std::string transaction_id;
    std::string act_code;
    std::string hall_code;
    std::string hall_belong_mch_id;  ///< id of a merchant; WeChat Pay sends a number or a string
    std::string card_id;
    std::string code;
    std::string activity_id;
  };
  std::string stock_id;
  std::string coupon_code;
  std::string send_time;  ///< time of issuing; called receive_time in events of product coupons
  /// openid of the user; empty unless the coupon's stock was created with a notify_appid.
  std::string openid;
  std::string unionid;
  /// Channel of issuing, such as BUSICOUPON_SEND_CHANNEL_…; WeChat Pay may add values.
  std::string send_channel;
  std::string send_merchant;
  /// Request number of the issuing; called send_req_no in COUPON.SEND.
  std::string send_request_no;
  std::optional<Attachment> attach_info;
};

/// Event "a coupon was used in a payment": COUPON.USE. The resource contains neither the user nor
/// the merchant's order number; only transaction_id links the event to the payment.
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
  std::string coupon_type;  ///< coupon type: NORMAL or CUT_TO
  /// Business type of the coupon: MULTIUSE if the coupon can be used several times.
  std::string business_type;
  std::string consume_time;
  std::string consume_mchid;
  std::string transaction_id;
  /// Amount used in this payment, in fen; only for MULTIUSE coupons.
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
  std::string mchid;      ///< id of a direct merchant; empty if a service provider took the payment
  std::string sp_mchid;   ///< id of the service provider; empty for direct merchants
  std::string sub_mchid;  ///< id of the service provider's sub-merchant; empty for direct merchants
  std::string out_trade_no;
  std::string transaction_id;
  std::string out_refund_no;
  std::string refund_id;
  std::string success_time;  ///< time of the refund; empty unless the refund succeeded
  Fen total = 0;
  Fen refund = 0;
  Fen payer_total = 0;
  Fen payer_refund = 0;

  /// Returns the part of the refund that went back to coupons and not to the payer, in fen.
  [[nodiscard]] Fen coupon_part() const { return refund - payer_refund; }
};
/// Returns a refund status as WeChat Pay writes it: SUCCESS, CLOSED or ABNORMAL.
[[nodiscard]] std::string_view to_string(OrderRefunded::Status status);

/// Any event that is not read as a coupon event. Its notification is stored unchanged.
struct OtherEvent {
  /// Reason why the coupon event could not be read, such as "coupon_id is missing". Empty if events
  /// of this type change no coupon. Contains no data of the resource.
  std::string unreadable;
};

using CouponEvent = std::variant<CouponIssued, CouponRedeemed, OrderRefunded, OtherEvent>;

/// A parsed event, together with the flaws of its JSON text.
struct EventReading {
  CouponEvent event;
  /// Flaws in the JSON text that did not change the meaning of the event, in words and without data
  /// of the resource, such as "a control character in a string". Empty if there were none, or if
  /// the event could not be read.
  std::string flaw;
};

/// Parses the decrypted resource of a notification. Never fails: a resource that cannot be read
/// becomes an OtherEvent with the reason, because couponhook stores every notification whose
/// signature is valid and whose resource can be decrypted. An optional field of the wrong type
/// counts as absent.
///
/// A resource that is not strict JSON is repaired and then parsed (mended_json.hpp), but only if
/// its identifying fields (stock, coupon, transaction, refund, status, time) have no flaw and do
/// not occur twice with different values. Thread-safe.
[[nodiscard]] EventReading read_flawed_event(std::string_view event_type, std::string_view resource,
                                             const base::JsonLimits& limits);

/// Parses a resource like read_flawed_event(), but returns only the event, without its flaws.
[[nodiscard]] CouponEvent read_event(std::string_view event_type, std::string_view resource,
                                     const base::JsonLimits& limits);

}  // namespace couponhook::handlers
