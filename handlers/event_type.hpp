#pragma once

/// \file
/// Defines the characters that are allowed in event types, such as COUPON.USE.

#include "base/ascii.hpp"

namespace couponhook::handlers {

constexpr bool is_event_type_char(char c) {
  return base::is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace couponhook::handlers
