#include "sandbox/stock_terms.hpp"

#include <algorithm>
#include <array>

#include "base/wechat_time.hpp"
#include "sandbox/fields.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::chrono::days kLongestActivity{90};
constexpr std::chrono::days kFarthestBegin{365};
constexpr std::int64_t kCouponsMin = 5;
constexpr std::int64_t kCouponsMax = 10'000'000;
constexpr std::int64_t kPerUserMax = 60;
constexpr std::int64_t kAmountMax = 100'000;  // largest value of one coupon, in fen (分)

Time read_time(Fields& fields, const char* name) {
  const std::string text = fields.text(name, 1, 32);
  // Require a date, a time of day and a time zone, as WeChat Pay does in the request that creates a
  // stock (批次). Times in notifications may have fewer parts.
  const bool has_zone = text.size() > 19 && text[10] == 'T';
  const auto time = base::parse_event_time(text);
  fields.require(has_zone && time.has_value(), name, "输入时间格式错误");
  return time ? std::chrono::floor<std::chrono::seconds>(*time) : Time();
}

void read_times(Fields& body, StockTerms& terms, Time now) {
  terms.available_from = read_time(body, "available_begin_time");
  terms.available_until = read_time(body, "available_end_time");
  body.require(terms.available_until > terms.available_from, "available_end_time",
               "活动结束时间必须晚于开始时间");
  body.require(terms.available_until > now, "available_end_time", "活动结束时间必须晚于当前时间");
  body.require(terms.available_until - terms.available_from <= kLongestActivity,
               "available_end_time", "活动开始时间与结束时间间隔不能超过90天");
  body.require(terms.available_from - now <= kFarthestBegin, "available_begin_time",
               "活动开始时间不能晚于365天后");
}

void read_use_rule(Fields rule, StockTerms& terms) {
  Fields coupon = rule.object("fixed_normal_coupon");
  terms.coupon_amount = coupon.integer("coupon_amount", 1, kAmountMax);
  terms.transaction_minimum = coupon.integer("transaction_minimum", 1, kAnyAmount);
  coupon.require(terms.transaction_minimum > terms.coupon_amount, "transaction_minimum",
                 "使用券金额门槛必须大于面额");
  terms.available_merchants = rule.texts("available_merchants", 1, 50);
  terms.available_items = rule.texts("available_items", 0, 50);
  terms.goods_tags = rule.texts("goods_tag", 0, 50);
  terms.trade_types = rule.texts("trade_type", 0, 6);
  terms.combine_use = rule.optional_boolean("combine_use", false);
  static constexpr std::array<std::string_view, 6> kTradeTypes{"MICROAPP", "APPPAY", "PPAY",
                                                               "CARD",     "FACE",   "OTHER"};
  const bool known = std::ranges::all_of(terms.trade_types, [](const std::string& type) {
    return std::ranges::find(kTradeTypes, type) != kTradeTypes.end();
  });
  rule.require(known, "trade_type", "trade_type取值不合法");
  static_cast<void>(rule.texts("limit_pay", 0, 1));
}

void read_stock_rule(Fields rule, StockTerms& terms) {
  terms.max_coupons = rule.integer("max_coupons", kCouponsMin, kCouponsMax);
  terms.max_amount = rule.integer("max_amount", 1, kAnyAmount);
  terms.max_amount_by_day = rule.optional_integer("max_amount_by_day", 1, kAnyAmount);
  terms.max_coupons_per_user = rule.integer("max_coupons_per_user", 1, kPerUserMax);
  static_cast<void>(rule.boolean("natural_person_limit"));
  static_cast<void>(rule.boolean("prevent_api_abuse"));
  rule.require(terms.max_amount == terms.max_coupons * terms.coupon_amount, "max_amount",
               "总预算金额必须等于面额乘以发放总上限");
  rule.require(terms.max_amount_by_day <= terms.max_amount, "max_amount_by_day",
               "单天预算不能大于总预算");
}

/// Reads the URL of an image. WeChat Pay takes only URLs that its own upload API returned.
std::string read_image_url(Fields& pattern, const char* name, const UploadedImages& images) {
  std::string url = pattern.optional_text(name, 128);
  pattern.require(url.empty() || images.accepts(url), name,
                  std::string(name) + "仅支持通过图片上传接口获取的图片URL地址");
  return url;
}

void read_pattern(Fields pattern, const UploadedImages& images, StockTerms& terms) {
  terms.description = pattern.text("description", 1, 1000);
  terms.merchant_logo = read_image_url(pattern, "merchant_logo", images);
  terms.coupon_image = read_image_url(pattern, "coupon_image", images);
}

}  // namespace

Result<StockTerms> read_stock_terms(const rapidjson::Value& object, const UploadedImages& images,
                                    Time now) {
  std::optional<ApiError> error;
  Fields body(object, "", error);
  StockTerms terms;
  terms.name = body.text("stock_name", 1, 20);
  terms.comment = body.optional_text("comment", 60);
  terms.belong_merchant = body.text("belong_merchant", 1, 20);
  read_times(body, terms, now);
  // Read the rule for using a coupon (coupon_use_rule) before the rule of the stock (批次), because
  // the check of the stock's budget needs the value of a coupon.
  read_use_rule(body.object("coupon_use_rule"), terms);
  read_stock_rule(body.object("stock_use_rule"), terms);
  read_pattern(body.object("pattern_info"), images, terms);
  terms.no_cash = body.boolean("no_cash");
  body.require(body.text("stock_type", 1, 20) == "NORMAL", "stock_type", "仅支持stock_type=NORMAL");
  terms.out_request_no = body.text("out_request_no", 1, 128);
  if (error) return std::move(*error);
  return terms;
}

}  // namespace couponhook::server::sandbox
