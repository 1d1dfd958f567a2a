#include "server/admin/reconcile_intake.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <rapidjson/document.h>
#include <boost/asio/this_coro.hpp>

#include "base/json_writer.hpp"
#include "base/wechat_time.hpp"
#include "server/admin/admin_json.hpp"
#include "server/receive/commit_wait.hpp"
#include "server/receive/fact_form.hpp"
#include "server/receive/ledger_coverage.hpp"
#include "storage/source.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

/// Longest time that a request to POST /books waits until all its entries are committed.
constexpr std::chrono::seconds kTimeout{10};
constexpr std::size_t kIdCharactersMax = 64;

Reply reply_with(unsigned status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

Reply reject_entries(std::string_view message) {
  return reply_with(400, error_json("PARAM_ERROR", message));
}

std::string text_of(const Value& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

/// Returns true for the event types that can be derived from WeChat Pay's own records: issuing,
/// redemption and refund of a coupon. POST /books accepts no other type.
bool is_ledger_event(std::string_view type) {
  return type == "COUPON.SEND" || type == "COUPON.USE" || type == "REFUND.SUCCESS";
}

struct Entry {
  handlers::Notification notification;
  std::string resource;
};

/// Checks the identifiers and times of a well-formed entry, more strictly than those of a
/// notification. A notification is signed by WeChat Pay and is stored in any form. An entry of POST
/// /books comes from files that other people may have changed, so an identifier or time that does
/// not have WeChat Pay's format is refused.
/// \return the reason why the entry is refused, or an empty string.
std::string why_no_fact(const Entry& entry) {
  const handlers::Notification& notification = entry.notification;
  const std::string& time = notification.create_time;
  if (!time.empty() && !base::parse_event_time(time)) return "create_time is not a time";
  const auto [event, flaw] =
      handlers::read_flawed_event(notification.event_type, entry.resource, {});
  if (const auto* other = std::get_if<handlers::OtherEvent>(&event)) {
    return "resource: " + other->unreadable;
  }
  if (!flaw.empty()) return flaw;
  const std::string unusual = find_unusual_field(event);
  return unusual.empty() ? std::string() : "resource: " + unusual;
}

using EntryResult = boost::system::result<Entry, std::string>;

EntryResult no_entry(std::string why) {
  return EntryResult(boost::system::in_place_error, std::move(why));
}

EntryResult read_entry(const Value& value) {
  if (!value.IsObject()) return no_entry("it is not an object");
  Entry entry;
  entry.notification.id = text_of(value, "id");
  entry.notification.event_type = text_of(value, "event_type");
  entry.notification.create_time = text_of(value, "create_time");
  entry.notification.summary = text_of(value, "summary");
  entry.notification.resource.original_type = text_of(value, "original_type");
  entry.resource = text_of(value, "resource");
  const std::string& id = entry.notification.id;
  const bool has_id = !id.empty() && id.size() <= kIdCharactersMax &&
                      std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  if (!has_id) return no_entry("id is not 1 to 64 visible characters");
  if (!is_ledger_event(entry.notification.event_type)) {
    return no_entry("event_type is not COUPON.SEND, COUPON.USE or REFUND.SUCCESS");
  }
  if (entry.resource.empty()) return no_entry("resource is not a text");
  std::string why = why_no_fact(entry);
  if (!why.empty()) return no_entry(std::move(why));
  return EntryResult(boost::system::in_place_value, std::move(entry));
}

using EntriesResult = boost::system::result<std::vector<Entry>, std::string>;

/// Reads the list of entries in the body of POST /books.
/// \return all entries; or the reason if any entry is invalid, because then no entry is stored.
EntriesResult read_entries(const Value& root) {
  const auto found = root.FindMember("entries");
  if (found == root.MemberEnd() || !found->value.IsArray() ||
      found->value.Size() > ReconcileIntake::kEntriesMax) {
    return EntriesResult(boost::system::in_place_error,
                         "entries is invalid: give at most 500 objects with id, event_type "
                         "(COUPON.SEND, COUPON.USE or "
                         "REFUND.SUCCESS), original_type, summary, create_time and resource");
  }
  std::vector<Entry> entries;
  for (const Value& value : found->value.GetArray()) {
    auto entry = read_entry(value);
    if (!entry) {
      return EntriesResult(boost::system::in_place_error,
                           "entry " + std::to_string(entries.size() + 1) +
                               " is invalid, so no entry was stored: " + entry.error());
    }
    entries.push_back(std::move(*entry));
  }
  return EntriesResult(boost::system::in_place_value, std::move(entries));
}

/// Checks that a ledger handler stores the event types of all entries.
/// \return the reason if no ledger handler of this service does so (see why_ledger_is_short()), or
/// an empty string.
std::string why_not_kept(const handlers::Registry& ledger, const std::vector<Entry>& entries) {
  std::set<std::string_view> types;
  for (const Entry& entry : entries) types.insert(entry.notification.event_type);
  const std::vector<std::string_view> events(types.begin(), types.end());
  return why_ledger_is_short(ledger, events);
}

std::string_view to_string(std::optional<storage::AdmitOutcome> outcome) {
  using enum storage::AdmitOutcome;
  if (!outcome) return "failed";
  switch (*outcome) {
    case kStored:
      return "stored";
    case kDuplicate:
      return "duplicate";
    case kConflict:
      return "conflict";
    case kQuarantined:
    case kAlive:
    case kFailed:
      break;
  }
  return "failed";
}

/// Returns how many entries had each outcome, for the audit log.
std::string counts_of(const std::vector<std::string_view>& outcomes) {
  std::map<std::string_view, std::size_t> counts;
  for (const std::string_view outcome : outcomes) ++counts[outcome];
  std::string text;
  for (const auto& [outcome, count] : counts) {
    if (!text.empty()) text += ", ";
    text.append(outcome).append(" ").append(std::to_string(count));
  }
  return text.empty() ? "nothing to store" : text;
}

std::string outcomes_json(const std::vector<std::string_view>& outcomes) {
  base::JsonWriter json;
  json.begin().begin_list("outcomes");
  for (const std::string_view outcome : outcomes) json.value_of(outcome);
  return json.end_list().end().take();
}

}  // namespace

Task<Reply> ReconcileIntake::take(std::string_view body, const Operator& by) {
  rapidjson::Document root;
  root.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(body.data(),
                                                                                     body.size());
  if (root.HasParseError() || !root.IsObject()) {
    co_return reject_entries("the body is not a JSON object");
  }
  const std::string mchid = text_of(root, "mchid");
  const auto merchants = sources_.merchants.get();
  if (merchants->find_mchid(mchid) == nullptr) {
    co_return reject_entries("mchid is not a configured merchant");
  }
  auto entries = read_entries(root);
  if (!entries) co_return reject_entries(entries.error());
  const std::string short_of = why_not_kept(sources_.rules.ledger, *entries);
  if (!short_of.empty()) co_return reply_with(409, error_json("LEDGER_MISSING", short_of));
  const Executor executor = co_await asio::this_coro::executor;
  std::vector<std::shared_ptr<CommitWait>> waits;
  for (Entry& entry : *entries) {
    ToAdmit admit = make_admission(std::move(entry.notification), std::move(entry.resource), mchid,
                                   storage::kFromReconcile, sources_.rules, sources_.clock());
    auto wait = std::make_shared<CommitWait>(executor);
    const auto queued = sources_.inbox.admit(std::move(admit.admission), wait);
    waits.push_back(queued == storage::Inbox::Queued::kYes ? std::move(wait) : nullptr);
  }
  const auto deadline = SteadyClock::now() + kTimeout;
  std::vector<std::string_view> outcomes;
  for (const auto& wait : waits) {
    std::optional<storage::AdmitOutcome> outcome;
    if (wait) outcome = co_await wait->wait(deadline);
    outcomes.push_back(to_string(outcome));
  }
  auto record = sources_.audit.action(
      by, "reconcile_apply",
      std::to_string(outcomes.size()) + " missing notifications of merchant " + mchid);
  static_cast<void>(sources_.audit.record(std::move(record), counts_of(outcomes)));
  co_return reply_with(200, outcomes_json(outcomes));
}

}  // namespace couponhook::server
