#include "wechatpay/busifavor_coupons.hpp"

#include <utility>

#include "base/url.hpp"
#include "wechatpay/json_view.hpp"
#include "wechatpay/page_reader.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kBusifavorUsers = "/v3/marketing/busifavor/users";

BusifavorCoupon read_busifavor_coupon(const JsonView& json) {
  BusifavorCoupon coupon;
  coupon.stock_id = json.text("stock_id");
  coupon.coupon_code = json.text("coupon_code");
  coupon.coupon_state = json.text("coupon_state");
  coupon.belong_merchant = json.text("belong_merchant");
  coupon.stock_name = json.text("stock_name");
  coupon.receive_time = json.text("receive_time");
  coupon.send_request_no = json.text("send_request_no");
  coupon.use_time = json.text("use_time");
  coupon.use_request_no = json.text("use_request_no");
  coupon.associate_out_trade_no = json.text("associate_out_trade_no");
  return coupon;
}

}  // namespace

std::vector<RuleViolation> violations(const BusifavorCouponName& name) {
  Rules rules;
  check_user(rules, name.openid, name.appid);
  rules.check(has_length(name.coupon_code, 1, 32), "coupon_code", "must have 1 to 32 characters");
  return std::move(rules).take();
}

ApiRequest show_busifavor_coupon_request(const BusifavorCouponName& name) {
  base::TargetBuilder target(kBusifavorUsers);
  target.segment(name.openid)
      .segment("coupons")
      .segment(name.coupon_code)
      .segment("appids")
      .segment(name.appid);
  return {Api::kBusifavorCouponShow, "GET", std::move(target).text(), {}};
}

ApiResult<BusifavorCoupon> parse_busifavor_coupon(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kBusifavorCouponShow, "JSON object");
  BusifavorCoupon coupon = read_busifavor_coupon(json->root());
  if (coupon.coupon_code.empty()) return unreadable(Api::kBusifavorCouponShow, "coupon_code");
  return coupon;
}

std::vector<RuleViolation> violations(const BusifavorCouponQuery& query) {
  Rules rules;
  check_user(rules, query.openid, query.appid);
  rules.check(!query.creator_merchant.empty() || !query.belong_merchant.empty() ||
                  !query.sender_merchant.empty(),
              "creator_merchant",
              "at least one of creator_merchant, belong_merchant and sender_merchant has to be "
              "given");
  rules.check(query.coupon_state.empty() || query.coupon_state == "SENDED" ||
                  query.coupon_state == "USED" || query.coupon_state == "EXPIRED",
              "coupon_state", "must be SENDED, USED or EXPIRED");
  check_page(rules, query.page, kOffsetMax, 50);
  return std::move(rules).take();
}

ApiRequest list_busifavor_coupons_request(const BusifavorCouponQuery& query) {
  base::TargetBuilder target(kBusifavorUsers);
  target.segment(query.openid).segment("coupons");
  target.query("appid", query.appid)
      .query("stock_id", query.stock_id)
      .query("coupon_state", query.coupon_state)
      .query("creator_merchant", query.creator_merchant)
      .query("belong_merchant", query.belong_merchant)
      .query("sender_merchant", query.sender_merchant)
      .query("offset", query.page.offset)
      .query("limit", query.page.limit);
  return {Api::kBusifavorCouponList, "GET", std::move(target).text(), {}};
}

ApiResult<Page<BusifavorCoupon>> parse_busifavor_coupons(std::string_view body) {
  return read_page(Api::kBusifavorCouponList, body, read_busifavor_coupon);
}

}  // namespace couponhook::wechatpay
