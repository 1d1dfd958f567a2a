#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/url.hpp"
#include "base/wechat_time.hpp"
#include "wechatpay/new_stock.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::array<std::string_view, 14> kColours = {
    "COLOR010", "COLOR020", "COLOR030", "COLOR040", "COLOR050", "COLOR060", "COLOR070",
    "COLOR080", "COLOR081", "COLOR082", "COLOR090", "COLOR100", "COLOR101", "COLOR102"};
constexpr std::array<std::string_view, 6> kTradeTypes = {"MICROAPP", "APPPAY", "PPAY",
                                                         "CARD",     "FACE",   "OTHER"};

bool is_one_of(std::string_view text, std::span<const std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

/// Returns the number of characters of a UTF-8 text, not of its bytes.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::size_t wide_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE0; }));
}

bool is_between(const std::optional<std::int64_t>& value, std::int64_t min, std::int64_t max) {
  return value && *value >= min && *value <= max;
}

void check_names(Rules& rules, const NewStock& stock) {
  rules.check(!stock.stock_name.empty() && characters(stock.stock_name) <= 20 &&
                  wide_characters(stock.stock_name) <= 9,
              "stock_name", "must have 1 to 20 letters or up to 9 Chinese characters");
  rules.check(stock.stock_name.find_first_of("_,;|") == std::string::npos, "stock_name",
              "must not hold any of _ , ; |");
  rules.check(characters(stock.comment) <= 60, "comment", "must have at most 60 characters");
  rules.check(is_number(stock.belong_merchant), "belong_merchant",
              "must be the merchant number of the stock's creator, up to 20 digits");
  rules.check(stock.stock_type == "NORMAL", "stock_type", "must be NORMAL");
  rules.check(stock.no_cash.has_value(), "no_cash",
              "is required: false for coupons paid in advance, true for those settled later");
  rules.check(is_request_no(stock.out_request_no), "out_request_no",
              "must have 1 to 128 of 0-9, a-z, A-Z, |, _, * and -");
}

void check_times(Rules& rules, const NewStock& stock, std::chrono::sys_seconds now) {
  using std::chrono::days;
  const auto begin = base::parse_wechat_time(stock.available_begin_time);
  const auto end = base::parse_wechat_time(stock.available_end_time);
  constexpr std::string_view kForm = "must be a time such as 2026-05-20T13:29:35+08:00";
  rules.check(begin.has_value(), "available_begin_time", kForm);
  rules.check(end.has_value(), "available_end_time", kForm);
  if (begin) {
    rules.check(*begin >= now, "available_begin_time", "must not lie in the past");
    rules.check(*begin <= now + days(365), "available_begin_time",
                "must lie within the next 365 days");
  }
  if (begin && end) {
    rules.check(*end > *begin, "available_end_time", "must come after available_begin_time");
    rules.check(*end - *begin <= days(90), "available_end_time",
                "must come at most 90 days after available_begin_time");
  }
}

void check_amounts(Rules& rules, const NewStock& stock) {
  constexpr std::int64_t kCouponsMax = 10'000'000;
  constexpr std::int64_t kAmountMax = 100'000;  // largest value of a coupon in fen: 1000 yuan
  const NewStock::UseRule& rule = stock.stock_use_rule;
  const auto& amount = stock.coupon_use_rule.coupon_amount;
  const auto& minimum = stock.coupon_use_rule.transaction_minimum;
  rules.check(is_between(rule.max_coupons, 5, kCouponsMax), "stock_use_rule.max_coupons",
              "must be 5 to 10000000");
  rules.check(is_between(amount, 1, kAmountMax),
              "coupon_use_rule.fixed_normal_coupon.coupon_amount", "must be 1 to 100000 fen");
  rules.check(minimum.has_value() && (!amount || *minimum > *amount),
              "coupon_use_rule.fixed_normal_coupon.transaction_minimum",
              "must be more than coupon_amount, in fen");
  rules.check(rule.max_amount.has_value(), "stock_use_rule.max_amount", "is required, in fen");
  if (rule.max_amount && is_between(rule.max_coupons, 1, kCouponsMax) &&
      is_between(amount, 1, kAmountMax)) {
    rules.check(
        *rule.max_amount == *amount * *rule.max_coupons, "stock_use_rule.max_amount",
        "must be coupon_amount x max_coupons = " + std::to_string(*amount * *rule.max_coupons));
  }
  if (rule.max_amount_by_day) {
    rules.check(*rule.max_amount_by_day >= 0 &&
                    (!rule.max_amount || *rule.max_amount_by_day <= *rule.max_amount),
                "stock_use_rule.max_amount_by_day", "must be 0 to max_amount");
  }
  rules.check(is_between(rule.max_coupons_per_user, 1, 60), "stock_use_rule.max_coupons_per_user",
              "must be 1 to 60");
  rules.check(rule.natural_person_limit.has_value(), "stock_use_rule.natural_person_limit",
              "is required: true to limit coupons per person, false to limit them per account");
  rules.check(rule.prevent_api_abuse.has_value(), "stock_use_rule.prevent_api_abuse",
              "is required: whether WeChat Pay excludes suspicious receivers");
}

constexpr std::string_view kImageUrl =
    "must be a URL of at most 128 characters that `couponhook image upload` printed";

/// Returns true for the URL of an image, or an empty text. Whether WeChat Pay knows the URL is not
/// checked.
bool is_image_url(std::string_view text) {
  return text.empty() || (text.size() <= 128 && base::parse_url(text));
}

void check_pattern(Rules& rules, const NewStock::PatternInfo& info) {
  if (info.empty()) return;
  rules.check(!info.description.empty() && characters(info.description) <= 3000,
              "pattern_info.description", "must have 1 to 3000 characters");
  rules.check(is_image_url(info.merchant_logo), "pattern_info.merchant_logo", kImageUrl);
  rules.check(characters(info.merchant_name) <= 16, "pattern_info.merchant_name",
              "must have at most 16 characters");
  rules.check(info.background_color.empty() || is_one_of(info.background_color, kColours),
              "pattern_info.background_color", "must be one of COLOR010 to COLOR102");
  rules.check(is_image_url(info.coupon_image), "pattern_info.coupon_image", kImageUrl);
}

void check_card(Rules& rules, const NewStock::CouponUseRule& rule) {
  if (rule.limit_card_name.empty() && rule.limit_card_bin.empty()) return;
  rules.check(!rule.limit_card_name.empty() && characters(rule.limit_card_name) <= 4,
              "coupon_use_rule.limit_card.name", "must have 1 to 4 characters");
  const auto is_bin = [](const std::string& bin) {
    return is_number(bin) && bin.size() >= 6 && bin.size() <= 9;
  };
  rules.check(!rule.limit_card_bin.empty() && rule.limit_card_bin.size() <= 10 &&
                  std::all_of(rule.limit_card_bin.begin(), rule.limit_card_bin.end(), is_bin),
              "coupon_use_rule.limit_card.bin", "must be 1 to 10 card BINs of 6 to 9 digits");
}

void check_where(Rules& rules, const NewStock::CouponUseRule& rule) {
  const auto fits = [](const std::vector<std::string>& list, std::size_t most,
                       std::size_t characters_max) {
    return list.size() <= most && std::all_of(list.begin(), list.end(), [&](const auto& text) {
             return !text.empty() && characters(text) <= characters_max;
           });
  };
  rules.check(fits(rule.goods_tag, 50, 128), "coupon_use_rule.goods_tag",
              "must be at most 50 tags of 1 to 128 characters");
  rules.check(rule.limit_pay.size() <= 1, "coupon_use_rule.limit_pay",
              "must name at most one way to pay");
  rules.check(std::all_of(rule.trade_type.begin(), rule.trade_type.end(),
                          [](const auto& type) { return is_one_of(type, kTradeTypes); }),
              "coupon_use_rule.trade_type",
              "must be out of MICROAPP, APPPAY, PPAY, CARD, FACE and OTHER");
  rules.check(fits(rule.available_items, 50, 128), "coupon_use_rule.available_items",
              "must be at most 50 goods of 1 to 128 characters");
  rules.check(fits(rule.unavailable_items, 50, 128), "coupon_use_rule.unavailable_items",
              "must be at most 50 goods of 1 to 128 characters");
  rules.check(!rule.available_merchants.empty() && rule.available_merchants.size() <= 50 &&
                  std::all_of(rule.available_merchants.begin(), rule.available_merchants.end(),
                              [](const auto& mchid) { return is_number(mchid); }),
              "coupon_use_rule.available_merchants", "must be 1 to 50 merchant numbers");
  const auto is_weekday = [](std::int64_t day) { return day >= 0 && day <= 6; };
  const auto& weekdays = rule.coupon_available_time.available_week_day;
  rules.check(std::all_of(weekdays.begin(), weekdays.end(), is_weekday),
              "coupon_use_rule.coupon_available_time.fix_available_time.available_week_day",
              "must be 0 (Sunday) to 6");
}

}  // namespace

std::vector<RuleViolation> violations(const NewStock& stock, std::chrono::sys_seconds now) {
  Rules rules;
  check_names(rules, stock);
  check_times(rules, stock, now);
  check_amounts(rules, stock);
  check_pattern(rules, stock.pattern_info);
  check_card(rules, stock.coupon_use_rule);
  check_where(rules, stock.coupon_use_rule);
  return std::move(rules).take();
}

}  // namespace couponhook::wechatpay
