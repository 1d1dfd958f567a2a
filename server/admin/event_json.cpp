#include "server/admin/event_json.hpp"

#include "base/json_writer.hpp"
#include "handlers/ledger.hpp"

namespace couponhook::server {

std::string_view to_string(EventNews news) {
  switch (news) {
    case EventNews::kNotification:
      return "notification";
    case EventNews::kQuarantined:
      return "quarantined";
    case EventNews::kDelivery:
      return "delivery";
  }
  return "unknown";
}

std::optional<storage::CouponKey> coupon_of(const storage::NotificationRecord& record) {
  if (record.resource.empty()) return std::nullopt;
  auto entry = handlers::ledger_entry(handlers::read_event(record.event_type, record.resource, {}),
                                      record.create_time);
  if (!entry || entry->coupon.empty()) return std::nullopt;
  return storage::CouponKey{std::move(entry->stock_id), std::move(entry->coupon)};
}

std::string event_json(EventNews news, const storage::NotificationRecord& record,
                       const std::optional<storage::CouponKey>& coupon) {
  base::JsonWriter json;
  json.begin()
      .text("event", to_string(news))
      .number("seq", record.sequence)
      .text("id", record.id)
      .text("mchid", record.mchid)
      .text("type", record.event_type)
      .text("state", record.state)
      .text("create_time", record.create_time)
      .time("received_at", record.received_at_ms)
      .text("source", record.source)
      .optional_text("quarantine_reason", record.quarantine_reason);
  if (coupon) {
    json.begin("coupon").text("stock_id", coupon->stock_id).text("coupon", coupon->coupon).end();
  } else {
    json.null("coupon");
  }
  json.begin_list("deliveries");
  for (const storage::DeliveryRecord& delivery : record.deliveries) {
    json.begin()
        .text("id", std::to_string(delivery.delivery_id))
        .text("handler", delivery.handler)
        .text("state", delivery.state)
        .number("attempts", delivery.attempts)
        .end();
  }
  return json.end_list().end().take();
}

std::string server_sent_event(std::string_view id, std::string_view name, std::string_view data) {
  std::string text = "id: ";
  ((((text += id) += "\nevent: ") += name) += "\ndata: ") += data;
  return text += "\n\n";
}

}  // namespace couponhook::server
