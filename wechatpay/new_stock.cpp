#include "wechatpay/new_stock.hpp"

#include <utility>

#include "base/json_writer.hpp"
#include "wechatpay/request_reader.hpp"

namespace couponhook::wechatpay {
namespace {

NewStock::UseRule read_use_rule(RequestReader reader) {
  NewStock::UseRule rule;
  rule.max_coupons = reader.number("max_coupons");
  rule.max_amount = reader.number("max_amount");
  rule.max_amount_by_day = reader.number("max_amount_by_day");
  rule.max_coupons_per_user = reader.number("max_coupons_per_user");
  rule.natural_person_limit = reader.boolean("natural_person_limit");
  rule.prevent_api_abuse = reader.boolean("prevent_api_abuse");
  reader.report_unknown();
  return rule;
}

NewStock::PatternInfo read_pattern_info(RequestReader reader) {
  NewStock::PatternInfo info;
  info.description = reader.text("description");
  info.merchant_logo = reader.text("merchant_logo");
  info.merchant_name = reader.text("merchant_name");
  info.background_color = reader.text("background_color");
  info.coupon_image = reader.text("coupon_image");
  reader.report_unknown();
  return info;
}

NewStock::AvailableTime read_available_time(RequestReader reader) {
  NewStock::AvailableTime time;
  RequestReader fixed = reader.object("fix_available_time");
  time.available_week_day = fixed.numbers("available_week_day");
  time.begin_time = fixed.number("begin_time");
  time.end_time = fixed.number("end_time");
  fixed.report_unknown();
  time.second_day_available = reader.boolean("second_day_available");
  time.available_time_after_receive = reader.number("available_time_after_receive");
  reader.report_unknown();
  return time;
}

NewStock::CouponUseRule read_coupon_use_rule(RequestReader reader) {
  NewStock::CouponUseRule rule;
  rule.coupon_available_time = read_available_time(reader.object("coupon_available_time"));
  RequestReader amount = reader.object("fixed_normal_coupon");
  rule.coupon_amount = amount.number("coupon_amount");
  rule.transaction_minimum = amount.number("transaction_minimum");
  amount.report_unknown();
  rule.goods_tag = reader.texts("goods_tag");
  rule.limit_pay = reader.texts("limit_pay");
  RequestReader card = reader.object("limit_card");
  rule.limit_card_name = card.text("name");
  rule.limit_card_bin = card.texts("bin");
  card.report_unknown();
  rule.trade_type = reader.texts("trade_type");
  rule.combine_use = reader.boolean("combine_use");
  rule.available_items = reader.texts("available_items");
  rule.unavailable_items = reader.texts("unavailable_items");
  rule.available_merchants = reader.texts("available_merchants");
  reader.report_unknown();
  return rule;
}

NewStock read_new_stock(RequestReader reader) {
  NewStock stock;
  stock.stock_name = reader.text("stock_name");
  stock.comment = reader.text("comment");
  stock.belong_merchant = reader.text("belong_merchant");
  stock.available_begin_time = reader.text("available_begin_time");
  stock.available_end_time = reader.text("available_end_time");
  stock.stock_use_rule = read_use_rule(reader.object("stock_use_rule"));
  stock.pattern_info = read_pattern_info(reader.object("pattern_info"));
  stock.coupon_use_rule = read_coupon_use_rule(reader.object("coupon_use_rule"));
  stock.no_cash = reader.boolean("no_cash");
  stock.stock_type = reader.text("stock_type");
  stock.out_request_no = reader.text("out_request_no");
  stock.ext_info = reader.text("ext_info");
  reader.report_unknown();
  return stock;
}

void write_use_rule(base::JsonWriter& body, const NewStock::UseRule& rule) {
  body.begin("stock_use_rule")
      .optional_number("max_coupons", rule.max_coupons)
      .optional_number("max_amount", rule.max_amount)
      .optional_number("max_amount_by_day", rule.max_amount_by_day)
      .optional_number("max_coupons_per_user", rule.max_coupons_per_user)
      .optional_boolean("natural_person_limit", rule.natural_person_limit)
      .optional_boolean("prevent_api_abuse", rule.prevent_api_abuse)
      .end();
}

void write_pattern_info(base::JsonWriter& body, const NewStock::PatternInfo& info) {
  if (info.empty()) return;
  body.begin("pattern_info")
      .optional_text("description", info.description)
      .optional_text("merchant_logo", info.merchant_logo)
      .optional_text("merchant_name", info.merchant_name)
      .optional_text("background_color", info.background_color)
      .optional_text("coupon_image", info.coupon_image)
      .end();
}

void write_available_time(base::JsonWriter& body, const NewStock::AvailableTime& time) {
  const bool has_fixed = !time.available_week_day.empty() || time.begin_time || time.end_time;
  if (!has_fixed && !time.second_day_available && !time.available_time_after_receive) return;
  body.begin("coupon_available_time");
  if (has_fixed) {
    body.begin("fix_available_time")
        .optional_numbers("available_week_day", time.available_week_day)
        .optional_number("begin_time", time.begin_time)
        .optional_number("end_time", time.end_time)
        .end();
  }
  body.optional_boolean("second_day_available", time.second_day_available)
      .optional_number("available_time_after_receive", time.available_time_after_receive)
      .end();
}

void write_coupon_use_rule(base::JsonWriter& body, const NewStock::CouponUseRule& rule) {
  body.begin("coupon_use_rule");
  write_available_time(body, rule.coupon_available_time);
  body.begin("fixed_normal_coupon")
      .optional_number("coupon_amount", rule.coupon_amount)
      .optional_number("transaction_minimum", rule.transaction_minimum)
      .end()
      .optional_texts("goods_tag", rule.goods_tag)
      .optional_texts("limit_pay", rule.limit_pay);
  if (!rule.limit_card_name.empty() || !rule.limit_card_bin.empty()) {
    body.begin("limit_card")
        .optional_text("name", rule.limit_card_name)
        .optional_texts("bin", rule.limit_card_bin)
        .end();
  }
  body.optional_texts("trade_type", rule.trade_type)
      .optional_boolean("combine_use", rule.combine_use)
      .optional_texts("available_items", rule.available_items)
      .optional_texts("unavailable_items", rule.unavailable_items)
      .optional_texts("available_merchants", rule.available_merchants)
      .end();
}

}  // namespace

CheckedStock check_stock(std::string_view json, std::chrono::sys_seconds now) {
  CheckedStock checked;
  const auto text = JsonText::parse(json);
  if (!text) {
    checked.violations.push_back({"", "the body is not a JSON object in UTF-8"});
    return checked;
  }
  checked.stock = read_new_stock(RequestReader(text->root(), "", checked.violations));
  for (RuleViolation& violation : violations(checked.stock, now)) {
    checked.violations.push_back(std::move(violation));
  }
  return checked;
}

ApiRequest create_stock_request(const NewStock& stock) {
  base::JsonWriter body;
  body.begin();
  body.text("stock_name", stock.stock_name)
      .optional_text("comment", stock.comment)
      .text("belong_merchant", stock.belong_merchant)
      .text("available_begin_time", stock.available_begin_time)
      .text("available_end_time", stock.available_end_time);
  write_use_rule(body, stock.stock_use_rule);
  write_pattern_info(body, stock.pattern_info);
  write_coupon_use_rule(body, stock.coupon_use_rule);
  body.optional_boolean("no_cash", stock.no_cash)
      .text("stock_type", stock.stock_type)
      .text("out_request_no", stock.out_request_no)
      .optional_text("ext_info", stock.ext_info);
  return {Api::kStockCreate, "POST", std::string(spec_of(Api::kStockCreate).path),
          body.end().take()};
}

ApiResult<CreatedStock> parse_created_stock(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kStockCreate, "JSON object");
  CreatedStock created{json->root().text("stock_id"), json->root().text("create_time")};
  if (created.stock_id.empty()) return unreadable(Api::kStockCreate, "stock_id");
  return created;
}

}  // namespace couponhook::wechatpay
