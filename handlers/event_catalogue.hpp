#pragma once

/// \file
/// The event types that WeChat Pay documents for marketing.

#include <cstdint>
#include <span>
#include <string_view>

namespace couponhook::handlers {

enum class EventKind : std::uint8_t {
  kIssued,    ///< a coupon was given to a user
  kRedeemed,  ///< a coupon was used in a payment
  kRefunded,  ///< a payment was refunded, or its refund failed
  kOther,     ///< documented, but no step in a coupon's life
  kUnknown,   ///< not documented: kept and counted all the same
};

struct CatalogueEntry {
  std::string_view event_type;
  EventKind kind;
  std::string_view original_type;    ///< what the envelope says of the resource
  std::string_view associated_data;  ///< what it is sealed with
  std::string_view summary;
};

/// Every documented event type (wechatpay-protocol, section 3).
[[nodiscard]] std::span<const CatalogueEntry> event_catalogue();

/// \return the entry, or null for a type that is not documented.
[[nodiscard]] const CatalogueEntry* find_event(std::string_view event_type);

[[nodiscard]] EventKind event_kind(std::string_view event_type);

}  // namespace couponhook::handlers
