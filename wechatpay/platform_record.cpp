#include "wechatpay/platform_record.hpp"

#include <span>
#include <utility>

#include "base/json_writer.hpp"
#include "base/wechat_time.hpp"
#include "crypto/digest.hpp"

namespace couponhook::wechatpay {
namespace {

using base::FactKind;

std::string join(std::string_view first, std::string_view second) {
  return std::string(first).append("/").append(second);
}

/// Returns a time in the one format that the records from all sources use, so that the record of a
/// redemption is the same from every source. A text that is not a time is returned unchanged.
std::string normal_time(const std::string& text) {
  const auto time = base::parse_wechat_time(text);
  return time ? base::format_wechat_time(*time) : text;
}

void write_consumption(base::JsonWriter& resource, const Coupon::Consumption& consumption) {
  resource.begin("consume_information")
      .text("consume_time", normal_time(consumption.consume_time))
      .text("consume_mchid", consumption.consume_mchid)
      .text("transaction_id", consumption.transaction_id)
      .optional_number("consume_amount", consumption.consume_amount);
  if (!consumption.goods_detail.empty()) {
    resource.begin_list("goods_detail");
    for (const Coupon::Goods& goods : consumption.goods_detail) {
      resource.begin()
          .text("goods_id", goods.goods_id)
          .number("quantity", goods.quantity)
          .number("price", goods.price)
          .number("discount_amount", goods.discount_amount)
          .end();
    }
    resource.end_list();
  }
  resource.end();
}

PlatformRecord redeemed(const FlowRecord& record, std::string stock_id) {
  PlatformRecord entry;
  entry.kind = FactKind::kRedeem;
  entry.business_key = join(record.coupon_id, record.transaction_id);
  entry.event_type = "COUPON.USE";
  entry.original_type = "coupon";
  entry.summary = "代金券核销通知";
  base::JsonWriter resource;
  resource.begin();
  resource.text("stock_id", stock_id).text("coupon_id", record.coupon_id).text("status", "USED");
  write_consumption(resource, {record.time, record.mchid, record.transaction_id, {}, {}});
  entry.resource = resource.end().take();
  entry.stock_id = std::move(stock_id);
  return entry;
}

PlatformRecord refunded(const FlowRecord& record, std::string stock_id) {
  PlatformRecord entry;
  entry.kind = FactKind::kRefund;
  entry.business_key = join(record.refund_id, "SUCCESS");
  entry.event_type = "REFUND.SUCCESS";
  entry.original_type = "refund";
  entry.summary = "退款成功";
  base::JsonWriter resource;
  resource.begin();
  resource.optional_text("mchid", record.mchid)
      .text("transaction_id", record.transaction_id)
      .text("refund_id", record.refund_id)
      .text("refund_status", "SUCCESS")
      .text("success_time", normal_time(record.time));
  entry.resource = resource.end().take();
  entry.stock_id = std::move(stock_id);
  return entry;
}

}  // namespace

std::string PlatformRecord::notification_id() const {
  constexpr std::size_t kDigestBytes = 16;
  const crypto::Sha256 digest =
      crypto::sha256({to_string(kind), "/", business_key, amounts ? "/amounts" : ""});
  return "reconcile-" + crypto::to_hex(std::span(digest).first(kDigestBytes));
}

PlatformRecord to_platform_record(FlowKind kind, const FlowRecord& record,
                                  std::string_view stock_id) {
  std::string stock = record.stock_id.empty() ? std::string(stock_id) : record.stock_id;
  PlatformRecord entry = kind == FlowKind::kUse ? redeemed(record, std::move(stock))
                                                : refunded(record, std::move(stock));
  entry.coupon = record.coupon_id;
  entry.transaction_id = record.transaction_id;
  entry.occurred_at = normal_time(record.time);
  entry.line = record.line;
  return entry;
}

std::optional<PlatformRecord> to_platform_record(const Coupon& coupon) {
  if (coupon.status != "USED" || !coupon.consumption ||
      coupon.consumption->transaction_id.empty()) {
    return {};
  }
  PlatformRecord entry;
  entry.kind = FactKind::kRedeem;
  entry.stock_id = coupon.stock_id;
  entry.coupon = coupon.coupon_id;
  entry.transaction_id = coupon.consumption->transaction_id;
  entry.business_key = join(entry.coupon, entry.transaction_id);
  entry.occurred_at = normal_time(coupon.consumption->consume_time);
  entry.event_type = "COUPON.USE";
  entry.original_type = "coupon";
  entry.summary = "代金券核销通知";
  base::JsonWriter resource;
  resource.begin();
  resource.text("stock_creator_mchid", coupon.stock_creator_mchid)
      .text("stock_id", coupon.stock_id)
      .text("coupon_id", coupon.coupon_id)
      .text("coupon_name", coupon.coupon_name)
      .text("status", coupon.status)
      .text("description", coupon.description)
      .text("create_time", coupon.create_time)
      .text("coupon_type", coupon.coupon_type)
      .boolean("no_cash", coupon.no_cash)
      .text("available_begin_time", coupon.available_begin_time)
      .text("available_end_time", coupon.available_end_time)
      .boolean("singleitem", coupon.singleitem)
      .optional_text("business_type", coupon.business_type);
  if (coupon.coupon_amount || coupon.transaction_minimum) {
    resource.begin("normal_coupon_information")
        .optional_number("coupon_amount", coupon.coupon_amount)
        .optional_number("transaction_minimum", coupon.transaction_minimum)
        .end();
  }
  write_consumption(resource, *coupon.consumption);
  entry.resource = resource.end().take();
  return entry;
}

PlatformRecord to_platform_record(const BusifavorCoupon& coupon, std::string_view openid) {
  PlatformRecord entry;
  entry.kind = FactKind::kIssue;
  entry.stock_id = coupon.stock_id;
  entry.coupon = coupon.coupon_code;
  entry.business_key = join(coupon.stock_id, coupon.coupon_code);
  entry.occurred_at = normal_time(coupon.receive_time);
  entry.event_type = "COUPON.SEND";
  entry.original_type = "coupon";
  entry.summary = "商家券领券通知";
  base::JsonWriter resource;
  resource.begin();
  resource.text("event_type", "EVENT_TYPE_BUSICOUPON_SEND")
      .text("coupon_code", coupon.coupon_code)
      .text("stock_id", coupon.stock_id)
      .text("send_time", entry.occurred_at)
      .text("openid", openid)
      .text("unionid", "")
      .text("send_channel", "")
      .text("send_merchant", "")
      .text("attach_info", "")
      .optional_text("send_req_no", coupon.send_request_no);
  entry.resource = resource.end().take();
  return entry;
}

std::optional<PlatformRecord> to_platform_record(const Refund& refund, std::string_view mchid) {
  if (!refund.succeeded()) return {};
  PlatformRecord entry;
  entry.kind = FactKind::kRefund;
  entry.transaction_id = refund.transaction_id;
  entry.business_key = join(refund.refund_id, refund.status);
  entry.occurred_at = normal_time(refund.success_time);
  entry.amounts = refund.amounts;
  entry.event_type = "REFUND.SUCCESS";
  entry.original_type = "refund";
  entry.summary = "退款成功";
  base::JsonWriter resource;
  resource.begin();
  resource.text("mchid", mchid)
      .text("out_trade_no", refund.out_trade_no)
      .text("transaction_id", refund.transaction_id)
      .text("out_refund_no", refund.out_refund_no)
      .text("refund_id", refund.refund_id)
      .text("refund_status", refund.status)
      .text("success_time", entry.occurred_at)
      .text("user_received_account", refund.user_received_account)
      .begin("amount")
      .number("total", refund.amounts.total)
      .number("refund", refund.amounts.refund)
      .number("payer_total", refund.amounts.payer_total)
      .number("payer_refund", refund.amounts.payer_refund)
      .end();
  resource.begin_list("promotion_detail");
  for (const Refund::Promotion& promotion : refund.promotions) {
    resource.begin()
        .text("promotion_id", promotion.share.coupon)
        .text("scope", promotion.scope)
        .text("type", promotion.type)
        .number("amount", promotion.share.amount)
        .number("refund_amount", promotion.share.refund_amount)
        .end();
    entry.shares.push_back(promotion.share);
  }
  entry.resource = resource.end_list().end().take();
  return entry;
}

PlatformRecord used_coupon_record(const BusifavorCoupon& coupon) {
  PlatformRecord entry;
  entry.kind = FactKind::kRedeem;
  entry.stock_id = coupon.stock_id;
  entry.coupon = coupon.coupon_code;
  entry.business_key = join(coupon.stock_id, coupon.coupon_code);
  entry.occurred_at = normal_time(coupon.use_time);
  return entry;
}

}  // namespace couponhook::wechatpay
