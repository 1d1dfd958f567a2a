#include "sandbox/events.hpp"

#include "sandbox/local/beijing_time.hpp"

namespace couponhook::server::sandbox {
namespace {

Draft make_draft(std::string id, Time happened_at, const char* event_type, const char* kind,
                 const char* summary, JsonWriter& resource) {
  Draft draft;
  draft.id = std::move(id);
  // Set create_time to the time of the event and not to the time of sending, because every copy of
  // a notification contains the same create_time.
  draft.create_time = beijing_time(happened_at);
  draft.event_type = event_type;
  draft.summary = summary;
  draft.original_type = kind;
  draft.associated_data = kind;
  draft.resource = resource.take();
  return draft;
}

void write_consumption(const Transaction& paid, JsonWriter& json) {
  json.object("consume_information")
      .field("consume_time", beijing_time(paid.paid_at))
      .field("consume_mchid", paid.mchid)
      .field("transaction_id", paid.id);
  if (!paid.goods.empty()) {
    json.list("goods_detail");
    for (const GoodsItem& item : paid.goods) {
      json.object()
          .field("goods_id", item.id)
          .field("quantity", item.quantity)
          .field("price", item.price)
          .field("discount_amount", item.discount)
          .end();
    }
    json.end_list();
  }
  json.end();
}

}  // namespace

std::string_view status_of(const CouponRecords& records, const Coupon& coupon, Time now) {
  if (!coupon.transaction_id.empty()) return "USED";
  return now > records.find_stock(coupon.stock_id)->terms.available_until ? "EXPIRED" : "SENDED";
}

void write_coupon(const CouponRecords& records, const Coupon& coupon, Time now, JsonWriter& json) {
  const Stock& stock = *records.find_stock(coupon.stock_id);
  json.field("stock_creator_mchid", stock.creator_mchid)
      .field("stock_id", stock.id)
      .field("coupon_id", coupon.id)
      .field("coupon_name", stock.terms.name)
      .field("status", status_of(records, coupon, now))
      .field("description", stock.terms.description)
      .field("create_time", beijing_time(coupon.received_at))
      .field("coupon_type", "NORMAL")
      .field("no_cash", stock.terms.no_cash)
      .field("available_begin_time", beijing_time(stock.terms.available_from))
      .field("available_end_time", beijing_time(stock.terms.available_until))
      .field("singleitem", !stock.terms.available_items.empty())
      .object("normal_coupon_information")
      .field("coupon_amount", stock.terms.coupon_amount)
      .field("transaction_minimum", stock.terms.transaction_minimum)
      .end();
  if (const auto* paid = records.find_transaction(coupon.transaction_id)) {
    write_consumption(*paid, json);
  }
}

Draft redemption_draft(const CouponRecords& records, const Transaction& paid, std::string id) {
  JsonWriter resource;
  write_coupon(records, *records.find_coupon(paid.coupon_id), paid.paid_at, resource);
  return make_draft(std::move(id), paid.paid_at, "COUPON.USE", "coupon", "代金券核销通知",
                    resource);
}

Draft issue_draft(const Coupon& coupon, std::string id) {
  JsonWriter resource;
  resource.field("event_type", "EVENT_TYPE_BUSICOUPON_SEND")
      .field("coupon_code", coupon.id)
      .field("stock_id", coupon.stock_id)
      .field("send_time", beijing_time(coupon.received_at))
      .field("openid", coupon.openid)
      .field("unionid", "")
      .field("send_channel", "BUSICOUPON_SEND_CHANNEL_" + coupon.channel)
      .field("send_merchant", coupon.sender_mchid)
      .field("attach_info", "")
      .field("send_req_no", coupon.out_request_no);
  return make_draft(std::move(id), coupon.received_at, "COUPON.SEND", "coupon", "商家券领券通知",
                    resource);
}

Draft refund_draft(const Transaction& paid, const Refund& refund, std::string id) {
  JsonWriter resource;
  resource.field("mchid", paid.mchid)
      .field("out_trade_no", paid.out_trade_no)
      .field("transaction_id", paid.id)
      .field("out_refund_no", refund.out_refund_no)
      .field("refund_id", refund.id)
      .field("refund_status", refund.status);
  if (refund.status == "SUCCESS") resource.field("success_time", beijing_time(refund.at));
  resource.field("user_received_account", "支付用户零钱")
      .object("amount")
      .field("total", paid.total)
      .field("refund", refund.amount)
      .field("payer_total", paid.total - paid.discount)
      .field("payer_refund", refund.payer_amount)
      .end();
  const std::string type = "REFUND." + refund.status;
  const char* const summary = refund.status == "SUCCESS"    ? "退款成功"
                              : refund.status == "ABNORMAL" ? "退款异常"
                                                            : "退款关闭";
  return make_draft(std::move(id), refund.at, type.c_str(), "refund", summary, resource);
}

Draft echo_draft(const std::string& message, Time now, std::string id) {
  JsonWriter resource;
  resource.field("echo_message", message);
  Draft draft =
      make_draft(std::move(id), now, "SECURITY_ECHO.SUCCESS", "security", "回调通知成功", resource);
  draft.associated_data.clear();
  return draft;
}

}  // namespace couponhook::server::sandbox
