#include "server/admin/delivery_admin_json.hpp"

#include "base/json_writer.hpp"

namespace couponhook::server {

namespace {

struct OrderWords {
  std::string_view doing;
  std::string_view done;
};

OrderWords words_of(DeliveryOrder::Kind kind) {
  switch (kind) {
    case DeliveryOrder::Kind::kRetry:
      break;
    case DeliveryOrder::Kind::kMove:
      return {"moving", "moved"};
    case DeliveryOrder::Kind::kSkip:
      return {"skipping", "skipped"};
  }
  return {"retrying", "retried"};
}

/// Writes a delivery as an object of its own, with the notification to which it belongs.
void write_listed_delivery(base::JsonWriter& json, const storage::DeliveryRecord& delivery) {
  json.begin();
  write_delivery(json, delivery);
  json.text("notification_id", delivery.notification_id)
      .text("mchid", delivery.mchid)
      .text("type", delivery.event_type)
      .end();
}

}  // namespace

void write_delivery(base::JsonWriter& json, const storage::DeliveryRecord& delivery) {
  json.text("id", std::to_string(delivery.delivery_id))
      .text("handler", delivery.handler)
      .text("state", delivery.state)
      .number("attempts", delivery.attempts)
      .time("due_at", delivery.due_at_ms)
      .text("last_error", delivery.last_error)
      .boolean("in_progress", delivery.leased)
      .text("taken_by", delivery.lease_owner)
      .boolean("paused", delivery.paused)
      .time("created_at", delivery.created_at_ms)
      .time("finished_at", delivery.finished_at_ms);
}

std::string delivery_json(const storage::DeliveryRecord& delivery) {
  base::JsonWriter json;
  write_listed_delivery(json, delivery);
  return json.take();
}

std::string deliveries_json(const storage::DeliveryPage& page) {
  base::JsonWriter json;
  json.begin().begin_list("items");
  for (const storage::DeliveryRecord& delivery : page.items) write_listed_delivery(json, delivery);
  json.end_list().cursor("next_cursor", page.next_before_delivery).end();
  return json.take();
}

std::string retry_json(const RetryJob& job) {
  const OrderWords words = words_of(job.order.kind);
  base::JsonWriter json;
  json.begin()
      .text("id", std::to_string(job.id))
      .text("order", to_string(job.order.kind))
      .text("state", job.state == RetryJob::State::kRetrying ? words.doing : to_string(job.state))
      .boolean("dry_run", job.dry_run);
  if (job.plan) json.text("plan", std::to_string(*job.plan)).number("planned", job.planned);
  json.number("matched", job.matched)
      .number("looked_at", job.looked_at)
      .number(words.done, job.done);
  if (job.order.kind == DeliveryOrder::Kind::kMove) {
    json.text("to", job.order.to).number("already_there", job.already_there);
  }
  if (job.unclaimed > 0) json.number("unclaimed", job.unclaimed);
  json.text("error", job.error).end();
  return json.take();
}

void write_pauses(base::JsonWriter& json, std::string_view name,
                  const std::vector<storage::PauseRecord>& pauses) {
  json.begin_list(name);
  for (const storage::PauseRecord& pause : pauses) {
    json.begin()
        .text("handler", pause.handler)
        .text("events", pause.event_pattern)
        .text("reason", pause.reason)
        .time("since", pause.created_at_ms)
        .text("by", pause.created_by)
        .end();
  }
  json.end_list();
}

std::string pauses_json(const std::vector<storage::PauseRecord>& pauses) {
  base::JsonWriter json;
  json.begin();
  write_pauses(json, "items", pauses);
  json.end();
  return json.take();
}

std::string quarantine_json(const storage::NotificationPage& page) {
  base::JsonWriter json;
  json.begin().begin_list("items");
  for (const storage::NotificationRecord& record : page.items) {
    json.begin()
        .text("quarantine_id", std::to_string(record.sequence))
        .text("id", record.id)
        .text("mchid", record.mchid)
        .text("type", record.event_type)
        .text("reason", record.quarantine_reason)
        .text("detail", record.quarantine_detail)
        .time("received_at", record.received_at_ms)
        .time("last_seen_at", record.last_seen_at_ms)
        .number("times_seen", record.times_seen)
        .end();
  }
  json.end_list().cursor("next_cursor", page.next_before_sequence).end();
  return json.take();
}

std::string result_json(std::string_view result, std::string_view warning) {
  base::JsonWriter json;
  json.begin().text("result", result);
  if (!warning.empty()) json.text("warning", warning);
  json.end();
  return json.take();
}

}  // namespace couponhook::server
