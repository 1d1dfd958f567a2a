#pragma once

/// \file
/// Checks API requests against the rules of WeChat Pay's documentation. All broken rules are
/// collected, so that the author of a request sees all mistakes at once.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wechatpay/page.hpp"

namespace couponhook::wechatpay {

/// One rule that an API request breaks.
struct RuleViolation {
  /// Name of the bad field as in the request's JSON, for example stock_use_rule.max_coupons.
  std::string field;
  /// Error message that states the mistake and the correct form, without the value of the field.
  std::string message;
};

/// Collects the rules that an API request breaks.
class Rules {
 public:
  /// Adds an error message to the list of broken rules if `holds` is false.
  void check(bool holds, std::string_view field, std::string_view message) {
    if (!holds) violations_.push_back({std::string(field), std::string(message)});
  }
  void add(std::vector<RuleViolation> found);

  [[nodiscard]] std::vector<RuleViolation> take() && { return std::move(violations_); }

 private:
  std::vector<RuleViolation> violations_;
};

// The next functions check fields that several API requests contain.

[[nodiscard]] bool has_length(std::string_view text, std::size_t min, std::size_t max);
/// Returns true if `text` has only digits: at least one and at most `digits_max`.
[[nodiscard]] bool is_number(std::string_view text, std::size_t digits_max = 20);
/// Returns true for a valid out_request_no (the number that the merchant gives to a request): 1 to
/// 128 characters of 0-9, a-z, A-Z, |, _, * and -.
[[nodiscard]] bool is_request_no(std::string_view text);

void check_page(Rules& rules, const PageRequest& page, std::int64_t offset_max,
                std::int64_t limit_max);
void check_user(Rules& rules, std::string_view openid, std::string_view appid);

}  // namespace couponhook::wechatpay
