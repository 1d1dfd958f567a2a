#include "server/admin_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "handlers/json.hpp"
#include "handlers/ledger.hpp"
#include "handlers/utf8.hpp"

namespace couponhook::server {
namespace {

/// A plaintext need not be text; what is told of it must be JSON all the same.
std::string replace_bytes_outside_ascii(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x80) {
      text += c;
    } else {
      text += "\xEF\xBF\xBD";  // U+FFFD, the replacement character
    }
  }
  return text;
}

/// RapidJSON's writer with this project's string types.
class Json {
 public:
  Json& begin() {
    writer_.StartObject();
    return *this;
  }
  Json& begin(std::string_view key) { return name(key).begin(); }
  Json& end() {
    writer_.EndObject();
    return *this;
  }
  Json& begin_list(std::string_view key) {
    name(key);
    writer_.StartArray();
    return *this;
  }
  Json& end_list() {
    writer_.EndArray();
    return *this;
  }
  Json& text(std::string_view key, std::string_view value) {
    name(key);
    return value_of(value);
  }
  Json& value_of(std::string_view value) {
    if (!handlers::is_utf8(value)) return value_of(replace_bytes_outside_ascii(value));
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }
  Json& number(std::string_view key, std::int64_t value) {
    name(key);
    writer_.Int64(value);
    return *this;
  }
  Json& real(std::string_view key, double value) {
    name(key);
    writer_.Double(value);
    return *this;
  }
  Json& boolean(std::string_view key, bool value) {
    name(key);
    writer_.Bool(value);
    return *this;
  }
  Json& time(std::string_view key, std::optional<std::int64_t> unix_ms) {
    if (unix_ms) return text(key, format_time(*unix_ms));
    name(key);
    writer_.Null();
    return *this;
  }
  /// JSON from outside as it is, where it is an object; else as text, and null where there is none.
  Json& document(std::string_view key, const std::string& content) {
    name(key);
    if (content.empty()) {
      writer_.Null();
    } else if (handlers::parse_object(content, {})) {
      writer_.RawValue(content.data(), content.size(), rapidjson::kObjectType);
    } else {
      value_of(content);
    }
    return *this;
  }
  Json& cursor(std::string_view key, std::optional<std::int64_t> sequence) {
    if (sequence) return text(key, std::to_string(*sequence));
    name(key);
    writer_.Null();
    return *this;
  }
  [[nodiscard]] std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  Json& name(std::string_view key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    return *this;
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

void write_facts(Json& json, const storage::NotificationRecord& record) {
  json.text("id", record.id)
      .text("mchid", record.mchid)
      .text("type", record.event_type)
      .text("state", record.state)
      .text("create_time", record.create_time)
      .time("received_at", record.received_at_ms)
      .time("last_seen_at", record.last_seen_at_ms)
      .number("times_seen", record.times_seen)
      .number("conflicts", record.conflicts)
      .text("source", record.source);
  if (!record.quarantine_reason.empty()) {
    json.text("quarantine_reason", record.quarantine_reason)
        .text("quarantine_detail", record.quarantine_detail);
  }
}

void write_notification_counts(Json& json, const StatusView& view) {
  json.begin("notifications")
      .number("stored", view.counts.stored)
      .number("duplicates", view.counts.duplicates)
      .number("conflicts", view.counts.conflicts)
      .number("quarantined", view.counts.quarantined);
  std::map<std::string_view, std::uint64_t> rejected;
  for (const VerdictRow& entry : verdict_table()) {
    const bool acknowledged = entry.status == kSuccessStatus;
    if (acknowledged || entry.verdict == Verdict::kProbe) continue;
    rejected[entry.code] += view.tally.of(entry.verdict);
  }
  json.begin("rejected");
  for (const auto& [code, count] : rejected) {
    if (count != 0) json.number(code, static_cast<std::int64_t>(count));
  }
  json.end().number("probes", static_cast<std::int64_t>(view.tally.of(Verdict::kProbe)));
  json.begin("by_type");
  for (const storage::TypeCount& type : view.counts.by_type) {
    json.number(type.event_type, type.count);
  }
  json.end().time("last_received_at", view.counts.last_received_at_ms).end();
}

void write_keys(Json& json, const Merchants& merchants) {
  json.begin_list("keys");
  for (const Merchant& merchant : merchants.all()) {
    for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
      std::optional<std::int64_t> expires_ms;
      if (key.expires_at) expires_ms = key.expires_at->time_since_epoch().count() * 1000;
      json.begin()
          .text("mchid", merchant.mchid)
          .text("serial", key.serial)
          .text("kind", crypto::to_string(key.kind))
          .time("expires_at", expires_ms)
          .end();
    }
  }
  json.end_list();
}

handlers::LedgerEntry ledger_entry(const storage::LedgerFact& fact) {
  // Kinds were written by this program; one that a newer version added is told as it is elsewhere.
  const auto kind = handlers::parse_ledger_kind(fact.kind);
  return {kind.value_or(handlers::LedgerKind::kIssue),
          fact.stock_id,
          fact.coupon,
          fact.transaction_id,
          fact.business_key,
          fact.occurred_at};
}

}  // namespace

std::string format_time(std::int64_t unix_ms) {
  const std::time_t whole_seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&whole_seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(unix_ms % 1000));
  return std::string(text.data(), size) + fraction.data();
}

std::string error_json(std::string_view code, std::string_view message) {
  Json json;
  json.begin().text("code", code).text("message", message).end();
  return json.take();
}

std::string readiness_json(const std::vector<std::string>& reasons_against) {
  Json json;
  json.begin().boolean("ready", reasons_against.empty()).begin_list("reasons");
  for (const std::string& reason : reasons_against) json.value_of(reason);
  json.end_list().end();
  return json.take();
}

std::string status_json(const StatusView& view) {
  const auto& activity = view.activity;
  const double rows_per_commit = activity.commits == 0 ? 0.0
                                                       : static_cast<double>(activity.rows) /
                                                             static_cast<double>(activity.commits);
  Json json;
  json.begin()
      .text("service", "couponhook")
      .text("version", view.version)
      .number("uptime_s", view.uptime.count())
      .boolean("ready", view.ready);
  json.begin("store")
      .text("engine", view.engine)
      .boolean("ok", view.store_ok)
      .number("size_bytes", view.size_bytes)
      .number("commits", static_cast<std::int64_t>(activity.commits))
      .real("rows_per_commit", rows_per_commit)
      .end();
  write_notification_counts(json, view);
  json.begin("deliveries")
      .number("pending", view.counts.deliveries_pending)
      .number("retrying", view.counts.deliveries_retrying)
      .number("dead", view.counts.deliveries_dead)
      .number("done", view.counts.deliveries_done);
  const std::int64_t oldest_s =
      view.counts.oldest_pending_at_ms
          ? std::max<std::int64_t>(0, (view.now_ms - *view.counts.oldest_pending_at_ms) / 1000)
          : 0;
  json.number("oldest_pending_s", oldest_s).end();
  write_keys(json, view.merchants);
  json.end();
  return json.take();
}

std::string notification_json(const storage::NotificationRecord& record) {
  Json json;
  json.begin();
  write_facts(json, record);
  json.document("envelope", record.envelope).document("resource", record.resource);
  json.begin_list("deliveries");
  for (const storage::DeliveryRecord& delivery : record.deliveries) {
    json.begin()
        .text("id", std::to_string(delivery.delivery_id))
        .text("handler", delivery.handler)
        .text("state", delivery.state)
        .number("attempts", delivery.attempts)
        .time("due_at", delivery.due_at_ms)
        .text("last_error", delivery.last_error)
        .end();
  }
  json.end_list().end();
  return json.take();
}

std::string notifications_json(const storage::NotificationPage& page) {
  Json json;
  json.begin().begin_list("items");
  for (const storage::NotificationRecord& record : page.items) {
    json.begin();
    write_facts(json, record);
    json.end();
  }
  json.end_list().cursor("next_cursor", page.next_before_sequence).end();
  return json.take();
}

std::string coupon_json(std::string_view stock_id, std::string_view coupon,
                        const std::vector<storage::LedgerRecord>& records) {
  std::vector<handlers::LedgerEntry> entries;
  entries.reserve(records.size());
  for (const storage::LedgerRecord& record : records) entries.push_back(ledger_entry(record.fact));
  std::vector<std::size_t> order(records.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return handlers::told_before(entries[a], entries[b]);
  });
  Json json;
  json.begin()
      .text("stock_id", stock_id)
      .text("coupon", coupon)
      .text("state", handlers::to_string(handlers::derive_state(entries)))
      .begin_list("history");
  for (const std::size_t i : order) {
    const storage::LedgerRecord& record = records[i];
    json.begin()
        .text("kind", record.fact.kind)
        .text("business_key", record.fact.business_key)
        .text("transaction_id", record.fact.transaction_id)
        .text("occurred_at", record.fact.occurred_at)
        .text("notification_id", record.notification_id)
        .text("source", record.source)
        .end();
  }
  json.end_list().end();
  return json.take();
}

}  // namespace couponhook::server
