#pragma once

/// \file
/// Writes the events of GET /events.

#include <optional>
#include <string>
#include <string_view>

#include "storage/records.hpp"
#include "storage/search_records.hpp"

namespace couponhook::server {

/// Kind of an event. GET /events shows the name of the kind.
enum class EventNews : std::uint8_t {
  kNotification,  ///< "notification": a notification was stored
  kQuarantined,   ///< "quarantined": a body was put into the quarantine
  kDelivery,      ///< "delivery": the state of a delivery of a notification changed
};
[[nodiscard]] std::string_view to_string(EventNews news);

/// Reads the coupon out of a notification's resource; nothing for an event without a coupon, such
/// as a refund.
[[nodiscard]] std::optional<storage::CouponKey> coupon_of(
    const storage::NotificationRecord& record);

/// Writes one event as JSON, without the resource and without personal data.
[[nodiscard]] std::string event_json(EventNews news, const storage::NotificationRecord& record,
                                     const std::optional<storage::CouponKey>& coupon);

/// Writes one message of a stream of server-sent events.
/// \param id position of the client after this event.
/// \param data one line of text.
[[nodiscard]] std::string server_sent_event(std::string_view id, std::string_view name,
                                            std::string_view data);

}  // namespace couponhook::server
