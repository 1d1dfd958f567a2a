#pragma once

/// \file
/// Defines the characters that are allowed in event types, such as COUPON.USE.

namespace couponhook::handlers {

constexpr bool is_event_type_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace couponhook::handlers
