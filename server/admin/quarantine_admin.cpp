#include "server/admin/quarantine_admin.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "server/admin/admin_reply.hpp"
#include "server/admin/delivery_admin_json.hpp"
#include "server/admin/quarantine_retry.hpp"
#include "server/admin/request_members.hpp"
#include "server/receive/commit_wait.hpp"
#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

constexpr std::chrono::milliseconds kReopenTimeout{5000};

constexpr std::string_view kItemNotFound =
    "no body in quarantine and no notification has this id; see `couponhook "
    "quarantine list` and `couponhook notifications --state unreadable`";

// The two functions below name the target of an action in the audit log.
std::string target_of(const storage::SealedRecord& sealed) {
  return "sealed body " + std::to_string(sealed.key.quarantine_id) + " of merchant " + sealed.mchid;
}
std::string target_of(const storage::NotificationRecord& kept) {
  return "unreadable notification " + kept.id + " of merchant " + kept.mchid;
}

/// Reads a stored notification again with the rules of this release. The result keeps the time at
/// which the notification arrived. The notification is one that an older release stored but could
/// not read.
ToAdmit read_again(storage::NotificationRecord& kept, const ReceiveRules& rules) {
  handlers::Notification notification;
  notification.id = std::move(kept.id);
  notification.event_type = std::move(kept.event_type);
  notification.create_time = std::move(kept.create_time);
  const std::chrono::system_clock::time_point received_at{
      std::chrono::milliseconds(kept.received_at_ms)};
  return make_admission(std::move(notification), std::move(kept.resource), kept.mchid, kept.source,
                        rules, received_at);
}

}  // namespace

QuarantineAdmin::QuarantineAdmin(const OperatorSources& sources, storage::QuarantineControl control)
    : sources_(sources), control_(std::move(control)) {}

void QuarantineAdmin::add_routes(AdminRoutes& routes) {
  add_get(routes, "/quarantine",
          at_once([this](const AdminCall& call) { return list(call.target); }));
  routes.add("POST", "/quarantine/*/open", [this](const AdminCall& call) { return open(call); });
  routes.add("POST", "/quarantine/*/discard",
             at_once([this](const AdminCall& call) { return discard(call); }));
}

Reply QuarantineAdmin::list(const base::RequestTarget& target) {
  storage::NotificationFilter filter;
  filter.state = "quarantined";
  filter.mchid = target.parameter("mchid").value_or("");
  if (!read_parameter(target, "cursor", parse_number, filter.before_sequence) ||
      !read_parameter(target, "limit", parse_number, filter.limit) || filter.limit < 1 ||
      filter.limit > kListLimitMax) {
    return error(400, "PARAM_ERROR", "limit is 1 to 500, cursor is a next_cursor");
  }
  const auto page = sources_.reader.notifications(filter);
  if (!page) return store_failed(page.error());
  return json_reply(200, quarantine_json(*page));
}

storage::Reader::Result<QuarantineAdmin::StoredItem> QuarantineAdmin::find(std::string_view id,
                                                                           std::string_view mchid) {
  StoredItem item;
  if (const auto number = parse_number(id)) {
    auto sealed = sources_.reader.sealed(*number);
    if (!sealed) return sealed.error();
    item.sealed = std::move(*sealed);
    if (item.sealed) return item;
  }
  auto kept = sources_.reader.notification(id, mchid);
  if (!kept) return kept.error();
  const bool is_unreadable = *kept && (*kept)->flaw.starts_with(storage::flaw::kUnreadable);
  if (!is_unreadable) {
    // Even if this notification is stored and readable, the quarantine may hold another copy of it.
    auto sealed = sources_.reader.sealed_of(id, mchid);
    if (!sealed) return sealed.error();
    item.sealed = std::move(*sealed);
  }
  if (!item.sealed && *kept && (*kept)->state != "quarantined") item.kept = std::move(*kept);
  return item;
}

Task<Reply> QuarantineAdmin::open(const AdminCall& call) {
  const auto reason = optional_reason_in(call.target);
  if (!reason) co_return error(400, "PARAM_ERROR", "reason is longer than 1000 bytes");
  auto item = find(call.path_parameters[0], call.target.parameter("mchid").value_or(""));
  if (!item) co_return store_failed(item.error());
  if (!item->sealed && !item->kept) co_return error(404, "NOT_FOUND", kItemNotFound);
  auto record = sources_.audit.action(
      call.by, "quarantine_open", item->sealed ? target_of(*item->sealed) : target_of(*item->kept),
      *reason);
  if (!item->sealed) co_return reread(std::move(*item->kept), std::move(record));
  std::string result;
  Reply reply = co_await open_sealed(*item->sealed, result);
  // The inbox has committed the notification in its own transaction, so the row comes after it.
  static_cast<void>(sources_.audit.record(std::move(record), result));
  co_return reply;
}

Task<Reply> QuarantineAdmin::open_sealed(const storage::SealedRecord& sealed, std::string& result) {
  result = "still_sealed";
  auto examined = reopen(sealed, *sources_.merchants.get(), sources_.rules);
  if (!examined) {
    co_return error(409, "STILL_SEALED", "its merchant is not configured: " + sealed.mchid);
  }
  auto* admit = std::get_if<ToAdmit>(&*examined);
  if (admit == nullptr) co_return error(409, "STILL_SEALED", why_still_sealed(*examined));

  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<CommitWait>(executor);
  const auto queued = sources_.inbox.admit(std::move(admit->admission), wait);
  result = "not_committed";
  if (queued != storage::Inbox::Queued::kYes) {
    co_return error(503, "OVERLOADED", "too much work is queued; try again later");
  }
  const auto outcome = co_await wait->wait(SteadyClock::now() + kReopenTimeout);
  if (!outcome || *outcome == storage::AdmitOutcome::kFailed) {
    co_return error(503, "STORE_UNAVAILABLE", "it could not be committed in time; try again");
  }
  const Verdict verdict = conclude(*examined, *outcome);
  result = "opened: " + std::string(row(verdict).code);
  co_return json_reply(200, result_json(row(verdict).code));
}

Reply QuarantineAdmin::reread(storage::NotificationRecord kept, storage::AuditRecord record) {
  if (kept.envelope.empty()) {
    static_cast<void>(sources_.audit.record(std::move(record), "emptied"));
    return error(409, "EMPTIED", "retention has removed its content, so there is nothing to read");
  }
  const ToAdmit read = read_again(kept, sources_.rules);
  if (!read.unreadable.empty()) {
    static_cast<void>(sources_.audit.record(std::move(record), "still_unreadable"));
    return error(409, "STILL_UNREADABLE", "this release cannot read it either: " + read.unreadable);
  }
  const auto result = control_.reread(read.admission, &record);
  if (!result) return store_failed(result.error());
  sources_.audit.log(record);
  if (*result == storage::RereadResult::kNotFound) return error(404, "NOT_FOUND", kItemNotFound);
  sources_.wake_worker();
  return json_reply(200,
                    result_json(*result == storage::RereadResult::kRead ? "READ" : "READ_ALREADY"));
}

Reply QuarantineAdmin::discard(const AdminCall& call) {
  const auto reason = reason_in(call.request.body);
  if (!reason) return error(400, "PARAM_ERROR", kReasonHelp);
  const auto item = find(call.path_parameters[0], call.target.parameter("mchid").value_or(""));
  if (!item) return store_failed(item.error());
  const auto& sealed = item->sealed;
  if (!sealed && !item->kept) return error(404, "NOT_FOUND", kItemNotFound);
  auto record = sources_.audit.action(
      call.by, "quarantine_discard", sealed ? target_of(*sealed) : target_of(*item->kept), *reason);
  const auto done = sealed ? control_.discard(sealed->key, &record)
                           : control_.dismiss(item->kept->id, item->kept->mchid, *reason, &record);
  if (!done) return store_failed(done.error());
  if (!*done) {
    return sealed
               ? error(404, "NOT_FOUND", kItemNotFound)
               : error(409, "READ_ALREADY", "this notification is neither sealed nor unreadable");
  }
  sources_.audit.log(record);
  sources_.log.message(Severity::kWarning, "quarantine_discarded",
                       record.target + " was discarded by " + record.by + ": " + record.reason);
  return json_reply(200, result_json("discarded"));
}

}  // namespace couponhook::server
