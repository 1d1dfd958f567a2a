#pragma once

/// \file
/// Lets tests compare lists of broken rules by the names of the bad fields.

#include <algorithm>
#include <string>
#include <vector>

#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// Returns the names of the bad fields of an API request, in the order of the broken rules.
inline std::vector<std::string> fields(const std::vector<RuleViolation>& violations) {
  std::vector<std::string> fields;
  for (const RuleViolation& violation : violations) fields.push_back(violation.field);
  return fields;
}

inline bool mentions(const std::vector<RuleViolation>& violations, std::string_view words) {
  return std::any_of(violations.begin(), violations.end(), [&](const RuleViolation& violation) {
    return violation.message.find(words) != std::string::npos;
  });
}

}  // namespace couponhook::wechatpay
