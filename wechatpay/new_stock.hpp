#pragma once

/// \file
/// The API request that creates a stock (batch) of favor coupons (代金券批次). A mistake in this
/// request costs money, so every rule in WeChat Pay's documentation is checked before the request
/// is sent.
///
/// Source: WeChat Pay's documentation, page merchant/4012534633.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// The content of a request for a new stock (batch) of favor coupons (代金券). The members of this
/// struct are named and nested as in the JSON of the API request. Amounts of money are in fen
/// (1/100 yuan). Empty members are not sent.
struct NewStock {
  struct UseRule {  ///< JSON object stock_use_rule of the API request
    std::optional<std::int64_t> max_coupons;
    std::optional<std::int64_t> max_amount;
    std::optional<std::int64_t> max_amount_by_day;
    std::optional<std::int64_t> max_coupons_per_user;
    std::optional<bool> natural_person_limit;
    std::optional<bool> prevent_api_abuse;
  };
  struct PatternInfo {
    std::string description;
    std::string merchant_logo;
    std::string merchant_name;
    std::string background_color;
    std::string coupon_image;

    [[nodiscard]] bool empty() const {
      return description.empty() && merchant_logo.empty() && merchant_name.empty() &&
             background_color.empty() && coupon_image.empty();
    }
  };
  /// JSON object coupon_available_time of the request: the times at which a coupon can be used.
  struct AvailableTime {
    /// Weekdays on which a coupon can be used, from 0 (Sunday) to 6 (member of the JSON object
    /// fix_available_time).
    std::vector<std::int64_t> available_week_day;
    /// Time of day from which a coupon can be used, in seconds since midnight (member of the JSON
    /// object fix_available_time).
    std::optional<std::int64_t> begin_time;
    /// Time of day until which a coupon can be used, in seconds since midnight (member of the JSON
    /// object fix_available_time).
    std::optional<std::int64_t> end_time;
    std::optional<bool> second_day_available;
    /// Time from the moment at which a user receives a coupon until the coupon can be used, in
    /// minutes.
    std::optional<std::int64_t> available_time_after_receive;
  };
  struct CouponUseRule {
    AvailableTime coupon_available_time;
    /// Value of a coupon in fen (1/100 yuan); member of the JSON object fixed_normal_coupon.
    std::optional<std::int64_t> coupon_amount;
    /// Smallest payment for which a coupon can be used, in fen (1/100 yuan); member of the JSON
    /// object fixed_normal_coupon.
    std::optional<std::int64_t> transaction_minimum;
    std::vector<std::string> goods_tag;
    std::vector<std::string> limit_pay;
    std::string limit_card_name;  ///< member limit_card.name of the JSON in the API request
    /// Member limit_card.bin of the JSON in the API request.
    std::vector<std::string> limit_card_bin;
    std::vector<std::string> trade_type;
    std::optional<bool> combine_use;
    std::vector<std::string> available_items;
    std::vector<std::string> unavailable_items;
    std::vector<std::string> available_merchants;
  };

  std::string stock_name;
  std::string comment;
  std::string belong_merchant;
  std::string available_begin_time;
  std::string available_end_time;
  UseRule stock_use_rule;
  PatternInfo pattern_info;
  CouponUseRule coupon_use_rule;
  std::optional<bool> no_cash;
  std::string stock_type;
  std::string out_request_no;
  std::string ext_info;
};

/// A request for a new stock (batch of coupons) that a person wrote as JSON, and all faults of the
/// request: members of the wrong type, members that the API does not know, and broken rules. Send
/// the request only if it has no faults.
struct CheckedStock {
  NewStock stock;
  std::vector<RuleViolation> violations;
};
[[nodiscard]] CheckedStock check_stock(std::string_view json, std::chrono::sys_seconds now);

/// Returns all rules of WeChat Pay's documentation that the request for a new stock (batch of
/// coupons) breaks.
[[nodiscard]] std::vector<RuleViolation> violations(const NewStock& stock,
                                                    std::chrono::sys_seconds now);

/// Makes the API request that creates a stock (batch of coupons).
/// \param stock the new stock, for which violations() must be empty.
[[nodiscard]] ApiRequest create_stock_request(const NewStock& stock);

struct CreatedStock {
  std::string stock_id;
  std::string create_time;
};
[[nodiscard]] ApiResult<CreatedStock> parse_created_stock(std::string_view body);

}  // namespace couponhook::wechatpay
