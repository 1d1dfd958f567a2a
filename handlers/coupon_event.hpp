#pragma once

/// \file
/// What a notification means: a typed event.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace couponhook::handlers {

/// Money in fen, the hundredth part of a yuan.
using Fen = std::int64_t;

/// COUPON.SEND and PRODUCT_COUPON_SP.SEND. Protocol reference 3.2 and 3.4.
struct CouponIssued {
  struct Attachment {  ///< attach_info; real traffic sends "" where there is none
    std::string transaction_id;
    std::string act_code;
    std::string hall_code;
    std::string hall_belong_mch_id;  ///< a number or a string on the wire
    std::string card_id;
    std::string code;
    std::string activity_id;
  };
  std::string stock_id;
  std::string coupon_code;
  std::string send_time;  ///< receive_time for product coupons
  std::string openid;     ///< empty unless the stock names a notify_appid
  std::string unionid;
  std::string send_channel;  ///< an open set: BUSICOUPON_SEND_CHANNEL_…
  std::string send_merchant;
  std::string send_request_no;  ///< send_req_no, or send_request_no for product coupons
  std::optional<Attachment> attach_info;
};

/// COUPON.USE. Protocol reference 3.1. It names neither user nor order: join by transaction_id.
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
  std::string coupon_type;    ///< NORMAL or CUT_TO
  std::string business_type;  ///< MULTIUSE where one coupon is consumed several times
  std::string consume_time;
  std::string consume_mchid;
  std::string transaction_id;
  std::optional<Fen> consume_amount;  ///< only with MULTIUSE
  std::optional<Fen> coupon_amount;
  std::optional<Fen> transaction_minimum;
  std::vector<Goods> goods_detail;
};

/// REFUND.SUCCESS, REFUND.ABNORMAL and REFUND.CLOSED. Protocol reference 3.3.
struct OrderRefunded {
  enum class Status : std::uint8_t { kSuccess, kClosed, kAbnormal };
  Status status = Status::kSuccess;
  std::string mchid;      ///< direct merchants; empty in the partner form
  std::string sp_mchid;   ///< partner form
  std::string sub_mchid;  ///< partner form
  std::string out_trade_no;
  std::string transaction_id;
  std::string out_refund_no;
  std::string refund_id;
  std::string success_time;  ///< empty unless the refund succeeded
  Fen total = 0;
  Fen refund = 0;
  Fen payer_total = 0;
  Fen payer_refund = 0;

  /// What of the refund went back to coupons rather than to the payer.
  [[nodiscard]] Fen coupon_part() const { return refund - payer_refund; }
};
/// The status as WeChat Pay writes it: SUCCESS, CLOSED or ABNORMAL.
[[nodiscard]] std::string_view to_string(OrderRefunded::Status status);

/// Everything else, kept as it is.
struct OtherEvent {
  /// Empty for event types that are no step in a coupon's life; else why an event that should be
  /// one could not be read ("coupon_id is missing"). Holds no content.
  std::string unreadable;
};

using CouponEvent = std::variant<CouponIssued, CouponRedeemed, OrderRefunded, OtherEvent>;

/// An event, and what was wrong with the text it was read from.
struct EventReading {
  CouponEvent event;
  /// Flaws that decide nothing, in words without content ("a control character in a string"); empty
  /// where there were none, and where the event could not be read.
  std::string flaw;
};

/// Reads a decrypted resource. Never refuses: what cannot be read becomes an OtherEvent that says
/// why, because what was signed and decrypted is kept whatever it is. Optional fields with another
/// type than documented are taken as absent.
///
/// A resource that is no strict JSON is read all the same (mended_json.hpp), as long as the fields
/// that decide (stock, coupon, transaction, refund, status, time) are sound, and come once or with
/// one value. Thread-safe.
[[nodiscard]] EventReading read_flawed_event(std::string_view event_type, std::string_view resource,
                                             const base::JsonLimits& limits);

/// The same without the flaw.
[[nodiscard]] CouponEvent read_event(std::string_view event_type, std::string_view resource,
                                     const base::JsonLimits& limits);

}  // namespace couponhook::handlers
