#pragma once

/// \file
/// Typed coupon events, parsed from the decrypted resource of a notification.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace couponhook::handlers {

/// Money in fen (1/100 yuan).
using Fen = std::int64_t;

/// A coupon was given to a user: COUPON.SEND and PRODUCT_COUPON_SP.SEND. Source: protocol
/// reference, sections 3.2 and 3.4.
struct CouponIssued {
  struct Attachment {  ///< attach_info; WeChat Pay sends "" if there is none
    std::string transaction_id;
    std::string act_code;
    std::string hall_code;
    std::string hall_belong_mch_id;  ///< WeChat Pay sends a number or a string
    std::string card_id;
    std::string code;
    std::string activity_id;
  };
  std::string stock_id;
  std::string coupon_code;
  std::string send_time;  ///< called receive_time in events of product coupons
  std::string openid;     ///< empty unless the stock was created with a notify_appid
  std::string unionid;
  std::string send_channel;  ///< such as BUSICOUPON_SEND_CHANNEL_…; WeChat Pay may add values
  std::string send_merchant;
  std::string send_request_no;  ///< called send_req_no in COUPON.SEND
  std::optional<Attachment> attach_info;
};

/// A coupon was used in a payment: COUPON.USE. The resource names neither the user nor the order;
/// the transaction_id links the event to the payment. Source: protocol reference, section 3.1.
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
  std::string coupon_type;    ///< coupon type: NORMAL or CUT_TO
  std::string business_type;  ///< MULTIUSE if the coupon can be used several times
  std::string consume_time;
  std::string consume_mchid;
  std::string transaction_id;
  std::optional<Fen> consume_amount;  ///< only for MULTIUSE coupons
  std::optional<Fen> coupon_amount;
  std::optional<Fen> transaction_minimum;
  std::vector<Goods> goods_detail;
};

/// A payment was refunded, or its refund failed: REFUND.SUCCESS, REFUND.ABNORMAL and REFUND.CLOSED.
/// Source: protocol reference, section 3.3.
struct OrderRefunded {
  enum class Status : std::uint8_t { kSuccess, kClosed, kAbnormal };
  Status status = Status::kSuccess;
  std::string mchid;      ///< for direct merchants; empty in the partner form
  std::string sp_mchid;   ///< service provider; only in the partner form
  std::string sub_mchid;  ///< sub-merchant; only in the partner form
  std::string out_trade_no;
  std::string transaction_id;
  std::string out_refund_no;
  std::string refund_id;
  std::string success_time;  ///< empty unless the refund succeeded
  Fen total = 0;
  Fen refund = 0;
  Fen payer_total = 0;
  Fen payer_refund = 0;

  /// The part of the refund that went back to coupons, not to the payer.
  [[nodiscard]] Fen coupon_part() const { return refund - payer_refund; }
};
/// The status as WeChat Pay writes it: SUCCESS, CLOSED or ABNORMAL.
[[nodiscard]] std::string_view to_string(OrderRefunded::Status status);

/// Any other event. The notification is stored unchanged.
struct OtherEvent {
  /// Empty if events of this type change no coupon. Otherwise the reason why the
  /// coupon event could not be read, such as "coupon_id is missing". Contains no data of the
  /// resource.
  std::string unreadable;
};

using CouponEvent = std::variant<CouponIssued, CouponRedeemed, OrderRefunded, OtherEvent>;

/// A parsed event, and the flaws of its JSON text.
struct EventReading {
  CouponEvent event;
  /// Flaws that did not change the meaning of the event, in words and without data of the resource,
  /// such as "a control character in a string". Empty if there were none, or if the event could not
  /// be read.
  std::string flaw;
};

/// Parses a decrypted resource. Never fails: a resource that cannot be read becomes an OtherEvent
/// with the reason, because couponhook stores every notification that was signed and decrypted. An
/// optional field of the wrong type counts as absent.
///
/// A resource that is not strict JSON is repaired and parsed (mended_json.hpp), if its identifying
/// fields (stock, coupon, transaction, refund, status, time) have no flaw and no second, different
/// value. Thread-safe.
[[nodiscard]] EventReading read_flawed_event(std::string_view event_type, std::string_view resource,
                                             const base::JsonLimits& limits);

/// The same as read_flawed_event(), but returns only the event.
[[nodiscard]] CouponEvent read_event(std::string_view event_type, std::string_view resource,
                                     const base::JsonLimits& limits);

}  // namespace couponhook::handlers
