#include "server/admin/pause_admin.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <boost/algorithm/string/join.hpp>

#include "handlers/event_catalogue.hpp"
#include "handlers/registry.hpp"
#include "server/admin/admin_reply.hpp"
#include "server/admin/delivery_admin_json.hpp"
#include "server/admin/request_members.hpp"

namespace couponhook::server {
namespace {

/// Returns what a pause holds back, for the audit log.
std::string pause_target(const std::string& handler, const std::string& events) {
  if (events.empty()) return "handler " + handler;
  const std::string pattern = "events " + events;
  return handler.empty() ? pattern : "handler " + handler + ", " + pattern;
}

Reply bad_pause(const std::string& message) {
  return error(400, "PARAM_ERROR", message);
}

}  // namespace

void PauseAdmin::add_routes(AdminRoutes& routes) {
  add_get(routes, "/pauses", at_once([this](const AdminCall&) { return list(); }));
  routes.add("POST", "/pauses", at_once([this](const AdminCall& call) { return pause(call); }));
  routes.add("DELETE", "/pauses", at_once([this](const AdminCall& call) { return resume(call); }));
}

Reply PauseAdmin::list() {
  const auto pauses = sources_.reader.pauses();
  if (!pauses) return store_failed(pauses.error());
  return json_reply(200, pauses_json(*pauses));
}

storage::Reader::Result<PauseAdmin::EventTypes> PauseAdmin::known_types() {
  EventTypes types;
  for (const handlers::CatalogueEntry& entry : handlers::event_catalogue()) {
    types.emplace(entry.event_type);
  }
  const auto counts = sources_.reader.counts();
  if (!counts) return counts.error();
  for (const storage::TypeCount& received : counts->by_type) types.insert(received.event_type);
  return types;
}

/// Handles a request to pause deliveries. The function refuses a pause that can never match any
/// delivery, because that is most likely a spelling mistake. The reply then lists the handler names
/// and event types that exist.
Reply PauseAdmin::pause(const AdminCall& call) {
  const auto members = read_members(call.request.body, {"handler", "events", "reason"});
  if (!members) return bad_pause("the body is an object with the texts handler, events, reason");
  const std::string handler(members->parameter("handler").value_or(""));
  const std::string events(members->parameter("events").value_or(""));
  if (handler.empty() && events.empty()) {
    return bad_pause("name a handler, an event pattern (events), or both");
  }
  if (!handler.empty()) {
    if (const auto why = why_not_served(sources_.handlers, handler); !why.empty()) {
      return bad_pause(why);
    }
  }
  const auto pattern = handlers::EventPattern::parse(events.empty() ? "*" : events);
  if (!pattern) return bad_pause("events is invalid: " + pattern.error());
  const auto known = known_types();
  if (!known) return store_failed(known.error());
  std::vector<std::string> matched;
  std::ranges::copy_if(*known, std::back_inserter(matched),
                       [&](const std::string& type) { return pattern->matches(type); });
  if (matched.empty()) {
    return bad_pause("events " + events + " matches no event type; the event types are: " +
                     boost::algorithm::join(*known, ", "));
  }
  const bool holds_any = std::ranges::any_of(matched, [&](const std::string& type) {
    const auto matching = sources_.rules.outward.match(type);
    return handler.empty() ? !matching.empty()
                           : std::ranges::find(matching, handler) != matching.end();
  });

  const std::string_view reason = members->parameter("reason").value_or("");
  auto record = sources_.audit.action(call.by, "pause", pause_target(handler, events), reason);
  const auto paused = control_.pause(handler, events, reason, call.by.name, record.at_ms, &record);
  if (!paused) return store_failed(paused.error());
  sources_.audit.log(record);
  if (holds_any) return json_reply(200, result_json("paused"));
  return json_reply(
      200, result_json("paused",
                       "in the present configuration " +
                           (handler.empty() ? "no handler" : "handler " + handler) +
                           " gets any of these events: " + boost::algorithm::join(matched, ", ")));
}

Reply PauseAdmin::resume(const AdminCall& call) {
  const std::string handler(call.target.parameter("handler").value_or(""));
  const std::string events(call.target.parameter("events").value_or(""));
  const auto reason = optional_reason_in(call.target);
  if (!reason) return bad_pause("reason is longer than 1000 bytes");
  auto record = sources_.audit.action(call.by, "resume", pause_target(handler, events), *reason);
  const auto resumed = control_.resume(handler, events, record.at_ms, &record);
  if (!resumed) return store_failed(resumed.error());
  sources_.audit.log(record);
  if (!*resumed) {
    return error(404, "NOT_FOUND",
                 "no pause has exactly this handler and these events; see GET /pauses");
  }
  sources_.wake_worker();
  return json_reply(200, result_json("resumed"));
}

}  // namespace couponhook::server
