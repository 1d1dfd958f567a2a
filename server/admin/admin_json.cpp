#include "server/admin/admin_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>

#include "base/json_writer.hpp"
#include "handlers/ledger.hpp"
#include "server/admin/delivery_admin_json.hpp"
#include "server/admin/key_status_json.hpp"

namespace couponhook::server {
namespace {

void write_facts(base::JsonWriter& json, const storage::NotificationRecord& record) {
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
  if (!record.flaw.empty()) json.text("flaw", record.flaw);
  if (!record.quarantine_reason.empty()) {
    json.text("quarantine_reason", record.quarantine_reason)
        .text("quarantine_detail", record.quarantine_detail);
  }
}

void write_history(base::JsonWriter& json, const std::vector<storage::AttemptRecord>& history) {
  json.begin_list("history");
  for (const storage::AttemptRecord& attempt : history) {
    json.begin()
        .number("attempt", attempt.attempt)
        .time("began_at", attempt.began_at_ms)
        .time("ended_at", attempt.ended_at_ms)
        .text("outcome", attempt.outcome)
        .text("error", attempt.error)
        .end();
  }
  json.end_list();
}

/// Writes the deliveries of a notification.
/// \param with_history true if the attempts of each delivery are written too. Lists of
///   notifications do not contain the attempts.
void write_deliveries(base::JsonWriter& json, const storage::NotificationRecord& record,
                      bool with_history) {
  json.begin_list("deliveries");
  for (const storage::DeliveryRecord& delivery : record.deliveries) {
    json.begin();
    write_delivery(json, delivery);
    if (with_history) write_history(json, delivery.history);
    json.end();
  }
  json.end_list();
}

/// Writes one notification as JSON, with its content; see write_deliveries().
void write_notification(base::JsonWriter& json, const storage::NotificationRecord& record,
                        bool with_history) {
  json.begin();
  write_facts(json, record);
  json.document("envelope", record.envelope).document("resource", record.resource);
  write_deliveries(json, record, with_history);
  json.end();
}

void write_notification_counts(base::JsonWriter& json, const StatusView& view) {
  json.begin("notifications")
      .number("stored", view.counts->stored)
      .number("duplicates", view.counts->duplicates)
      .number("conflicts", view.counts->conflicts)
      .number("quarantined", view.counts->quarantined)
      .number("sealed", view.counts->sealed)
      .number("unreadable", view.counts->unreadable);
  std::map<std::string_view, std::uint64_t> rejected;
  for (const VerdictRow& entry : verdict_table()) {
    const bool acknowledged = entry.status == kSuccessStatus;
    if (acknowledged || entry.verdict == Verdict::kProbe) continue;
    rejected[entry.code] += view.reply_counters.of(entry.verdict);
  }
  json.begin("rejected");
  for (const auto& [code, count] : rejected) {
    if (count != 0) json.number(code, count);
  }
  json.end().number("probes", view.reply_counters.of(Verdict::kProbe));
  json.begin("by_type");
  for (const storage::TypeCount& type : view.counts->by_type) {
    json.number(type.event_type, type.count);
  }
  json.end().time("last_received_at", view.counts->last_received_at_ms).end();
}

void write_delivery_counts(base::JsonWriter& json, const StatusView& view) {
  json.begin("deliveries")
      .number("pending", view.counts->deliveries_pending)
      .number("retrying", view.counts->deliveries_retrying)
      .number("dead", view.counts->deliveries_dead)
      .number("done", view.counts->deliveries_done)
      .number("skipped", view.counts->deliveries_skipped);
  const std::int64_t oldest_s =
      view.counts->oldest_pending_at_ms
          ? std::max<std::int64_t>(0, (view.now_ms - *view.counts->oldest_pending_at_ms) / 1000)
          : 0;
  json.number("oldest_pending_s", oldest_s).begin("unclaimed");
  for (const storage::HandlerBacklog& each : view.unclaimed) json.number(each.handler, each.open);
  json.end().end();
}

void write_keys(base::JsonWriter& json, const Merchants& merchants) {
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

void write_unknown_serials(base::JsonWriter& json, const std::vector<UnknownSerial>& serials) {
  json.begin_list("unknown_serials");
  for (const UnknownSerial& each : serials) {
    json.begin()
        .text("mchid", each.mchid)
        .text("serial", each.serial)
        .number("requests", each.requests)
        .end();
  }
  json.end_list();
}

void write_signature_faults(base::JsonWriter& json, const std::vector<SignatureFault>& faults) {
  json.begin_list("signature_faults");
  for (const SignatureFault& fault : faults) {
    const DamageRow& damage = row(fault.damage);
    json.begin()
        .text("hop", fault.hop)
        .text("mchid", fault.mchid)
        .text("damage", damage.code)
        .text("cause", damage.cause)
        .text("remedy", damage.remedy)
        .number("requests", fault.requests)
        .end();
  }
  json.end_list();
}

void write_reconciled(base::JsonWriter& json, const ReconcileCounts& counts) {
  std::optional<std::int64_t> last_ms;
  if (counts.last_ms != 0) last_ms = counts.last_ms;
  json.begin("reconcile")
      .number("comparisons", counts.comparisons)
      .number("in_books", counts.in_platform)
      .number("missing", counts.missing)
      .number("admitted", counts.admitted)
      .number("differing", counts.differing)
      .number("skipped_users", counts.skipped_users)
      .number("failures", counts.failures)
      .time("last_at", last_ms)
      .text("last_failure", counts.last_failure)
      .end();
}

handlers::LedgerEntry ledger_entry(const storage::LedgerFact& fact) {
  // The kind of a ledger entry (issuing, redemption, refund) is always written by couponhook. An
  // unknown kind comes from a newer release. For sorting and for the coupon's state it counts as an
  // issuing of the coupon; the reply still shows the real name of the kind.
  const auto kind = base::parse_fact_kind(fact.kind);
  return {kind.value_or(base::FactKind::kIssue),
          fact.stock_id,
          fact.coupon,
          fact.transaction_id,
          fact.business_key,
          fact.occurred_at,
          fact.out_refund_no,
          fact.amounts(),
          fact.shares};
}

/// Writes what is known about the money of one refund; nothing for other facts.
void write_refund(base::JsonWriter& json, const storage::LedgerFact& fact) {
  json.optional_text("out_refund_no", fact.out_refund_no);
  if (const auto amounts = fact.amounts()) {
    json.begin("amount")
        .number("total", amounts->total)
        .number("refund", amounts->refund)
        .number("payer_total", amounts->payer_total)
        .number("payer_refund", amounts->payer_refund)
        .number("coupon_refund", amounts->coupon_refund())
        .end();
  }
  for (const base::CouponShare& share : fact.shares) {
    json.begin("coupon_share")
        .number("amount", share.amount)
        .number("refund_amount", share.refund_amount)
        .end();
  }
}

/// Writes the sums of a coupon's successful refunds; nothing if there is none.
void write_sums(base::JsonWriter& json, const handlers::RefundSums& sums) {
  if (sums.refunds == 0) return;
  json.begin("refunds")
      .number("count", sums.refunds)
      .number("without_amounts", sums.without_amounts)
      .number("order_total", sums.order_total)
      .number("refund", sums.refund)
      .number("payer_refund", sums.payer_refund)
      .number("coupon_refund", sums.coupon_refund())
      .optional_number("coupon_share", sums.coupon_share)
      .end();
}

}  // namespace

std::string error_json(std::string_view code, std::string_view message) {
  base::JsonWriter json;
  json.begin().text("code", code).text("message", message).end();
  return json.take();
}

std::string readiness_json(const std::vector<std::string>& reasons_against) {
  base::JsonWriter json;
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
  base::JsonWriter json;
  json.begin()
      .text("service", "couponhook")
      .text("version", view.version)
      .number("uptime_s", view.uptime.count())
      .boolean("ready", view.ready);
  json.begin("store")
      .text("engine", view.engine)
      .boolean("ok", view.store_ok)
      .number("size_bytes", view.size_bytes.value_or(0))
      .number("commits", activity.commits)
      .real("rows_per_commit", rows_per_commit)
      .end();
  write_notification_counts(json, view);
  write_delivery_counts(json, view);
  write_pauses(json, "pauses", view.pauses);
  write_keys(json, *view.merchants);
  write_unknown_serials(json, view.unknown_serials);
  write_signature_faults(json, view.signature_faults);
  write_reconciled(json, view.reconciled);
  write_key_upkeep(json, view);
  json.end();
  return json.take();
}

std::string notification_json(const storage::NotificationRecord& record) {
  base::JsonWriter json;
  write_notification(json, record, true);
  return json.take();
}

std::string notifications_json(const storage::NotificationPage& page) {
  base::JsonWriter json;
  json.begin().begin_list("items");
  for (const storage::NotificationRecord& record : page.items) {
    write_notification(json, record, false);
  }
  json.end_list().cursor("next_cursor", page.next_before_sequence).end();
  return json.take();
}

void write_without_content(base::JsonWriter& json, const storage::NotificationRecord& record) {
  write_facts(json, record);
  write_deliveries(json, record, true);
}

std::string coupon_json(std::string_view stock_id, std::string_view coupon,
                        const std::vector<storage::LedgerRecord>& records) {
  base::JsonWriter json;
  json.begin();
  write_coupon(json, stock_id, coupon, records);
  json.end();
  return json.take();
}

void write_coupon(base::JsonWriter& json, std::string_view stock_id, std::string_view coupon,
                  const std::vector<storage::LedgerRecord>& records) {
  std::vector<handlers::LedgerEntry> entries;
  entries.reserve(records.size());
  for (const storage::LedgerRecord& record : records) entries.push_back(ledger_entry(record.fact));
  std::vector<std::size_t> order(records.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return handlers::precedes_in_history(entries[a], entries[b]);
  });
  json.text("stock_id", stock_id)
      .text("coupon", coupon)
      .text("state", handlers::to_string(handlers::derive_state(entries)));
  write_sums(json, handlers::sum_refunds(entries));
  json.begin_list("history");
  for (const std::size_t i : order) {
    const storage::LedgerRecord& record = records[i];
    json.begin()
        .text("kind", record.fact.kind)
        .text("business_key", record.fact.business_key)
        .text("transaction_id", record.fact.transaction_id)
        .text("occurred_at", record.fact.occurred_at)
        .text("notification_id", record.notification_id)
        .text("source", record.source);
    write_refund(json, record.fact);
    json.end();
  }
  json.end_list();
}

}  // namespace couponhook::server
