#include <algorithm>
#include <ostream>
#include <sstream>

#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "base/percent_encoding.hpp"
#include "base/printable.hpp"
#include "base/refund_amounts.hpp"
#include "base/url.hpp"
#include "server/commands/command_line.hpp"
#include "server/commands/status_client.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

void print_counts(const Value& object, std::ostream& out) {
  bool first = true;
  for (const auto& member : object.GetObject()) {
    out << (first ? "" : ", ") << member.name.GetString() << ' ' << member.value.GetInt64();
    first = false;
  }
  out << (first ? "none\n" : "\n");
}

/// Prints what waits for an operator: active pauses, and open deliveries to handlers that are not
/// configured.
void print_waiting(const Value& status, std::ostream& out) {
  const auto unclaimed = status["deliveries"].FindMember("unclaimed");
  if (unclaimed != status["deliveries"].MemberEnd() && !unclaimed->value.ObjectEmpty()) {
    out << "unclaimed      ";
    print_counts(unclaimed->value, out);
  }
  const auto pauses = status.FindMember("pauses");
  if (pauses == status.MemberEnd()) return;
  for (const Value& pause : pauses->value.GetArray()) {
    out << "paused         " << describe_pause(pause) << '\n';
  }
}

void print_status(const Value& status, std::ostream& out) {
  const Value& store = status["store"];
  const Value& notifications = status["notifications"];
  const Value& deliveries = status["deliveries"];
  out << "couponhook " << text_of(status, "version") << ", up " << text_of(status, "uptime_s")
      << " s, " << (status["ready"].GetBool() ? "ready" : "NOT READY") << '\n'
      << "store          " << text_of(store, "engine") << ", "
      << (store["ok"].GetBool() ? "ok" : "FAILING") << ", " << text_of(store, "size_bytes")
      << " bytes, " << text_of(store, "commits") << " commits of "
      << text_of(store, "rows_per_commit") << " rows on average\n"
      << "notifications  " << text_of(notifications, "stored") << " stored, "
      << text_of(notifications, "duplicates") << " duplicates, "
      << text_of(notifications, "conflicts") << " conflicts, "
      << text_of(notifications, "quarantined") << " quarantined ("
      << text_of(notifications, "sealed") << " still sealed), "
      << text_of(notifications, "unreadable") << " unreadable, " << text_of(notifications, "probes")
      << " probes\n"
      << "by type        ";
  print_counts(notifications["by_type"], out);
  out << "rejected       ";
  print_counts(notifications["rejected"], out);
  out << "last received  " << text_of(notifications, "last_received_at") << '\n'
      << "deliveries     " << text_of(deliveries, "pending") << " pending, "
      << text_of(deliveries, "retrying") << " retrying, " << text_of(deliveries, "dead")
      << " dead, " << text_of(deliveries, "done") << " done\n";
  print_waiting(status, out);
  for (const Value& key : status["keys"].GetArray()) {
    out << "key            " << text_of(key, "mchid") << ' ' << text_of(key, "kind") << ' '
        << text_of(key, "serial") << " expires " << text_of(key, "expires_at") << '\n';
  }
}

void print_notifications(const Value& page, std::ostream& out) {
  Table table{"id", "type", "state", "seen", "received"};
  for (const Value& item : page["items"].GetArray()) {
    table.add({text_of(item, "id"), text_of(item, "type"), text_of(item, "state"),
               text_of(item, "times_seen"), text_of(item, "received_at")});
  }
  table.print(out);
  if (page["next_cursor"].IsString()) {
    out << "more: --cursor " << page["next_cursor"].GetString() << '\n';
  }
}

/// Prints one notification: its facts, its deliveries, and its resource as indented JSON.
void print_notification(const Value& notification, std::ostream& out) {
  Table facts{"notification", text_of(notification, "id")};
  for (const char* name : {"type", "state", "mchid", "source", "create_time", "received_at",
                           "last_seen_at", "times_seen"}) {
    if (notification.HasMember(name)) facts.add({name, text_of(notification, name)});
  }
  facts.print(out);
  const auto deliveries = notification.FindMember("deliveries");
  if (deliveries != notification.MemberEnd() && !deliveries->value.Empty()) {
    out << '\n';
    Table table{"delivery", "handler", "state", "attempts", "due", "last error"};
    for (const Value& delivery : deliveries->value.GetArray()) {
      table.add({text_of(delivery, "id"), text_of(delivery, "handler"), text_of(delivery, "state"),
                 text_of(delivery, "attempts"), text_of(delivery, "due_at"),
                 text_of(delivery, "last_error")});
    }
    table.print(out);
  }
  const auto resource = notification.FindMember("resource");
  if (resource == notification.MemberEnd() || resource->value.IsNull()) return;
  rapidjson::StringBuffer text;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(text);
  writer.SetIndent(' ', 2);
  resource->value.Accept(writer);
  out << "\nresource ";
  // Keeps the lines, but makes each of them safe for a terminal.
  std::istringstream lines(text.GetString());
  for (std::string line; std::getline(lines, line);) out << base::printable(line) << '\n';
}

/// Returns an amount of a JSON object in yuan; 0.00 if the member is missing.
std::string yuan_of(const Value& object, const char* name) {
  const auto found = object.FindMember(name);
  const bool is_amount = found != object.MemberEnd() && found->value.IsInt64();
  return base::yuan(is_amount ? found->value.GetInt64() : 0);
}

/// Returns what one refund returned, for a cell of the table; empty for other facts, and if the
/// amounts are not known.
std::string money_of(const Value& fact) {
  const auto amount = fact.FindMember("amount");
  if (amount == fact.MemberEnd() || !amount->value.IsObject()) return {};
  std::string text = yuan_of(amount->value, "refund") + " of " + yuan_of(amount->value, "total") +
                     " (coupons " + yuan_of(amount->value, "coupon_refund");
  const auto share = fact.FindMember("coupon_share");
  if (share != fact.MemberEnd() && share->value.IsObject()) {
    text += ", this one " + yuan_of(share->value, "refund_amount");
  }
  return text + ")";
}

/// Prints the sums of a coupon's successful refunds. An older service does not send them.
void print_refund_sums(const Value& coupon, std::ostream& out) {
  const auto found = coupon.FindMember("refunds");
  if (found == coupon.MemberEnd() || !found->value.IsObject()) return;
  const Value& sums = found->value;
  const auto count = [&](const char* name) {
    const auto member = sums.FindMember(name);
    return member != sums.MemberEnd() && member->value.IsInt64() ? member->value.GetInt64() : 0;
  };
  const std::int64_t known = count("count") - count("without_amounts");
  if (known > 0) {
    out << "refunded " << yuan_of(sums, "refund") << " of " << yuan_of(sums, "order_total")
        << " yuan: " << yuan_of(sums, "payer_refund") << " to the payer, "
        << yuan_of(sums, "coupon_refund") << " to coupons";
    if (sums.HasMember("coupon_share")) {
      out << " (" << yuan_of(sums, "coupon_share") << " to this one)";
    }
    out << '\n';
  }
  if (count("without_amounts") > 0) {
    out << count("without_amounts")
        << " refunds without known amounts; couponhook reconcile --refund OUT_REFUND_NO asks for "
           "them\n";
  }
}

void print_coupon(const Value& coupon, std::ostream& out) {
  out << "coupon " << text_of(coupon, "coupon") << " of stock " << text_of(coupon, "stock_id")
      << ": " << text_of(coupon, "state") << '\n';
  print_refund_sums(coupon, out);
  Table table{"kind", "occurred", "key", "notification", "refunded yuan"};
  for (const Value& fact : coupon["history"].GetArray()) {
    table.add({text_of(fact, "kind"), text_of(fact, "occurred_at"), text_of(fact, "business_key"),
               text_of(fact, "notification_id"), money_of(fact)});
  }
  table.print(out);
}

using Print = void (*)(const Value&, std::ostream&);

bool is_unready(const Value& answer) {
  return answer.HasMember("ready") && answer["ready"].IsBool() && !answer["ready"].GetBool();
}

/// Prints the reply of the status endpoint to a GET request. If the reply says "not ready", the
/// exit code means failure, so that health checks can use the exit code.
Exit query(const CommonOptions& common, Runtime& runtime, const std::string& target, bool json,
           Print print) {
  StatusClient client(common, runtime);
  const auto answer = client.ask("GET", target);
  if (!answer) return client.exit();
  if (json || print == nullptr) {
    runtime.out << client.body() << '\n';
  } else {
    print(*answer, runtime.out);
  }
  return is_unready(*answer) ? Exit::kFailed : Exit::kOk;
}

struct NotificationsOptions {
  std::string id;
  std::string type;
  std::string state;
  std::string mchid;
  std::string since;
  std::string until;
  std::string limit;
  std::string cursor;
  bool json = false;

  [[nodiscard]] std::string target() const {
    if (!id.empty())
      return target_with("/notifications/" + base::percent_encode(id), {{"mchid", mchid}});
    return target_with("/notifications", {{"type", type},
                                          {"state", state},
                                          {"mchid", mchid},
                                          {"since", since},
                                          {"until", until},
                                          {"limit", limit},
                                          {"cursor", cursor}});
  }
};

struct LedgerOptions {
  std::string stock;
  std::string coupon;
  bool json = false;
};

}  // namespace

void declare_status(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto json = std::make_shared<bool>(false);
  Options options = line.add(
      "status", "Show the state and the counters of the running service",
      [&common, &runtime, json] { return query(common, runtime, "/status", *json, print_status); });
  add_merchant_options(options, common);
  options.flag("--json", *json, "Print JSON");
}

void declare_notifications(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<NotificationsOptions>();
  Options options =
      line.add("notifications", "List notifications, newest first, or show one with its resource",
               [&common, &runtime, chosen] {
                 const Print print = chosen->id.empty() ? print_notifications : print_notification;
                 return query(common, runtime, chosen->target(), chosen->json, print);
               });
  add_config_option(options, common);
  options.text("ID", chosen->id, "Show the notification with this id");
  options.text("--type", chosen->type, "Only this event type");
  options.text("--state", chosen->state, "received, done, dead, unreadable or quarantined");
  options.text("--mchid", chosen->mchid, "Only of this merchant");
  options.text("--since", chosen->since, "Received at or after: RFC 3339 or Unix seconds");
  options.text("--until", chosen->until, "Received before");
  options.text("--limit", chosen->limit, "Largest number of entries, 1 to 500");
  options.text("--cursor", chosen->cursor,
               "Continue a list: the cursor that the last list printed");
  options.flag("--json", chosen->json, "Print JSON");
}

void declare_ledger(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  auto chosen = std::make_shared<LedgerOptions>();
  Options options = line.add("ledger", "Show the history of a coupon", [&common, &runtime, chosen] {
    return query(common, runtime,
                 "/coupons/" + base::percent_encode(chosen->stock) + "/" +
                     base::percent_encode(chosen->coupon),
                 chosen->json, print_coupon);
  });
  add_merchant_options(options, common);
  options.required_text("STOCK", chosen->stock, "Stock id");
  options.required_text("COUPON", chosen->coupon, "Coupon id or code");
  options.flag("--json", chosen->json, "Print JSON");
}

}  // namespace couponhook::server
