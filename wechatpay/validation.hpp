#pragma once

/// \file
/// Broken rules, collected rather than thrown: whoever wrote a request wants to hear of all of
/// them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::wechatpay {

/// One rule that a request breaks.
struct RuleViolation {
  std::string field;    ///< as in the JSON: stock_use_rule.max_coupons
  std::string message;  ///< what is wrong and what would be right, without the field's content
};

/// Collects what `check` finds broken.
class Rules {
 public:
  /// Notes a violation unless `holds`.
  void check(bool holds, std::string_view field, std::string_view message) {
    if (!holds) violations_.push_back({std::string(field), std::string(message)});
  }
  [[nodiscard]] std::vector<RuleViolation> take() && { return std::move(violations_); }

 private:
  std::vector<RuleViolation> violations_;
};

}  // namespace couponhook::wechatpay
