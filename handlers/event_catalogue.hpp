#pragma once

/// \file
/// Catalogue of the event types that WeChat Pay documents, such as COUPON.USE: coupons, refunds,
/// member cards and related events.

#include <cstdint>
#include <span>
#include <string_view>

namespace couponhook::handlers {

enum class EventKind : std::uint8_t {
  kIssued,    ///< type of an event in which a coupon was given to a user
  kRedeemed,  ///< type of an event in which a coupon was used in a payment
  kRefunded,  ///< type of an event in which a payment was refunded, or its refund failed
  kOther,     ///< type of an event that WeChat Pay documents, but that changes no coupon
  /// Type of an event that WeChat Pay does not document. Notifications with such an event are
  /// stored and counted too.
  kUnknown,
};

struct CatalogueEntry {
  std::string_view event_type;
  EventKind kind;
  /// Usual value of the field resource.original_type in notifications of this event type.
  std::string_view original_type;
  /// Usual value of the field resource.associated_data in notifications of this event type.
  std::string_view associated_data;
  std::string_view summary;
};

/// Returns the catalogue: one entry for each event type that WeChat Pay documents.
[[nodiscard]] std::span<const CatalogueEntry> event_catalogue();

/// Returns the catalogue entry of an event type; null if WeChat Pay does not document this event
/// type.
[[nodiscard]] const CatalogueEntry* find_event(std::string_view event_type);

[[nodiscard]] EventKind event_kind(std::string_view event_type);

}  // namespace couponhook::handlers
