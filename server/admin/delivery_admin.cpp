#include "server/admin/delivery_admin.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/wechat_time.hpp"
#include "server/admin/admin_reply.hpp"
#include "server/admin/delivery_admin_json.hpp"
#include "server/admin/request_members.hpp"

namespace couponhook::server {
namespace {

/// Time that a request to retry, move or skip many deliveries waits for its background job. A small
/// job is finished by then. For a large job, the client asks again later with the job's id.
constexpr std::chrono::milliseconds kRetryTimeout{300};

constexpr std::string_view kNoDelivery = "there is no delivery with this id";
constexpr std::string_view kFilterHelp =
    " is invalid: since and until are RFC 3339 or Unix seconds, state is pending, retrying, dead, "
    "done or skipped, limit is 1 to 500, cursor is a next_cursor";

/// Members of a request's body that choose deliveries and what is done with them. A request that
/// carries out a plan has none of them.
constexpr std::array<std::string_view, 9> kFilterMembers{
    "handler", "state", "type", "mchid", "error", "since", "until", "dry_run", "to"};

Reply bad_parameter(std::string_view message) {
  return error(400, "PARAM_ERROR", message);
}

constexpr std::string_view kReasonTooLong = "reason is longer than 1000 bytes";

bool is_delivery_state(std::string_view text) {
  constexpr std::array<std::string_view, 6> kStates{"",     "pending", "retrying",
                                                    "dead", "done",    "skipped"};
  return std::ranges::find(kStates, text) != kStates.end();
}

bool has_ended(std::string_view state) {
  return state == "done" || state == "skipped";
}

bool restricts(const storage::DeliveryFilter& filter) {
  return !filter.handler.empty() || !filter.state.empty() || !filter.event_type.empty() ||
         !filter.mchid.empty() || !filter.error.empty() || filter.since_ms || filter.until_ms;
}

/// Reads the query parameters of a request for a list of deliveries (GET /deliveries).
/// \return the name of the first invalid parameter, or an empty view if all parameters are valid.
std::string_view read_filter(const base::RequestTarget& target, storage::DeliveryFilter& filter) {
  filter.handler = target.parameter("handler").value_or("");
  filter.state = target.parameter("state").value_or("");
  filter.event_type = target.parameter("type").value_or("");
  filter.mchid = target.parameter("mchid").value_or("");
  filter.error = target.parameter("error").value_or("");
  if (!is_delivery_state(filter.state)) return "state";
  if (!read_parameter(target, "since", parse_time_ms, filter.since_ms)) return "since";
  if (!read_parameter(target, "until", parse_time_ms, filter.until_ms)) return "until";
  if (!read_parameter(target, "cursor", parse_number, filter.before_delivery)) return "cursor";
  if (!read_parameter(target, "limit", parse_number, filter.limit)) return "limit";
  if (filter.limit < 1 || filter.limit > kListLimitMax) return "limit";
  return {};
}

/// Returns what an action acts on, for the audit log.
std::string target_of(const storage::DeliveryRecord& delivery) {
  return "delivery " + std::to_string(delivery.delivery_id) + " of notification " +
         delivery.notification_id + " to handler " + delivery.handler;
}

/// Returns the deliveries that a job acts on, for the audit log. The filter's text of the last
/// error is left out: an operator may have copied it from a target's answer.
std::string target_of(const storage::DeliveryFilter& filter, const std::string& to) {
  std::string target = "deliveries";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) target.append(", ").append(name).append(" ").append(value);
  };
  add("handler", filter.handler);
  add("state", filter.state);
  add("type", filter.event_type);
  add("mchid", filter.mchid);
  if (!filter.error.empty()) target += ", with a text in the last error";
  if (filter.since_ms) add("since", base::format_unix_ms(*filter.since_ms));
  if (filter.until_ms) add("until", base::format_unix_ms(*filter.until_ms));
  add("to handler", to);
  return target;
}

Reply reply_for_result(storage::ControlResult result, std::string_view done) {
  switch (result) {
    case storage::ControlResult::kDone:
      return json_reply(200, result_json(done));
    case storage::ControlResult::kNotFound:
      return error(404, "NOT_FOUND", kNoDelivery);
    case storage::ControlResult::kRunning:
      return error(409, "IN_PROGRESS",
                   "this delivery is in progress; try again when the call has ended");
    case storage::ControlResult::kEmptied:
      return error(
          409, "EMPTIED",
          "retention has removed the notification's content, so there is nothing to deliver");
    case storage::ControlResult::kAlreadyThere:
      return json_reply(
          200, result_json("dropped: the new handler already has a delivery of this notification"));
    case storage::ControlResult::kEnded:
      break;
  }
  return error(409, "ENDED", "the delivery is already done or skipped");
}

Reply job_reply(const std::optional<RetryJob>& job) {
  if (!job) {
    return error(404, "NOT_FOUND", "no retry with this id has run since the service started");
  }
  return json_reply(200, retry_json(*job));
}

}  // namespace

DeliveryAdmin::DeliveryAdmin(OperatorSources sources,
                             std::shared_ptr<storage::Connection> connection, RetryJobs& jobs)
    : sources_(std::move(sources)), connection_(std::move(connection)), jobs_(jobs) {}

void DeliveryAdmin::add_routes(AdminRoutes& routes) {
  add_get(routes, "/deliveries",
          at_once([this](const AdminCall& call) { return deliveries(call.target); }));
  routes.add("POST", "/deliveries/retry",
             at_once([this](const AdminCall& call) { return start_retry(call); }));
  routes.add("POST", "/deliveries/skip",
             at_once([this](const AdminCall& call) { return start_skip(call); }));
  add_get(routes, "/deliveries/*",
          at_once([this](const AdminCall& call) { return delivery(call.path_parameters[0]); }));
  for (const std::string_view job : {"/deliveries/retry/*", "/deliveries/skip/*"}) {
    add_get(routes, job,
            at_once([this](const AdminCall& call) { return show_job(call.path_parameters[0]); }));
    routes.add("DELETE", job, at_once([this](const AdminCall& call) { return cancel_job(call); }));
  }
  routes.add("POST", "/deliveries/*/retry",
             at_once([this](const AdminCall& call) { return retry_one(call); }));
  routes.add("POST", "/deliveries/*/skip",
             at_once([this](const AdminCall& call) { return skip_one(call); }));
  pauses_.add_routes(routes);
  quarantine_.add_routes(routes);
}

Reply DeliveryAdmin::deliveries(const base::RequestTarget& target) {
  storage::DeliveryFilter filter;
  if (const auto wrong = read_filter(target, filter); !wrong.empty()) {
    return bad_parameter(std::string(wrong).append(kFilterHelp));
  }
  const auto page = sources_.reader.deliveries(filter);
  if (!page) return store_failed(page.error());
  return json_reply(200, deliveries_json(*page));
}

Reply DeliveryAdmin::delivery(std::string_view id) {
  const auto number = parse_number(id);
  if (!number) return error(404, "NOT_FOUND", kNoDelivery);
  const auto delivery = sources_.reader.delivery(*number);
  if (!delivery) return store_failed(delivery.error());
  if (!*delivery) return error(404, "NOT_FOUND", kNoDelivery);
  return json_reply(200, delivery_json(**delivery));
}

Reply DeliveryAdmin::start_retry(const AdminCall& call) {
  const auto members =
      read_members(call.request.body, {"handler", "state", "type", "mchid", "error", "since",
                                       "until", "dry_run", "to", "reason", "plan"});
  storage::DeliveryFilter filter;
  if (!members) {
    return bad_parameter(
        "the body is a JSON object with any of handler, state, type, mchid, error, since, until, "
        "to, reason (texts) and dry_run (true or false), or with plan (the id of a dry run)");
  }
  const bool dry_run = !members->parameter("dry_run").value_or("").empty();
  const auto reason = optional_reason_in(*members);
  if (!reason) return bad_parameter(kReasonTooLong);
  DeliveryOrder order;
  order.reason = *reason;
  if (members->parameter("plan")) return start_planned(call.by, *members, std::move(order));
  if (const auto wrong = read_filter(*members, filter); !wrong.empty()) {
    return bad_parameter(std::string(wrong).append(kFilterHelp));
  }
  order.to = members->parameter("to").value_or("");
  if (!order.to.empty()) {
    order.kind = DeliveryOrder::Kind::kMove;
    if (const auto why = why_not_served(sources_.handlers, order.to); !why.empty()) {
      return bad_parameter(why);
    }
    if (filter.handler.empty() || filter.handler == order.to) {
      return bad_parameter(
          "name in \"handler\" the handler whose deliveries are moved; it must differ from " +
          order.to);
    }
    if (has_ended(filter.state)) {
      return bad_parameter(
          "state must be pending, retrying or dead: done and skipped deliveries cannot be moved");
    }
  } else if (!filter.handler.empty() && !dry_run) {
    // If the handler is not configured, nobody would make a retried delivery, and the delivery
    // would stay pending for ever.
    if (const auto why = why_not_served(sources_.handlers, filter.handler); !why.empty()) {
      return bad_parameter(why + "; name one of them as the new handler (to)");
    }
  }
  return start_job(call.by, std::move(filter), dry_run, std::move(order));
}

Reply DeliveryAdmin::start_skip(const AdminCall& call) {
  const auto members =
      read_members(call.request.body, {"handler", "state", "type", "mchid", "error", "since",
                                       "until", "dry_run", "reason", "plan"});
  storage::DeliveryFilter filter;
  if (!members) {
    return bad_parameter(
        "the body is a JSON object with reason, any of handler, state, type, mchid, error, since, "
        "until (texts) and dry_run (true or false), or with reason and plan (the id of a dry run)");
  }
  const bool dry_run = !members->parameter("dry_run").value_or("").empty();
  const auto reason = reason_in(*members);
  if (!reason && !dry_run) {
    return bad_parameter("reason is missing or too long: give a text of 1 to 1000 bytes");
  }
  DeliveryOrder order;
  order.kind = DeliveryOrder::Kind::kSkip;
  order.reason = reason.value_or("");
  if (members->parameter("plan")) return start_planned(call.by, *members, std::move(order));
  if (const auto wrong = read_filter(*members, filter); !wrong.empty()) {
    return bad_parameter(std::string(wrong).append(kFilterHelp));
  }
  if (!restricts(filter)) {
    return bad_parameter(
        "name at least one of handler, state, type, mchid, error, since, until: without a filter "
        "all deliveries would be dropped");
  }
  if (has_ended(filter.state)) {
    return bad_parameter(
        "state must be pending, retrying or dead: done and skipped deliveries cannot be dropped");
  }
  return start_job(call.by, std::move(filter), dry_run, std::move(order));
}

Reply DeliveryAdmin::start_job(const Operator& by, storage::DeliveryFilter filter, bool dry_run,
                               DeliveryOrder order, const std::optional<RetryPlan>& plan) {
  if (jobs_.is_full()) {
    return error(503, "OVERLOADED",
                 "too many retries are waiting; wait until one ends, or cancel one");
  }
  if (!dry_run) {
    order.record =
        sources_.audit.action(by, to_string(order.kind), target_of(filter, order.to), order.reason);
    // Without a row, the job would change deliveries and nobody could tell who asked for it.
    if (auto begun = sources_.audit.record(order.record, "begun"); !begun) {
      return store_failed(begun.error());
    }
  }
  auto job = jobs_.start(std::move(filter), dry_run, std::move(order), plan);
  if (!job) return error(503, "OVERLOADED", "too many retries are waiting");
  job = jobs_.wait(job->id, kRetryTimeout);
  return json_reply(job->over() ? 200 : 202, retry_json(*job));
}

Reply DeliveryAdmin::start_planned(const Operator& by, const base::RequestTarget& members,
                                   DeliveryOrder order) {
  // The filter, and the handler to which deliveries are moved, are those of the dry run.
  const bool skips = order.kind == DeliveryOrder::Kind::kSkip;
  for (const std::string_view name : kFilterMembers) {
    if (members.parameter(name)) {
      return bad_parameter(std::string(name) + " cannot be given with plan: the dry run has it");
    }
  }
  // A plan that is no number is an unknown plan: no job has the id 0.
  const std::int64_t id = parse_number(members.parameter("plan").value_or("")).value_or(0);
  const auto plan = jobs_.plan(id);
  if (!plan && plan.error() == RetryJobs::PlanError::kUnfinished) {
    return error(409, "PLAN_UNFINISHED",
                 "this dry run has not finished; wait until its state is done");
  }
  if (!plan) {
    return error(409, "PLAN_GONE",
                 "this replica does not remember a dry run with this id; begin with a new dry run");
  }
  if ((plan->order.kind == DeliveryOrder::Kind::kSkip) != skips) {
    return bad_parameter("this dry run was for another action; begin with a dry run of this one");
  }
  order.kind = plan->order.kind;
  order.to = plan->order.to;
  return start_job(by, plan->filter, false, std::move(order), *plan);
}

Reply DeliveryAdmin::show_job(std::string_view id) {
  const auto number = parse_number(id);
  return job_reply(number ? jobs_.find(*number) : std::nullopt);
}

Reply DeliveryAdmin::cancel_job(const AdminCall& call) {
  const auto number = parse_number(call.path_parameters[0]);
  const auto found = number ? jobs_.find(*number) : std::nullopt;
  if (!found) return job_reply(found);
  auto record = sources_.audit.action(
      call.by, "cancel",
      std::string(to_string(found->order.kind)) + " job " + std::to_string(*number));
  const auto job = jobs_.cancel(*number);
  static_cast<void>(
      sources_.audit.record(std::move(record), found->over() ? "already_over" : "done"));
  return job_reply(job);
}

Reply DeliveryAdmin::retry_one(const AdminCall& call) {
  const auto number = parse_number(call.path_parameters[0]);
  if (!number) return error(404, "NOT_FOUND", kNoDelivery);
  const auto members = read_members(call.request.body, {"to", "reason"});
  if (!members) return bad_parameter(R"(the body is empty, or {"to":"…","reason":"…"})");
  const auto reason = optional_reason_in(*members);
  if (!reason) return bad_parameter(kReasonTooLong);
  std::string to(members->parameter("to").value_or(""));
  const auto delivery = sources_.reader.delivery(*number);
  if (!delivery) return store_failed(delivery.error());
  if (!*delivery) return error(404, "NOT_FOUND", kNoDelivery);
  const std::string& maker = to.empty() ? (*delivery)->handler : to;
  if (const auto why = why_not_served(sources_.handlers, maker); !why.empty()) {
    return to.empty() ? error(409, "UNCLAIMED", why + "; name one of them as the new handler (to)")
                      : bad_parameter(why);
  }
  const bool moves = !to.empty() && to != (*delivery)->handler;
  auto record =
      sources_.audit.action(call.by, moves ? "move" : "retry",
                            target_of(**delivery) + (moves ? ", to handler " + to : ""), *reason);
  const std::array ids{*number};
  const auto results = moves ? control_.move(ids, to, record.at_ms, &record)
                             : control_.retry(ids, record.at_ms, &record);
  if (!results) return store_failed(results.error());
  sources_.audit.log(record);
  sources_.wake_worker();
  return reply_for_result(results->front(), moves ? "moved" : "retried");
}

Reply DeliveryAdmin::skip_one(const AdminCall& call) {
  const auto number = parse_number(call.path_parameters[0]);
  if (!number) return error(404, "NOT_FOUND", kNoDelivery);
  const auto reason = reason_in(call.request.body);
  if (!reason) return bad_parameter(kReasonHelp);
  const auto delivery = sources_.reader.delivery(*number);
  if (!delivery) return store_failed(delivery.error());
  if (!*delivery) return error(404, "NOT_FOUND", kNoDelivery);
  auto record = sources_.audit.action(call.by, "skip", target_of(**delivery), *reason);
  const std::array ids{*number};
  const auto results = control_.skip(ids, *reason, record.at_ms, &record);
  if (!results) return store_failed(results.error());
  sources_.audit.log(record);
  sources_.wake_worker();
  return reply_for_result(results->front(), "skipped");
}

}  // namespace couponhook::server
