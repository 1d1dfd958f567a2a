#pragma once

/// \file
/// Broken rules, collected rather than thrown: whoever wrote a request wants to hear of all of
/// them.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wechatpay/page.hpp"

namespace couponhook::wechatpay {

/// One rule that a request breaks.
struct RuleViolation {
  std::string field;    ///< as in the JSON: stock_use_rule.max_coupons
  std::string message;  ///< what is wrong and what would be right, without the field's content
};

/// Collects the rules that do not hold.
class Rules {
 public:
  /// Notes a violation unless `holds`.
  void check(bool holds, std::string_view field, std::string_view message) {
    if (!holds) violations_.push_back({std::string(field), std::string(message)});
  }
  void add(std::vector<RuleViolation> found);

  [[nodiscard]] std::vector<RuleViolation> take() && { return std::move(violations_); }

 private:
  std::vector<RuleViolation> violations_;
};

// What many requests have in common.

[[nodiscard]] bool has_length(std::string_view text, std::size_t min, std::size_t max);
/// Digits only, at least one.
[[nodiscard]] bool is_number(std::string_view text, std::size_t digits_max = 20);
/// What an out_request_no may be: 1 to 128 of 0-9, a-z, A-Z, |, _, * and -.
[[nodiscard]] bool is_request_no(std::string_view text);

void check_page(Rules& rules, const PageRequest& page, std::int64_t offset_max,
                std::int64_t limit_max);
void check_user(Rules& rules, std::string_view openid, std::string_view appid);

}  // namespace couponhook::wechatpay
