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
  routes.add("POST", "/quarantine/*/open", [this](const AdminCall& call) {
    return open(call.path_parameters[0], call.target.parameter("mchid").value_or(""));
  });
  routes.add("POST", "/quarantine/*/discard", at_once([this](const AdminCall& call) {
               return discard(call.path_parameters[0], call.target.parameter("mchid").value_or(""),
                              call.request.body);
             }));
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

Task<Reply> QuarantineAdmin::open(std::string_view id, std::string_view mchid) {
  auto item = find(id, mchid);
  if (!item) co_return store_failed(item.error());
  if (item->sealed) co_return co_await open_sealed(*item->sealed);
  if (item->kept) co_return reread(std::move(*item->kept));
  co_return error(404, "NOT_FOUND", kItemNotFound);
}

Task<Reply> QuarantineAdmin::open_sealed(const storage::SealedRecord& sealed) {
  auto examined = reopen(sealed, *sources_.merchants.get(), sources_.rules);
  if (!examined) {
    co_return error(409, "STILL_SEALED", "its merchant is not configured: " + sealed.mchid);
  }
  auto* admit = std::get_if<ToAdmit>(&*examined);
  if (admit == nullptr) co_return error(409, "STILL_SEALED", why_still_sealed(*examined));

  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<CommitWait>(executor);
  const auto queued = sources_.inbox.admit(std::move(admit->admission), wait);
  if (queued != storage::Inbox::Queued::kYes) {
    co_return error(503, "OVERLOADED", "too much work is queued; try again later");
  }
  const auto outcome = co_await wait->wait(SteadyClock::now() + kReopenTimeout);
  if (!outcome || *outcome == storage::AdmitOutcome::kFailed) {
    co_return error(503, "STORE_UNAVAILABLE", "it could not be committed in time; try again");
  }
  const Verdict verdict = conclude(*examined, *outcome);
  co_return json_reply(200, result_json(row(verdict).code));
}

Reply QuarantineAdmin::reread(storage::NotificationRecord kept) {
  if (kept.envelope.empty()) {
    return error(409, "EMPTIED", "retention has removed its content, so there is nothing to read");
  }
  const ToAdmit read = read_again(kept, sources_.rules);
  if (!read.unreadable.empty()) {
    return error(409, "STILL_UNREADABLE", "this release cannot read it either: " + read.unreadable);
  }
  const auto result = control_.reread(read.admission);
  if (!result) return store_failed(result.error());
  if (*result == storage::RereadResult::kNotFound) return error(404, "NOT_FOUND", kItemNotFound);
  sources_.wake_worker();
  return json_reply(200,
                    result_json(*result == storage::RereadResult::kRead ? "READ" : "READ_ALREADY"));
}

Reply QuarantineAdmin::discard(std::string_view id, std::string_view mchid, std::string_view body) {
  const auto reason = reason_in(body);
  if (!reason) return error(400, "PARAM_ERROR", kReasonHelp);
  const auto item = find(id, mchid);
  if (!item) return store_failed(item.error());
  const auto& sealed = item->sealed;
  if (!sealed && !item->kept) return error(404, "NOT_FOUND", kItemNotFound);
  const auto done = sealed ? control_.discard(sealed->key)
                           : control_.dismiss(item->kept->id, item->kept->mchid, *reason);
  if (!done) return store_failed(done.error());
  if (!*done) {
    return sealed
               ? error(404, "NOT_FOUND", kItemNotFound)
               : error(409, "READ_ALREADY", "this notification is neither sealed nor unreadable");
  }
  const std::string what =
      sealed ? "sealed body " + std::to_string(sealed->key.quarantine_id) + " of merchant " +
                   sealed->mchid
             : "unreadable notification " + item->kept->id + " of merchant " + item->kept->mchid;
  sources_.log.message(Severity::kWarning, "quarantine_discarded",
                       what + " was discarded by " + std::string(kOperator) + ": " + *reason);
  return json_reply(200, result_json("discarded"));
}

}  // namespace couponhook::server
