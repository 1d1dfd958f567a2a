#include "wechatpay/coupons.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "base/url.hpp"
#include "wechatpay/json_view.hpp"
#include "wechatpay/page_reader.hpp"
#include "wechatpay/request_reader.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kFavorUsers = "/v3/marketing/favor/users";

std::optional<Coupon::Consumption> read_consumption(const JsonView& json) {
  if (!json.is_object()) return {};
  Coupon::Consumption consumption;
  consumption.consume_time = json.text("consume_time");
  consumption.consume_mchid = json.text("consume_mchid");
  consumption.transaction_id = json.text("transaction_id");
  consumption.consume_amount = json.number("consume_amount");
  for (const JsonView& goods : json.array("goods_detail")) {
    consumption.goods_detail.push_back(
        {goods.text("goods_id"), goods.number("quantity").value_or(0),
         goods.number("price").value_or(0), goods.number("discount_amount").value_or(0)});
  }
  return consumption;
}

Coupon read_coupon(const JsonView& json) {
  const JsonView face_value = json.object("normal_coupon_information");
  Coupon coupon;
  coupon.stock_creator_mchid = json.text("stock_creator_mchid");
  coupon.stock_id = json.text("stock_id");
  coupon.coupon_id = json.text("coupon_id");
  coupon.coupon_name = json.text("coupon_name");
  coupon.status = json.text("status");
  coupon.description = json.text("description");
  coupon.create_time = json.text("create_time");
  coupon.coupon_type = json.text("coupon_type");
  coupon.business_type = json.text("business_type");
  coupon.available_begin_time = json.text("available_begin_time");
  coupon.available_end_time = json.text("available_end_time");
  coupon.no_cash = json.boolean("no_cash");
  coupon.singleitem = json.boolean("singleitem");
  coupon.coupon_amount = face_value.number("coupon_amount");
  coupon.transaction_minimum = face_value.number("transaction_minimum");
  coupon.consumption = read_consumption(json.object("consume_information"));
  return coupon;
}

}  // namespace

CheckedCoupon check_coupon(std::string_view json) {
  CheckedCoupon checked;
  const auto text = JsonText::parse(json);
  if (!text) {
    checked.violations.push_back({"", "the body is not a JSON object in UTF-8"});
    return checked;
  }
  RequestReader reader(text->root(), "", checked.violations);
  NewCoupon& coupon = checked.coupon;
  coupon.openid = reader.text("openid");
  coupon.stock_id = reader.text("stock_id");
  coupon.out_request_no = reader.text("out_request_no");
  coupon.appid = reader.text("appid");
  coupon.stock_creator_mchid = reader.text("stock_creator_mchid");
  coupon.coupon_value = reader.number("coupon_value");
  coupon.coupon_minimum = reader.number("coupon_minimum");
  reader.report_unknown();
  for (RuleViolation& violation : violations(coupon)) {
    checked.violations.push_back(std::move(violation));
  }
  return checked;
}

std::vector<RuleViolation> violations(const NewCoupon& coupon) {
  Rules rules;
  check_user(rules, coupon.openid, coupon.appid);
  rules.check(is_number(coupon.stock_id), "stock_id", "must be a number of up to 20 digits");
  rules.check(is_request_no(coupon.out_request_no), "out_request_no",
              "must have 1 to 128 of 0-9, a-z, A-Z, |, _, * and -");
  rules.check(is_number(coupon.stock_creator_mchid), "stock_creator_mchid",
              "must be the merchant number of the stock's creator");
  rules.check(!coupon.coupon_value || *coupon.coupon_value > 0, "coupon_value",
              "must be more than 0 fen; leave it out for stocks of fixed value");
  rules.check(!coupon.coupon_minimum || *coupon.coupon_minimum > coupon.coupon_value.value_or(0),
              "coupon_minimum", "must be more than coupon_value, in fen");
  return std::move(rules).take();
}

ApiRequest send_coupon_request(const NewCoupon& coupon) {
  base::TargetBuilder target(kFavorUsers);
  target.segment(coupon.openid).segment("coupons");
  base::JsonWriter body;
  body.begin();
  body.text("stock_id", coupon.stock_id)
      .text("out_request_no", coupon.out_request_no)
      .text("appid", coupon.appid)
      .text("stock_creator_mchid", coupon.stock_creator_mchid)
      .optional_number("coupon_value", coupon.coupon_value)
      .optional_number("coupon_minimum", coupon.coupon_minimum);
  return {Api::kCouponSend, "POST", std::move(target).text(), body.end().take()};
}

ApiResult<std::string> parse_sent_coupon(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kCouponSend, "JSON object");
  std::string coupon_id = json->root().text("coupon_id");
  if (coupon_id.empty()) return unreadable(Api::kCouponSend, "coupon_id");
  return coupon_id;
}

std::vector<RuleViolation> violations(const CouponName& name) {
  Rules rules;
  check_user(rules, name.openid, name.appid);
  rules.check(has_length(name.coupon_id, 1, 20), "coupon_id", "must have 1 to 20 characters");
  return std::move(rules).take();
}

ApiRequest show_coupon_request(const CouponName& name) {
  base::TargetBuilder target(kFavorUsers);
  target.segment(name.openid).segment("coupons").segment(name.coupon_id);
  target.query("appid", name.appid);
  return {Api::kCouponShow, "GET", std::move(target).text(), {}};
}

ApiResult<Coupon> parse_coupon(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kCouponShow, "JSON object");
  Coupon coupon = read_coupon(json->root());
  if (coupon.coupon_id.empty()) return unreadable(Api::kCouponShow, "coupon_id");
  return coupon;
}

std::vector<RuleViolation> violations(const CouponQuery& query) {
  Rules rules;
  check_user(rules, query.openid, query.appid);
  const int named = int{!query.creator_mchid.empty()} + int{!query.sender_mchid.empty()} +
                    int{!query.available_mchid.empty()};
  rules.check(named == 1, "creator_mchid",
              "exactly one of creator_mchid, sender_mchid and available_mchid has to be given");
  rules.check(query.stock_id.empty() || is_number(query.stock_id), "stock_id",
              "must be a number of up to 20 digits");
  rules.check(query.status.empty() || query.status == "SENDED" || query.status == "USED", "status",
              "must be SENDED or USED");
  check_page(rules, query.page, kOffsetMax, 20);
  return std::move(rules).take();
}

ApiRequest list_coupons_request(const CouponQuery& query) {
  base::TargetBuilder target(kFavorUsers);
  target.segment(query.openid).segment("coupons");
  target.query("appid", query.appid)
      .query("stock_id", query.stock_id)
      .query("status", query.status)
      .query("creator_mchid", query.creator_mchid)
      .query("sender_mchid", query.sender_mchid)
      .query("available_mchid", query.available_mchid)
      .query("offset", query.page.offset)
      .query("limit", query.page.limit);
  return {Api::kCouponList, "GET", std::move(target).text(), {}};
}

ApiResult<Page<Coupon>> parse_coupons(std::string_view body) {
  return read_page(Api::kCouponList, body, read_coupon);
}

}  // namespace couponhook::wechatpay
