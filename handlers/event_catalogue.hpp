#pragma once

/// \file
/// Catalogue of the marketing event types that WeChat Pay documents.

#include <cstdint>
#include <span>
#include <string_view>

namespace couponhook::handlers {

enum class EventKind : std::uint8_t {
  kIssued,    ///< a coupon was given to a user
  kRedeemed,  ///< a coupon was used in a payment
  kRefunded,  ///< a payment was refunded, or its refund failed
  kOther,     ///< documented, but changes no coupon
  kUnknown,   ///< not documented; the notification is stored and counted all the same
};

struct CatalogueEntry {
  std::string_view event_type;
  EventKind kind;
  std::string_view original_type;    ///< original_type of the resource in the envelope
  std::string_view associated_data;  ///< associated data of the resource's encryption
  std::string_view summary;
};

/// Every documented event type (wechatpay-protocol, section 3).
[[nodiscard]] std::span<const CatalogueEntry> event_catalogue();

/// \return the catalogue entry, or null if the event type is not documented.
[[nodiscard]] const CatalogueEntry* find_event(std::string_view event_type);

[[nodiscard]] EventKind event_kind(std::string_view event_type);

}  // namespace couponhook::handlers
