#include <algorithm>

#include "sandbox/api.hpp"
#include "sandbox/events.hpp"
#include "sandbox/local/beijing_time.hpp"

namespace couponhook::server::sandbox {
namespace {

void write_fact(const char* kind, const std::string& business_key, Time at, JsonWriter& json) {
  json.object()
      .field("kind", kind)
      .field("business_key", business_key)
      .field("occurred_at", beijing_time(at))
      .end();
}

void write_refund(const Transaction& paid, const Refund& refund, JsonWriter& json) {
  json.object()
      .field("kind", "refund")
      .field("business_key", refund.id + "/" + refund.status)
      .field("occurred_at", beijing_time(refund.at))
      .field("out_refund_no", refund.out_refund_no)
      .object("amount")
      .field("total", paid.total)
      .field("refund", refund.amount)
      .field("payer_total", paid.total - paid.discount)
      .field("payer_refund", refund.payer_amount)
      .field("coupon_refund", refund.amount - refund.payer_amount)
      .end()
      .end();
}

/// Writes the history of a coupon (issuing, redemption, refunds) as JSON, with the field names that
/// couponhook's ledger uses. Tests compare this history with the ledger of a service that received
/// all notifications.
void write_history(const CouponRecords& records, const Coupon& coupon, Product product,
                   JsonWriter& json) {
  json.list("history");
  if (product == Product::kBusifavor) {
    write_fact("issue", coupon.stock_id + "/" + coupon.id, coupon.received_at, json);
  }
  const Transaction* paid = records.find_transaction(coupon.transaction_id);
  if (paid != nullptr && product == Product::kFavor) {
    write_fact("redeem", coupon.id + "/" + paid->id, paid->paid_at, json);
    for (const Refund* refund : records.refunds_of(paid->id)) write_refund(*paid, *refund, json);
  }
  json.end_list();
}

std::string_view state_of(const CouponRecords& records, const Coupon& coupon) {
  if (coupon.transaction_id.empty()) return "issued";
  const Transaction& paid = *records.find_transaction(coupon.transaction_id);
  const auto refunds = records.refunds_of(coupon.transaction_id);
  const bool refunded = std::ranges::any_of(
      refunds, [](const Refund* refund) { return refund->status == "SUCCESS"; });
  if (!refunded) return "redeemed";
  return paid.refunded < paid.total ? "partly_refunded" : "refunded";
}

void write_coupons(const CouponRecords& records, Time now, JsonWriter& json) {
  json.list("coupons");
  records.each_coupon([&](const Coupon& coupon) {
    const Product product = records.find_stock(coupon.stock_id)->product;
    json.object()
        .field("stock_id", coupon.stock_id)
        .field("coupon", coupon.id)
        .field("product", product == Product::kFavor ? "favor" : "busifavor")
        .field("openid", coupon.openid)
        .field("appid", coupon.appid)
        .field("status", status_of(records, coupon, now))
        .field("state", state_of(records, coupon));
    write_history(records, coupon, product, json);
    json.end();
  });
  json.end_list();
}

Answer show_records(const Platform& platform, Time now) {
  const CouponRecords& records = platform.records;
  JsonWriter json;
  json.list("stocks");
  records.each_stock([&](const Stock& stock) {
    json.object()
        .field("stock_id", stock.id)
        .field("product", stock.product == Product::kFavor ? "favor" : "busifavor")
        .field("creator_mchid", stock.creator_mchid)
        .field("distributed", stock.distributed)
        .end();
  });
  json.end_list();
  write_coupons(records, now, json);
  json.list("transactions");
  records.each_transaction([&](const Transaction& paid) {
    json.object()
        .field("transaction_id", paid.id)
        .field("stock_id", paid.stock_id)
        .field("coupon", paid.coupon_id)
        .field("mchid", paid.mchid)
        .field("paid_at", beijing_time(paid.paid_at))
        .field("total", paid.total)
        .field("refunded", paid.refunded)
        .end();
  });
  json.end_list();
  return {json.take()};
}

void write_summary(const OutboxSummary& summary, JsonWriter& json) {
  json.object("summary");
  for (const auto& [state, count] : summary.by_state) json.field(state, count);
  json.object("delivered_by_sends");
  for (const auto& [sends, count] : summary.delivered_by_sends) {
    json.field(std::to_string(sends), count);
  }
  json.end()
      .field("copies", summary.copies)
      .field("probes", summary.probes)
      .field("probes_accepted", summary.probes_accepted)
      .end();
}

Answer show_notifications(const Platform& platform) {
  JsonWriter json;
  write_summary(platform.outbox.summary(), json);
  json.list("items");
  for (const OutboxEntry& entry : platform.outbox.entries()) {
    json.object()
        .field("id", entry.draft.id)
        .field("event_type", entry.draft.event_type)
        .field("mchid", entry.mchid)
        .field("state", to_string(entry.state))
        .field("sends", entry.sends)
        .list("statuses");
    for (const unsigned status : entry.statuses) json.number(status);
    json.end_list().end();
  }
  return {json.end_list().take()};
}

/// Lists the signing keys of the simulated WeChat Pay as PEM, like the key download of WeChat Pay's
/// merchant console.
Answer show_keys(const Platform& platform) {
  const auto signing = platform.certificates.signing();
  JsonWriter json;
  json.field("stage", to_string(platform.certificates.stage())).list("keys");
  for (const PlatformKeyPtr& key : platform.certificates.all()) {
    json.object()
        .field("serial", key->serial)
        .field("kind", key->is_certificate() ? "certificate" : "public_key")
        .field("pem", key->is_certificate() ? key->certificate : key->public_key)
        .field("signs", std::ranges::find(signing, key) != signing.end())
        .end();
  }
  return {json.end_list().take()};
}

}  // namespace

void add_report_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/sandbox/books", [&platform](const Call& call) -> Result<Answer> {
    return show_records(platform, call.now.wall);
  });
  routes.add("GET", "/sandbox/notifications",
             [&platform](const Call&) -> Result<Answer> { return show_notifications(platform); });
  routes.add("GET", "/sandbox/keys",
             [&platform](const Call&) -> Result<Answer> { return show_keys(platform); });
}

}  // namespace couponhook::server::sandbox
