#include "server/admin/admin.hpp"

#include <locale>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/this_coro.hpp>

#include "openapi_text.hpp"
#include "server/admin/admin_json.hpp"
#include "server/admin/admin_reply.hpp"
#include "server/admin/history_admin.hpp"
#include "server/admin/metrics.hpp"
#include "server/admin/search_admin.hpp"
#include "server/admin/status_page/status_page.hpp"
#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

/// Time that /readyz and /metrics wait for the store to commit a test row. If the commit takes
/// longer, they answer with the last known state of the store. The time must stay well below the
/// timeout of a readiness probe, which is 1 s in Kubernetes by default.
constexpr std::chrono::milliseconds kReadyTimeout{500};
/// Time that /status waits for the store to commit a test row. This time is short, because /status
/// promises to answer at once.
constexpr std::chrono::milliseconds kStatusTimeout{20};

bool is_notification_state(std::string_view state) {
  return state.empty() || state == "received" || state == "done" || state == "dead" ||
         state == "quarantined" || state == "unreadable";
}

/// Reads the query parameters of a request for a list of notifications (GET /notifications).
/// \return the name of the first invalid parameter, or an empty view if all parameters are valid.
std::string_view read_filter(const base::RequestTarget& target,
                             storage::NotificationFilter& filter) {
  filter.event_type = target.parameter("type").value_or("");
  filter.state = target.parameter("state").value_or("");
  filter.mchid = target.parameter("mchid").value_or("");
  filter.whole = true;
  if (!is_notification_state(filter.state)) return "state";
  if (!read_parameter(target, "since", parse_time_ms, filter.since_ms)) return "since";
  if (!read_parameter(target, "until", parse_time_ms, filter.until_ms)) return "until";
  if (!read_parameter(target, "cursor", parse_number, filter.before_sequence)) return "cursor";
  if (!read_parameter(target, "limit", parse_number, filter.limit)) return "limit";
  if (filter.limit < 1 || filter.limit > kListLimitMax) return "limit";
  return {};
}

/// Returns the token that a request carries; empty if it carries none.
std::string_view bearer_token(const Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.headers.find("Authorization");
  // The name of the authentication scheme, "Bearer", is case-insensitive (RFC 9110, section 11.1).
  if (!boost::algorithm::istarts_with(header, kScheme, std::locale::classic())) return {};
  return header.substr(kScheme.size());
}

}  // namespace

Admin::Admin(AdminSources sources) : sources_(std::move(sources)) {
  add_routes();
}

void Admin::add_routes() {
  add_get(open_routes_, "/livez",
          at_once([](const AdminCall&) { return json_reply(200, R"({"alive":true})"); }));
  add_get(open_routes_, "/readyz", [this](const AdminCall&) { return ready(); });
  add_get(open_routes_, "/metrics", [this](const AdminCall&) { return metrics(); });
  for (const PageFile& file : status_page_files()) {
    add_get(open_routes_, file.path, at_once([&file](const AdminCall& call) {
              return page_reply(file, call.request.headers.find("If-None-Match"));
            }));
  }
  add_get(routes_, "/status", [this](const AdminCall&) { return status(); });
  add_get(routes_, "/notifications",
          at_once([this](const AdminCall& call) { return notifications(call.target); }));
  add_get(routes_, "/notifications/*", at_once([this](const AdminCall& call) {
            return notification(call.path_parameters[0], call.target);
          }));
  add_get(routes_, "/coupons/*/*", at_once([this](const AdminCall& call) {
            return coupon(call.path_parameters[0], call.path_parameters[1]);
          }));
  add_get(routes_, "/search", at_once([this](const AdminCall& call) {
            return search_reply(sources_.reader, call.target);
          }));
  add_get(routes_, "/history", at_once([this](const AdminCall& call) {
            return history_reply(sources_.reader, sources_.history,
                                 base::to_unix_ms(sources_.clock()), call.target);
          }));
  add_get(routes_, "/configuration",
          at_once([this](const AdminCall&) { return json_reply(200, sources_.configuration()); }));
  routes_.add("POST", ReconcileIntake::kPath, [this](const AdminCall& call) {
    return sources_.reconcile_intake.take(call.request.body, call.by);
  });
  audit_.add_routes(routes_);
  sources_.operations.add_routes(routes_);
  sources_.events.add_routes(routes_);
  add_get(routes_, "/openapi.json",
          at_once([](const AdminCall&) { return json_reply(200, std::string(kOpenApi)); }));
}

std::optional<Reply> Admin::refuse(std::string_view method, std::string_view target,
                                   std::string_view) const {
  if (method == "GET" || method == "HEAD") return std::nullopt;
  const auto parsed = base::parse_request_target(target);
  // Do not refuse a path with a malformed percent code here: handle() answers such a request.
  if (!parsed && target.starts_with('/')) return std::nullopt;
  if (!parsed) return method_not_allowed("GET, HEAD");
  const auto match = routes_.find(method, *parsed);
  if (match.handler != nullptr) return std::nullopt;
  if (!match.allow.empty()) return method_not_allowed(match.allow);
  // Do not refuse unknown paths below /deliveries, /pauses and /quarantine here: handle() answers
  // them with 404, and only to clients with the token.
  const std::string first = parsed->segments.empty() ? std::string() : parsed->segments.front();
  const bool may_act = first == "deliveries" || first == "pauses" || first == "quarantine";
  if (may_act) return std::nullopt;
  return method_not_allowed("GET, HEAD");
}

Reply Admin::method_not_allowed(const std::string& allow) {
  Reply reply = error(405, "METHOD_NOT_ALLOWED", "this path supports only the methods " + allow);
  reply.allow = allow;
  return reply;
}

Reply Admin::fault(HttpFault fault, std::string_view, std::string_view detail) {
  return reply_for(verdict_for(fault), 200, detail);
}

/// Answers a request without a right token. A wrong token is answered late, so that tokens cannot
/// be guessed quickly; a request without a token guesses nothing.
Task<Reply> Admin::refuse_login(const Request& request, bool sent_token) {
  Reply refused = error(401, "UNAUTHORIZED",
                        "send the content of admin.token_file, or of the file of an "
                        "[[admin.token]], as Authorization: Bearer TOKEN");
  refused.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (!sent_token) co_return refused;
  sources_.log.message(Severity::kWarning, "login_failed",
                       "a request from " + std::string(request.peer) +
                           " to the status endpoint carried a wrong token",
                       1);
  const auto delay = failed_logins_.begin(request.peer, SteadyClock::now());
  if (!delay) {
    Reply busy = error(429, "TOO_MANY_LOGINS",
                       "the token is wrong, and too many requests with a wrong token wait; wait "
                       "before the next one");
    busy.retry_after = std::chrono::ceil<std::chrono::seconds>(FailedLogins::kLongestDelay);
    co_return busy;
  }
  Timer timer(co_await asio::this_coro::executor);
  timer.expires_after(*delay);
  co_await timer.async_wait(use_task);
  failed_logins_.end();
  co_return refused;
}

Reply Admin::forbid(const Request& request, const AdminToken& token) {
  sources_.log.message(Severity::kWarning, "forbidden",
                       "token " + token.name + " of role read sent a " +
                           std::string(request.method) + " request from " +
                           std::string(request.peer),
                       1);
  return error(403, "FORBIDDEN",
               "token " + token.name +
                   " has the role read, which may only GET; use a token with the role operate");
}

Task<Reply> Admin::handle(const Request& request) {
  const auto target = base::parse_request_target(request.target);
  if (!target) co_return error(400, "MALFORMED", "the request's target is not a path");
  const auto open = open_routes_.find(request.method, *target);
  if (open.handler != nullptr) {
    const Operator nobody;
    const AdminCall call{request, *target, open.path_parameters, nobody};
    co_return co_await (*open.handler)(call);
  }
  const std::string_view sent = bearer_token(request);
  const auto tokens = sources_.tokens.get();
  const AdminToken* const token = tokens->find(sent);
  if (token == nullptr) co_return co_await refuse_login(request, !sent.empty());
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && token->role != TokenRole::kOperate) co_return forbid(request, *token);
  const Operator by{token->name, std::string(request.peer)};
  const auto match = routes_.find(request.method, *target);
  if (match.handler != nullptr) {
    const AdminCall call{request, *target, match.path_parameters, by};
    co_return co_await (*match.handler)(call);
  }
  if (!match.allow.empty()) co_return method_not_allowed(match.allow);
  co_return error(404, "NOT_FOUND",
                  "unknown path; the paths are / /livez /readyz /metrics /status /notifications "
                  "/notifications/{id} "
                  "/deliveries /pauses /quarantine /coupons/{stock_id}/{coupon} /search /history "
                  "/audit /log /configuration /events /openapi.json");
}

Task<Reply> Admin::ready() {
  const auto reasons = co_await sources_.readiness.reasons_against(kReadyTimeout);
  co_return json_reply(reasons.empty() ? 200 : 503, readiness_json(reasons));
}

Task<StatusView> Admin::read_status(std::chrono::milliseconds timeout) {
  const auto reasons = co_await sources_.readiness.reasons_against(timeout);
  auto counts = sources_.reader.counts();
  std::optional<std::int64_t> size;
  // If the store does not answer the first query, send no further query: each query would block
  // this thread until the time limit of the store's reader.
  std::vector<storage::PauseRecord> pauses;
  std::vector<storage::HandlerBacklog> unclaimed;
  if (counts) {
    if (const auto answered = sources_.reader.size_bytes()) size = *answered;
    if (auto answered = sources_.reader.pauses()) pauses = std::move(*answered);
    if (auto answered = sources_.reader.unclaimed(sources_.handlers.served)) {
      unclaimed = std::move(*answered);
    }
  }
  co_return StatusView{
      COUPONHOOK_VERSION,
      std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - started_at_),
      reasons.empty(),
      sources_.engine,
      sources_.readiness.store_ok(),
      size,
      base::to_unix_ms(sources_.clock()),
      sources_.inbox.activity(),
      std::move(counts),
      sources_.reply_counters,
      sources_.merchants.get(),
      sources_.reconciled.counts(),
      sources_.unknown_serials.list(),
      sources_.signature_faults.list(),
      sources_.reloads.list(),
      served_certificates(sources_.tls, sources_.admin_tls),
      sources_.certificates.upkeep(),
      std::move(pauses),
      std::move(unclaimed),
      sources_.handlers.served,
      failed_logins_.total(),
      {},
      &sources_.alerts};
}

Task<Reply> Admin::status() {
  const StatusView view = co_await read_status(kStatusTimeout);
  if (!view.counts) co_return store_failed(view.counts.error());
  co_return json_reply(200, status_json(view));
}

/// Replies to GET /metrics. It also replies while the store is unreachable, because operators look
/// at metrics especially then. The metrics that are read from the store are then left out.
Task<Reply> Admin::metrics() {
  Reply reply;
  reply.status = 200;
  reply.content_type = kMetricsType;
  reply.body = co_await read_metrics();
  co_return reply;
}

Task<std::string> Admin::read_metrics() {
  StatusView view = co_await read_status(kReadyTimeout);
  if (view.counts && !view.served.empty()) {
    if (auto due = sources_.reader.next_due_ms(view.served)) view.next_due_ms = std::move(*due);
  }
  co_return metrics_text(view, sources_.runtime_figures());
}

Reply Admin::notifications(const base::RequestTarget& target) {
  storage::NotificationFilter filter;
  if (const auto wrong = read_filter(target, filter); !wrong.empty()) {
    return error(400, "PARAM_ERROR",
                 std::string(wrong) +
                     " is invalid: state is received, done, dead, unreadable or quarantined, "
                     "since and until are RFC 3339 or Unix seconds, limit is 1 to 500, cursor is "
                     "a next_cursor");
  }
  const auto page = sources_.reader.notifications(filter);
  if (!page) return store_failed(page.error());
  return json_reply(200, notifications_json(*page));
}

Reply Admin::notification(std::string_view id, const base::RequestTarget& target) {
  const std::string mchid(target.parameter("mchid").value_or(""));
  const auto found = sources_.reader.notification(id, mchid);
  if (!found) return store_failed(found.error());
  if (!*found) return error(404, "NOT_FOUND", "there is no notification with this id");
  return json_reply(200, notification_json(**found));
}

Reply Admin::coupon(std::string_view stock_id, std::string_view coupon) {
  const auto records = sources_.reader.coupon(stock_id, coupon);
  if (!records) return store_failed(records.error());
  if (records->empty()) {
    return error(404, "NOT_FOUND", "the ledger has no events of this coupon");
  }
  return json_reply(200, coupon_json(stock_id, coupon, *records));
}

}  // namespace couponhook::server
