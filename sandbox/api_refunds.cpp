#include <algorithm>

#include "base/ascii.hpp"
#include "sandbox/api.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

/// Returns true for a number that a merchant may give to a refund: 1 to 64 of 0-9, a-z, A-Z, _, -,
/// |, * and @.
bool is_refund_number(std::string_view text) {
  constexpr std::size_t kCharactersMax = 64;
  return !text.empty() && text.size() <= kCharactersMax && std::ranges::all_of(text, [](char c) {
    return base::is_alphanumeric(c) || std::string_view("_-|*@").find(c) != std::string_view::npos;
  });
}

void write_amount(const Transaction& paid, const Refund& refund, JsonWriter& json) {
  const std::int64_t coupon_refund = refund.amount - refund.payer_amount;
  json.object("amount")
      .field("total", paid.total)
      .field("refund", refund.amount)
      .field("payer_total", paid.total - paid.discount)
      .field("payer_refund", refund.payer_amount)
      .field("settlement_refund", refund.amount)
      .field("settlement_total", paid.total)
      .field("discount_refund", coupon_refund)
      .field("currency", "CNY")
      .end();
}

/// Writes the coupon's share in a refund. Inferred: promotion_detail is missing if nothing went
/// back to a coupon.
void write_promotions(const Stock& stock, const Transaction& paid, const Refund& refund,
                      JsonWriter& json) {
  const std::int64_t coupon_refund = refund.amount - refund.payer_amount;
  if (coupon_refund == 0) return;
  json.list("promotion_detail")
      .object()
      .field("promotion_id", paid.coupon_id)
      .field("scope", stock.terms.available_items.empty() ? "GLOBAL" : "SINGLE")
      .field("type", stock.terms.no_cash ? "DISCOUNT" : "COUPON")
      .field("amount", paid.discount)
      .field("refund_amount", coupon_refund)
      .end()
      .end_list();
}

Result<Answer> show_refund(const Platform& platform, const Call& call) {
  const std::string& number = call.path_parameters.front();
  if (!is_refund_number(number)) return param_error("商户退款单号out_refund_no格式错误");
  const Query query(call);
  const std::string sub_mchid = query.optional_text("sub_mchid");
  const CouponRecords& records = platform.records;
  const Refund* refund = records.find_refund(number);
  if (refund == nullptr) return not_found("退款单不存在");
  const Transaction& paid = *records.find_transaction(refund->transaction_id);
  const Stock& stock = *records.find_stock(paid.stock_id);
  // A merchant sees the refunds of its own payments, and a service provider those of the merchant
  // that it names. The sandbox knows no relations between merchants: it also answers the creator of
  // the stock, to which it sends the notification if it does not know the paid merchant.
  const bool is_payee = paid.mchid == (sub_mchid.empty() ? call.mchid : sub_mchid);
  const bool is_creator = sub_mchid.empty() && stock.creator_mchid == call.mchid;
  if (!is_payee && !is_creator) return not_found("退款单不存在");
  JsonWriter json;
  json.field("refund_id", refund->id)
      .field("out_refund_no", refund->out_refund_no)
      .field("transaction_id", paid.id)
      .field("out_trade_no", paid.out_trade_no)
      .field("channel", "ORIGINAL")
      .field("user_received_account", "支付用户零钱");
  if (refund->status == "SUCCESS") json.field("success_time", beijing_time(refund->at));
  json.field("create_time", beijing_time(refund->at))
      .field("status", refund->status)
      .field("funds_account", "UNSETTLED");
  write_amount(paid, *refund, json);
  write_promotions(stock, paid, *refund, json);
  return Answer{json.take()};
}

}  // namespace

void add_refund_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/v3/refund/domestic/refunds/*",
             [&platform](const Call& call) { return show_refund(platform, call); });
}

}  // namespace couponhook::server::sandbox
