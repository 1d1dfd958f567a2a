#include "server/operations.hpp"

#include <array>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "handlers/json.hpp"
#include "handlers/registry.hpp"
#include "server/admin_reply.hpp"
#include "server/commit_wait.hpp"
#include "server/operations_json.hpp"
#include "server/reopen.hpp"
#include "server/verdict.hpp"

namespace couponhook::server {
namespace {

/// How long a retry by filter may keep the admin listener: small ones are over by then, and larger
/// ones are asked after.
constexpr std::chrono::milliseconds kRetryPatience{300};
constexpr std::chrono::milliseconds kReopenPatience{5000};

constexpr std::string_view kNoDelivery = "there is no delivery with this id";
constexpr std::string_view kFilterHelp =
    " will not do: since and until are RFC 3339 or Unix seconds, state is pending, retrying, dead, "
    "done or skipped, limit is 1 to 500, cursor is a next_cursor";

Reply bad_parameter(std::string_view message) {
  return error(400, "PARAM_ERROR", message);
}

bool is_delivery_state(std::string_view text) {
  constexpr std::array<std::string_view, 6> kStates{"",     "pending", "retrying",
                                                    "dead", "done",    "skipped"};
  return std::ranges::find(kStates, text) != kStates.end();
}

/// \return the name of the parameter that will not do, or nothing.
std::string_view read_filter(const Target& target, storage::DeliveryFilter& filter) {
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

/// A body's members as if they had been query parameters: an object of texts and booleans. An empty
/// body is an empty object.
std::optional<Target> read_members(std::string_view body, std::vector<std::string_view> known) {
  Target members;
  if (body.empty()) return members;
  const auto object = handlers::parse_object(body, {});
  if (!object) return std::nullopt;
  for (const auto& member : object->value().GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (std::ranges::find(known, name) == known.end()) return std::nullopt;
    if (member.value.IsString()) {
      members.parameters.emplace_back(name, member.value.GetString());
    } else if (member.value.IsBool()) {
      members.parameters.emplace_back(name, member.value.GetBool() ? "true" : "");
    } else {
      return std::nullopt;
    }
  }
  return members;
}

Reply reply_for_result(storage::ControlResult result, std::string_view done) {
  switch (result) {
    case storage::ControlResult::kDone:
      return json_reply(200, result_json(done));
    case storage::ControlResult::kNotFound:
      return error(404, "NOT_FOUND", kNoDelivery);
    case storage::ControlResult::kRunning:
      return error(409, "IN_PROGRESS",
                   "it is being made at this moment; ask again once that is over");
    case storage::ControlResult::kEmptied:
      return error(409, "EMPTIED", "retention has removed what would be delivered");
    case storage::ControlResult::kEnded:
      break;
  }
  return error(409, "ENDED", "it is done already, or skipped");
}

}  // namespace

Operations::Operations(OperationsSources sources, storage::DeliveryControl control, RetryJobs& jobs)
    : sources_(std::move(sources)), control_(std::move(control)), jobs_(jobs) {}

bool Operations::takes(std::string_view method, std::string_view target) {
  if (method != "POST" && method != "DELETE") return false;
  return target.starts_with("/deliveries/") || target.starts_with("/pauses") ||
         target.starts_with("/quarantine/");
}

Task<std::optional<Reply>> Operations::answer(const Request& request, const Target& target) {
  const auto& path = target.segments;
  const bool get = request.method == "GET" || request.method == "HEAD";
  const bool post = request.method == "POST";
  const bool erase = request.method == "DELETE";
  const std::string_view first = path.empty() ? std::string_view() : std::string_view(path[0]);
  if (first == "deliveries") {
    if (path.size() == 1 && get) co_return deliveries(target);
    if (path.size() == 2 && post && path[1] == "retry") co_return start_retry(request.body);
    if (path.size() == 3 && !post && path[1] == "retry") {
      co_return retry_job(request.method, path[2]);
    }
    if (path.size() == 3 && post && path[2] == "retry") co_return retry_one(path[1]);
    if (path.size() == 3 && post && path[2] == "skip") co_return skip_one(path[1], request.body);
  }
  if (first == "pauses" && path.size() == 1) {
    if (get) co_return pauses();
    if (post) co_return pause(request.body);
    if (erase) co_return resume(target);
  }
  if (first == "quarantine") {
    if (path.size() == 1 && get) co_return quarantine(target);
    if (path.size() == 3 && post && path[2] == "open") co_return co_await open_sealed(path[1]);
  }
  co_return std::nullopt;
}

Reply Operations::deliveries(const Target& target) {
  storage::DeliveryFilter filter;
  if (const auto wrong = read_filter(target, filter); !wrong.empty()) {
    return bad_parameter(std::string(wrong).append(kFilterHelp));
  }
  const auto page = sources_.reader.deliveries(filter);
  if (!page) return store_failed(page.error());
  return json_reply(200, deliveries_json(*page));
}

Reply Operations::start_retry(std::string_view body) {
  const auto members = read_members(
      body, {"handler", "state", "type", "mchid", "error", "since", "until", "dry_run"});
  storage::DeliveryFilter filter;
  if (!members) {
    return bad_parameter(
        "the body is a JSON object with any of handler, state, type, mchid, error, since, until "
        "(texts) and dry_run (true or false)");
  }
  if (const auto wrong = read_filter(*members, filter); !wrong.empty()) {
    return bad_parameter(std::string(wrong).append(kFilterHelp));
  }
  const bool dry_run = !members->parameter("dry_run").value_or("").empty();
  auto job = jobs_.start(std::move(filter), dry_run);
  if (!job) {
    return error(503, "OVERLOADED", "too many retries wait already; let them end, or cancel one");
  }
  job = jobs_.wait(job->id, kRetryPatience);
  return json_reply(job->over() ? 200 : 202, retry_json(*job));
}

Reply Operations::retry_job(std::string_view method, std::string_view id) {
  const auto number = parse_number(id);
  std::optional<RetryJob> job;
  if (number) job = method == "DELETE" ? jobs_.cancel(*number) : jobs_.find(*number);
  if (!job) return error(404, "NOT_FOUND", "there is no such retry since the service started");
  return json_reply(200, retry_json(*job));
}

Reply Operations::retry_one(std::string_view id) {
  const auto number = parse_number(id);
  if (!number) return error(404, "NOT_FOUND", kNoDelivery);
  const std::array ids{*number};
  const auto results = control_.retry(ids, to_unix_ms(sources_.clock()));
  if (!results) return store_failed(results.error());
  sources_.wake_worker();
  return reply_for_result(results->front(), "retried");
}

Reply Operations::skip_one(std::string_view id, std::string_view body) {
  const auto number = parse_number(id);
  if (!number) return error(404, "NOT_FOUND", kNoDelivery);
  const auto members = read_members(body, {"reason"});
  const std::string reason(members ? members->parameter("reason").value_or("") : "");
  if (reason.empty()) return bad_parameter(R"(say why: the body is {"reason":"…"})");
  const auto result = control_.skip(*number, reason, to_unix_ms(sources_.clock()));
  if (!result) return store_failed(result.error());
  sources_.wake_worker();
  return reply_for_result(*result, "skipped");
}

Reply Operations::pauses() {
  const auto pauses = sources_.reader.pauses();
  if (!pauses) return store_failed(pauses.error());
  return json_reply(200, pauses_json(*pauses));
}

Reply Operations::pause(std::string_view body) {
  const auto members = read_members(body, {"handler", "events", "reason"});
  if (!members) {
    return bad_parameter("the body is an object with the texts handler, events, reason");
  }
  const std::string handler(members->parameter("handler").value_or(""));
  const std::string events(members->parameter("events").value_or(""));
  if (handler.empty() && events.empty()) {
    return bad_parameter("name a handler, an event pattern (events), or both");
  }
  if (!events.empty()) {
    if (const auto pattern = handlers::EventPattern::parse(events); !pattern) {
      return bad_parameter("events will not do: " + pattern.error());
    }
  }
  const auto paused = control_.pause(handler, events, members->parameter("reason").value_or(""),
                                     to_unix_ms(sources_.clock()));
  if (!paused) return store_failed(paused.error());
  return json_reply(200, result_json("paused"));
}

Reply Operations::resume(const Target& target) {
  const auto resumed =
      control_.resume(target.parameter("handler").value_or(""),
                      target.parameter("events").value_or(""), to_unix_ms(sources_.clock()));
  if (!resumed) return store_failed(resumed.error());
  if (!*resumed) return error(404, "NOT_FOUND", "nothing is paused in these words; see /pauses");
  sources_.wake_worker();
  return json_reply(200, result_json("resumed"));
}

Reply Operations::quarantine(const Target& target) {
  storage::NotificationFilter filter;
  filter.state = "quarantined";
  filter.mchid = target.parameter("mchid").value_or("");
  if (!read_parameter(target, "cursor", parse_number, filter.before_sequence) ||
      !read_parameter(target, "limit", parse_number, filter.limit) || filter.limit < 1 ||
      filter.limit > kListLimitMax) {
    return bad_parameter("limit is 1 to 500, cursor is a next_cursor");
  }
  const auto page = sources_.reader.notifications(filter);
  if (!page) return store_failed(page.error());
  return json_reply(200, quarantine_json(*page));
}

Task<Reply> Operations::open_sealed(std::string_view id) {
  constexpr std::string_view kGone = "this is not, or no longer, in quarantine";
  const auto number = parse_number(id);
  if (!number) co_return error(404, "NOT_FOUND", kGone);
  const auto sealed = sources_.reader.sealed(*number);
  if (!sealed) co_return store_failed(sealed.error());
  if (!*sealed) co_return error(404, "NOT_FOUND", kGone);
  auto examined = reopen(**sealed, *sources_.merchants.get(), sources_.rules);
  if (!examined) {
    co_return error(409, "STILL_SEALED", "its merchant is not configured: " + (*sealed)->mchid);
  }
  auto* admit = std::get_if<ToAdmit>(&*examined);
  if (admit == nullptr) co_return error(409, "STILL_SEALED", why_still_sealed(*examined));

  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<CommitWait>(executor);
  const auto queued = sources_.inbox.admit(std::move(admit->admission), wait);
  if (queued != storage::Inbox::Queued::kYes) {
    co_return error(503, "OVERLOADED", "too much work is queued; ask again in a while");
  }
  const auto outcome = co_await wait->wait(SteadyClock::now() + kReopenPatience);
  if (!outcome || *outcome == storage::AdmitOutcome::kFailed) {
    co_return error(503, "STORE_UNAVAILABLE", "it could not be committed in time; ask again");
  }
  const Verdict verdict = conclude(*examined, *outcome);
  co_return json_reply(200, result_json(row(verdict).code));
}

}  // namespace couponhook::server
